// Downloads, honeytokens and the run plan: what was proved first, bounded lists, one thought a line.
#include "scheduler/score/report_sections.h"

#include <algorithm>
#include <map>

#include "common/text.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

using layout::count_text;
using layout::fit;
using layout::Ink;
using layout::pad;
using layout::plural;
using layout::Sheet;

constexpr size_t kMaxDownloads = 20, kMaxTokens = 20, kMaxPorts = 12, kMaxTargets = 3;

// The strings of a report have been made printable; of one that was read back, nobody knows.
std::string shown(const std::string& text, size_t width) { return fit(still_printable(text), width); }

std::string names_of(const std::vector<Actor>& actors) {
  std::string out;
  for (const auto& one : actors) out += (out.empty() ? "" : ", ") + name_of(one);
  return out;
}

void write_download(const Download& d, Sheet& sheet) {
  Ink ink = d.status == DownloadStatus::run      ? Ink::red
            : d.status == DownloadStatus::stored ? Ink::yellow
                                                 : Ink::dim;
  std::string lead = pad(d.kind, 10) + " " + pad(layout::size_text(d.size_bytes), 10) + " ";
  sheet.line("  " + sheet.paint(ink, pad(to_string(d.status), Sheet::kLabel)) + sheet.paint(Ink::dim, lead) +
             shown(d.url, sheet.room() - layout::columns(lead)));
  std::string story = "fetched by " + name_of(d.fetched_by);
  if (d.status == DownloadStatus::run) story += ", run by " + name_of(d.run_by);
  if (!d.stored_at.empty()) story += ", left at " + still_printable(d.stored_at);
  sheet.line("            " + sheet.paint(Ink::dim, shown(story, sheet.room())));
}

void write_token(const TokenUse& token, Sheet& sheet) {
  Ink ink = token.sent.empty() ? Ink::yellow : Ink::red;
  sheet.line("  " + sheet.paint(ink, pad(token.sent.empty() ? "touched" : "sent out", Sheet::kLabel)) +
             shown(token.kind + "  " + token.place, sheet.room()));
  auto say = [&](const std::string& text) {
    sheet.line("            " + sheet.paint(Ink::dim, shown(text, sheet.room())));
  };
  if (!token.read_by.empty()) say("read by " + names_of(token.read_by));
  if (!token.asked_by.empty()) say("handed out to " + names_of(token.asked_by));
  for (const auto& one : token.sent)
    say("sent to " + one.to + (one.app.empty() ? "" : " over " + one.app) +
        (one.encoding.empty() ? "" : " as " + one.encoding) + " by " + name_of(one.by));
}

// "12 ok, 3 timed out": results in the order of their first.
std::string results_of(const std::vector<const PlanStep*>& steps) {
  std::vector<std::pair<std::string, size_t>> counts;
  for (const auto* step : steps) {
    auto found =
        std::find_if(counts.begin(), counts.end(), [&](const auto& c) { return c.first == step->result; });
    if (found == counts.end())
      counts.emplace_back(step->result, 1);
    else
      ++found->second;
  }
  std::string out;
  for (const auto& [result, count] : counts)
    out += (out.empty() ? "" : ", ") + count_text(count) + " " + (result.empty() ? "done" : result);
  return out;
}

void write_steps(const Report& r, Sheet& sheet) {
  std::vector<std::string> kinds;
  std::map<std::string, std::vector<const PlanStep*>> by_kind;
  for (const auto& step : r.plan) {
    if (step.kind == "port") continue;  // below, each with its answer
    if (!by_kind.contains(step.kind)) kinds.push_back(step.kind);
    by_kind[step.kind].push_back(&step);
  }
  for (const auto& kind : kinds) {
    const auto& steps = by_kind[kind];
    std::string text = results_of(steps) + ": ";
    for (size_t i = 0; i < steps.size() && i < kMaxTargets; ++i)
      text += (i == 0 ? "" : ", ") + steps[i]->target;
    if (steps.size() > kMaxTargets) text += "…";
    sheet.line("  " + sheet.paint(Ink::dim, pad(still_printable(kind), 14)) + shown(text, sheet.width - 16));
  }
}

std::string ports_of(const Report& r) {
  std::string out;
  for (size_t i = 0; i < r.ports.size() && i < kMaxPorts; ++i) {
    const auto& port = r.ports[i];
    out += (out.empty() ? "" : ", ") + port.port + " " +
           (!port.answered     ? port.result
            : port.app.empty() ? "answered"
                               : "answered as " + port.app);
  }
  if (r.ports.size() > kMaxPorts) out += ", and " + count_text(r.ports.size() - kMaxPorts) + " more";
  return out;
}

}  // namespace

void write_downloads(const Report& r, Sheet& sheet) {
  if (r.downloads.empty()) return;
  auto count = [&](DownloadStatus status) {
    return static_cast<uint64_t>(std::count_if(r.downloads.begin(), r.downloads.end(),
                                               [&](const Download& d) { return d.status == status; }));
  };
  sheet.section("DOWNLOADS", count_text(r.downloads.size() + r.downloads_left_out) + ", " +
                                 count_text(count(DownloadStatus::run)) + " run, " +
                                 count_text(count(DownloadStatus::stored)) + " left on disk");
  sheet.line();
  std::vector<const Download*> sorted;
  for (const auto& download : r.downloads) sorted.push_back(&download);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Download* a, const Download* b) { return a->status > b->status; });
  for (size_t i = 0; i < sorted.size() && i < kMaxDownloads; ++i) write_download(*sorted[i], sheet);
  uint64_t more = r.downloads_left_out + sorted.size() - std::min(sorted.size(), kMaxDownloads);
  if (more > 0) sheet.line("  … and " + plural(more, "more download"));
}

void write_tokens(const Report& r, Sheet& sheet) {
  if (r.tokens.empty()) return;
  auto sent =
      std::count_if(r.tokens.begin(), r.tokens.end(), [](const TokenUse& t) { return !t.sent.empty(); });
  sheet.section("HONEYTOKENS", count_text(r.tokens.size()) + " touched, " +
                                   count_text(static_cast<uint64_t>(sent)) + " sent out");
  sheet.line();
  std::vector<const TokenUse*> sorted;
  for (const auto& token : r.tokens) sorted.push_back(&token);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TokenUse* a, const TokenUse* b) { return a->sent.size() > b->sent.size(); });
  for (size_t i = 0; i < sorted.size() && i < kMaxTokens; ++i) write_token(*sorted[i], sheet);
  if (sorted.size() > kMaxTokens) sheet.line("  … and " + plural(sorted.size() - kMaxTokens, "more token"));
}

void write_plan(const Report& r, Sheet& sheet) {
  if (r.plan.empty() && r.ports.empty()) return;
  sheet.section("PROVOKED", plural(r.plan.size() + r.plan_left_out, "step"));
  sheet.line();
  write_steps(r, sheet);
  sheet.field("ports", ports_of(r));
  const auto& c = r.footer.coverage;
  if (c.executables > 0)
    sheet.field("coverage", count_text(c.ran) + " of " + plural(c.executables, "executable") + " ran (" +
                                std::to_string(c.ran * 100 / c.executables) + "%), " +
                                count_text(c.ran_by_itself) + " without being provoked");
}

}  // namespace assay
