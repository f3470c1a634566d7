// The report for people: the figures first, then what is new and bad, what behaves otherwise, and why the
// rest is not known.
#include <algorithm>
#include <cstdio>
#include <map>

#include "common/text.h"
#include "scheduler/score/change_lines.h"
#include "scheduler/score/text_layout.h"
#include "scheduler/sweeps/report.h"

namespace assay::sweeps {
namespace {

using layout::count_text;
using layout::plural;

constexpr size_t kMaxShown = 50, kMaxExamples = 3, kMaxChanges = 12;
constexpr int64_t kSecond = 1'000'000'000;

class Text {
 public:
  explicit Text(size_t width) : width_(std::clamp<size_t>(width, 40, 200)) {}
  // Wrapped; what goes on stands two columns further in.
  void line(size_t indent, const std::string& text) {
    bool first = true;
    for (const std::string& one : layout::wrap(text, width_ - indent - 2)) {
      out_ += std::string(indent + (first ? 0 : 2), ' ') + one + "\n";
      first = false;
    }
  }
  void section(const std::string& name, uint64_t count) {
    out_ += "\n" + name + (count > 0 ? "  " + count_text(count) : "") + "\n";
  }
  size_t width() const { return width_; }
  std::string take() { return std::move(out_); }

 private:
  size_t width_;
  std::string out_;
};

template <class T>
uint64_t total(const Listed<T>& list) {
  return list.items.size() + list.more;
}

std::string span_text(int64_t ns) {
  int64_t s = std::max<int64_t>(ns / kSecond, 0);
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s / 60 % 60) + " min";
}

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 1 ? "%.2f" : "%.1f", value);
  return text;
}

void write_head(const Report& r, Text& text) {
  const RunRecord& run = r.run;
  text.line(0, "SWEEP " + printable(run.sweep) + "  run " + run.run_id + " (" + printable(run.why) + ")");
  std::string when = "started " + layout::utc_text(run.started_ns);
  if (run.ended_ns > 0)
    when += ", " + std::string(run.state == RunState::stopped ? "stopped" : "ended") + " after " +
            span_text(run.ended_ns - run.started_ns);
  else
    when += run.state == RunState::listing ? ", is listing its sources" : ", is scanning";
  text.line(
      2, when + (run.listed_all || run.state == RunState::listing ? "" : "; not everything could be listed"));
}

// Slots that were busy, and how many it would have taken: what is late weighs as much as what was scanned.
void write_deadline(const Report& r, Text& text) {
  const RunRecord& run = r.run;
  std::string line;
  uint64_t done = r.scanned - std::min(r.scanned, r.open);
  int64_t until_ns = run.ended_ns > 0 ? run.ended_ns : 0;
  if (done > 0 && r.busy_ns > 0)
    line = "a scan took " + span_text(r.busy_ns / static_cast<int64_t>(done)) + " of an agent's slot";
  if (done > 0 && r.busy_ns > 0 && until_ns > run.started_ns)
    line += "; " + decimal(static_cast<double>(r.busy_ns) / static_cast<double>(until_ns - run.started_ns)) +
            " slots were busy on average";
  if (!line.empty()) text.line(2, "capacity: " + line);
  if (!run.deadline_s) return;
  line = "deadline: " + layout::utc_text(*run.deadline_s * kSecond);
  int64_t whole_ns = *run.deadline_s * kSecond - run.started_ns;
  uint64_t wanting = r.late + r.open;
  bool passed = r.late > 0 || (until_ns > 0 && until_ns > *run.deadline_s * kSecond);
  if (wanting == 0 && !passed)
    line += run.ended_ns > 0 ? ", kept" : "";
  else if (passed)
    line += ", not kept: " + count_text(r.late) + " not reached";
  else
    line += ", " + plural(r.open, "scan") + " still to end";
  if (passed && done > 0 && r.busy_ns > 0 && whole_ns > 0) {
    double each = static_cast<double>(r.busy_ns) / static_cast<double>(done);
    double slots = each * static_cast<double>(done + wanting) / static_cast<double>(whole_ns);
    line += "; all of it takes about " + decimal(slots) + " slots from start to deadline";
  }
  text.line(2, line);
}

void write_figures(const Report& r, Text& text) {
  text.line(2, count_text(total(r.new_malicious)) + " new malicious, " + count_text(total(r.new_suspicious)) +
                   " new suspicious, " + count_text(total(r.still_malicious)) + " still malicious, " +
                   count_text(total(r.changed)) + " changed, " + count_text(total(r.inconclusive)) +
                   " inconclusive, " + count_text(total(r.failed)) + " failed, " +
                   count_text(total(r.not_reached)) + " not reached");
  std::string images = (r.repositories == 1 ? "1 repository" : count_text(r.repositories) + " repositories") +
                       ", " + plural(r.images, "image") + ": ";
  images += count_text(r.scanned) + " scanned, " + count_text(r.known) + " known before";
  if (r.rescored > 0) images += ", " + count_text(r.rescored) + " scored again by new rules";
  if (r.same > 0) images += ", " + count_text(r.same) + " the same under another name";
  if (r.open > 0) images += ", " + count_text(r.open) + " not ended yet";
  if (r.gone > 0) images += ", " + count_text(r.gone) + " no longer kept";
  text.line(2, images);
  std::string verdicts;
  for (const auto& [verdict, count] : r.verdicts)
    verdicts += (verdicts.empty() ? "verdicts: " : ", ") + count_text(count) + " " + verdict;
  if (!verdicts.empty()) text.line(2, verdicts);
  if (r.undated > 0)
    text.line(2, plural(r.undated, "image") +
                     " of unknown time of push, so that pushed_since was not held against " +
                     (r.undated == 1 ? "it" : "them"));
  if (r.not_compared > 0)
    text.line(2, plural(r.not_compared, "image") +
                     " not compared with what was before: reports are gone, or too many");
}

