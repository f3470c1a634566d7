// html_parts: what the sections of the HTML report share: their frames, badges, tables, bounded lists.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "scheduler/export/html_writer.h"
#include "scheduler/score/report.h"

namespace assay::html {

/// <section id=...> with its heading; `note` stands beside it, dim.
Element section(Writer& html, const char* id, const char* title, const std::string& note = "");

/// "critical" in the colour of its level. Of an unknown level (a report read back may say anything): plain.
void level_badge(Writer& html, const std::string& level);
inline constexpr size_t kMarkColumns = 40;  // of a word that stands alone
/// Any other mark, cut to kMarkColumns: `kind` is one of the style sheet's: "bad", "warn", "good", "quiet".
void mark(Writer& html, const char* kind, std::string_view words);
/// The class of the style sheet for a level: "critical" ... "informational".
const char* level_class(const std::string& level);

/// A table whose rows become stacked blocks on a narrow screen; cells are named by the heads.
class Table {
 public:
  /// `kind`: "quiet" shows neither caption nor heads, where the place says what it is.
  Table(Writer& html, std::string_view caption, std::initializer_list<const char*> heads,
        const char* kind = "");
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
/// shown_of(), but what comes after the first `open` is folded, under "12 more hosts"; where few are left, it
/// is not worth a fold. `frame` opens the element that holds the items, once for each part.
template <class List, class Frame, class Each>
size_t shown_folding(Writer& html, const List& list, Bound bound, size_t open, const char* noun,
                     const Frame& frame, const Each& each);
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

/// "12 more hosts", to be unfolded.
Element fold(Writer& html, uint64_t count, const char* noun);

template <class List, class Frame, class Each>
size_t shown_folding(Writer& html, const List& list, Bound bound, size_t open, const char* noun,
                     const Frame& frame, const Each& each) {
  if (list.size() <= open + 3) open = list.size();
  size_t start = html.size(), shown = 0;
  {
    auto framed = frame();
    shown = shown_of(html, std::span(list).first(open), bound, [&](const auto& item) { each(framed, item); });
  }
  size_t used = html.size() - start;
  if (shown < open || open == list.size() || used >= bound.bytes) return shown;
  Element rest = fold(html, list.size() - open, noun);
  auto framed = frame();
  return shown + shown_of(html, std::span(list).subspan(open), {bound.items - open, bound.bytes - used},
                          [&](const auto& item) { each(framed, item); });
}

}  // namespace assay::html
