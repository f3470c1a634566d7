// html_parts: what the sections of the HTML report share: their frames, badges, tables, bounded lists.
#pragma once

#include <string>
#include <string_view>

#include "scheduler/export/html_writer.h"
#include "scheduler/score/report.h"

namespace assay::html {

/// <section id=...> with its heading; `note` stands beside it, dim.
Element section(Writer& html, const char* id, const char* title, const std::string& note = "");

/// "critical" in the colour of its level. Of an unknown level (a report read back may say anything): plain.
void level_badge(Writer& html, const std::string& level);
/// Any other mark: `kind` is one of the style sheet's: "bad", "warn", "good", "quiet".
void mark(Writer& html, const char* kind, std::string_view words);
/// The class of the style sheet for a level: "critical" ... "informational".
const char* level_class(const std::string& level);

/// A table whose rows become stacked blocks on a narrow screen; cells are named by the heads.
class Table {
 public:
  Table(Writer& html, std::string_view caption, std::initializer_list<const char*> heads);
  Element row() { return html_.in("tr"); }
  /// `head` is what a stacked cell is labelled with.
  Element cell(const char* head, const char* kind = "") {
    return html_.in("td", {{"data-head", head}, {"class", kind}});
  }

 private:
  Writer& html_;
  Element table_, body_;
};

/// Rows of a <dl>; nothing for an empty value.
void fact(Writer& html, const char* name, std::string_view ours);
void fact_theirs(Writer& html, const char* name, std::string_view theirs);

/// How much of a list is shown: whichever is reached first. The bytes of all bounds together keep the page
/// below 4 MiB.
struct Bound {
  size_t items;
  size_t bytes;  // of markup
};
/// Calls each(item) within the bound; returns for how many. The caller says how many are left out, once the
/// element that holds the list is closed.
template <class List, class Each>
size_t shown_of(Writer& html, const List& list, Bound bound, const Each& each) {
  size_t start = html.size(), shown = 0;
  for (const auto& item : list) {
    if (shown >= bound.items || html.size() - start > bound.bytes) break;
    each(item);
    ++shown;
  }
  return shown;
}
/// "… and 3 more processes, in the JSON report" and "… 7 that no report lists".
void left_out(Writer& html, uint64_t of_list, uint64_t of_report, const char* noun);

/// At most so many findings are shown whole, and have a place to link to.
inline constexpr size_t kMaxFindings = 200;
/// "finding-3", the id of a finding; of one beyond them "findings".
std::string finding_id(const Report& report, const Finding& finding);
/// Its title, as a link to it.
void finding_link(Writer& html, const Report& report, const Finding& finding);

/// The command line, and the pid.
void actor(Writer& html, const Actor& who);
/// "1.234 s"; "—" for a time that is not known (-1).
std::string time_words(int64_t ns);
/// "99.5%" of a whole, for a style sheet: always with a point, never more than the whole.
std::string percent(double part, double whole);

}  // namespace assay::html