// `findings`: those that came are told, too; under a headline that names them they are not.
void write_changes(const BehaviourDiff& diff, bool findings, Text& text) {
  std::vector<Change> added, gone;
  uint64_t more = diff.left_out;
  auto take = [&](const Change& change, std::vector<Change>& to) {
    if (added.size() + gone.size() < kMaxChanges)
      to.push_back(change);
    else
      ++more;
  };
  for (const Change& change : diff.added)
    if (findings || change.kind != "finding") take(change, added);
  for (const Change& change : diff.gone) take(change, gone);
  size_t width = text.width() - 8;
  for (const std::string& line : change_lines(added, "+", diff.after.layers, width)) text.line(6, line);
  for (const std::string& line : change_lines(gone, "-", diff.before.layers, width)) text.line(6, line);
  if (more > 0) text.line(6, "… and " + count_text(more) + " more");
}

std::string title_of(const ReportItem& item) {
  std::string out = item.image;
  if (!item.platform.empty()) out += "  " + item.platform;
  if (!item.persona.empty() && item.persona != "bare") out += "  as " + item.persona;
  return out;
}

// "a, b, c, and 5 more" of `count`.
std::string some_titles(const std::vector<const ReportItem*>& items, uint64_t count) {
  std::string out;
  size_t shown = std::min(items.size(), kMaxExamples);
  for (size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : ", ") + title_of(*items[i]);
  return count > shown ? out + ", and " + count_text(count - shown) + " more" : out;
}

std::string verdict_of(const ReportItem& item) {
  std::string out = item.verdict + " " + std::to_string(item.score) + "/100, scan " + item.scan_id;
  if (item.was_scan_id.empty()) return out + "; not seen before under this name";
  if (item.was_verdict.empty()) return out + "; by new rules, which scored it again";
  bool same_scan = item.was_scan_id == item.scan_id;
  if (same_scan && item.was_verdict == item.verdict) return out + ", as before";
  return out + "; was " + item.was_verdict + (same_scan ? " by the rules before" : " in " + item.was_scan_id);
}

enum class Changes { none, all, without_findings };

// One entry a scan: an image that has several names is told of once.
void write_items(const char* name, const Listed<ReportItem>& list, Changes changes, Text& text) {
  if (total(list) == 0) return;
  text.section(name, total(list));
  std::map<std::string, std::vector<const ReportItem*>> by_scan;
  for (const ReportItem& item : list.items) by_scan[item.scan_id].push_back(&item);
  size_t entries = 0, names = 0;
  for (const ReportItem& item : list.items) {
    const auto& same = by_scan[item.scan_id];
    if (same[0] != &item) continue;
    if (entries++ == kMaxShown) break;
    names += same.size();
    text.line(2, title_of(item));
    if (same.size() > 1) text.line(4, "also " + some_titles({same.begin() + 1, same.end()}, same.size() - 1));
    if (!item.headline.empty()) text.line(4, item.headline);
    text.line(4, verdict_of(item));
    if (changes != Changes::none && item.changes) write_changes(*item.changes, changes == Changes::all, text);
  }
  if (total(list) > names) text.line(2, "… and " + count_text(total(list) - names) + " more");
}

// What has one cause stands together, the most frequent cause first, with some of what it befell.
void write_reasons(const char* name, const Listed<ReportItem>& list,
                   const std::map<std::string, uint64_t>& reasons, Text& text) {
  if (total(list) == 0) return;
  text.section(name, total(list));
  std::vector<std::pair<std::string, uint64_t>> order(reasons.begin(), reasons.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [kind, count] : order) {
    text.line(2, count_text(count) + "  " + kind);
    std::vector<const ReportItem*> examples;
    for (const ReportItem& item : list.items)
      if (item.kind == kind && examples.size() < kMaxExamples) examples.push_back(&item);
    if (!examples.empty()) text.line(6, some_titles(examples, count));
  }
}

}  // namespace

std::string report_text(const Report& report, size_t width) {
  Text text(width);
  write_head(report, text);
  write_figures(report, text);
  write_deadline(report, text);
  write_items("NEW MALICIOUS", report.new_malicious, Changes::without_findings, text);
  write_items("NEW SUSPICIOUS", report.new_suspicious, Changes::without_findings, text);
  write_items("STILL MALICIOUS", report.still_malicious, Changes::all, text);
  write_items("CHANGED BEHAVIOUR", report.changed, Changes::all, text);
  write_items("INCONCLUSIVE", report.inconclusive, Changes::none, text);
  write_reasons("FAILED", report.failed, report.failed_by_reason, text);
  write_reasons("NOT REACHED", report.not_reached, report.not_reached_by_reason, text);
  if (!report.run.trouble.empty()) {
    text.section("TROUBLE WITH SOURCES", report.run.trouble.size());
    for (const std::string& line : report.run.trouble) text.line(2, printable(line));
  }
  return text.take();
}

}  // namespace assay::sweeps
