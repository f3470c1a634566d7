// The report for a person: the verdict and its reason first, then what proves it, then what else happened,
// last what may be missing.
#include <algorithm>
#include <array>

#include "common/text.h"
#include "scheduler/score/attack.h"
#include "scheduler/score/findings.h"
#include "scheduler/score/layers.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/report_sections.h"
#include "scheduler/score/report_tree.h"
#include "scheduler/score/report_walk.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/text_sheet.h"

namespace assay {
namespace {

using layout::fit;
using layout::Ink;
using layout::pad;
using layout::plural;

constexpr size_t kMaxTreeLines = 60, kMaxOutputLines = 12, kMaxShownEvidence = 3;

Ink ink_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::malicious:
      return Ink::red;
    case Verdict::clean:
      return Ink::green;
    case Verdict::suspicious:
    case Verdict::inconclusive:
      break;
  }
  return Ink::yellow;
}

Ink ink_of(const std::string& level) {
  if (level == "critical" || level == "high") return Ink::red;
  return level == "medium" ? Ink::yellow : Ink::dim;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

class Writer {
 public:
  Writer(const Report& report, const TextStyle& style)
      : r_(report),
        sheet_(style.color, std::clamp(style.width, 60u, 200u)),
        paint_(sheet_.paint),
        width_(sheet_.width) {}

  std::string write() {
    head();
    findings();
    write_changes(r_, sheet_);
    write_downloads(r_, sheet_);
    write_tokens(r_, sheet_);
    processes();
    write_network(r_, sheet_);
    write_plan(r_, sheet_);
    write_files(r_, sheet_);
    output();
    completeness();
    return std::move(sheet_.out);
  }

 private:
  void head() {
    std::string verdict = upper(to_string(r_.verdict));
    line(paint_(ink_of(r_.verdict), verdict) + "  " + paint_(Ink::bold, std::to_string(r_.score) + "/100") +
         "  " + fit(still_printable(r_.header.job.ref), width_ - verdict.size() - 12));
    for (const auto& part : layout::wrap(still_printable(reason(r_)), width_ - 2)) line("  " + part);
    line();
    const auto& image = r_.header.image;
    uint64_t bytes = 0;
    for (const auto& layer : image.layers) bytes += layer.size_bytes;
    std::string platform = image.os.empty() ? "" : image.os + "/" + image.architecture;
    if (!image.layers.empty())
      platform += (platform.empty() ? "" : ", ") + plural(image.layers.size(), "layer") + ", " +
                  layout::size_text(bytes);
    std::string digest = still_printable(image.digest);
    bool beside = layout::columns(digest) <= width_ - 12;
    field("image", beside ? digest : platform);
    if (beside)
      field("", platform);
    else
      line("  " + fit(digest, width_ - 2));
    auto command = image.entrypoint;
    command.insert(command.end(), image.cmd.begin(), image.cmd.end());
    field("command", fit(still_printable(join_command(command)), 2 * (width_ - 12)));
    field("run", ending(r_));
    if (r_.footer.cpu_ns > 0 || r_.footer.memory_peak_bytes > 0)
      field("used", layout::seconds_text(static_cast<int64_t>(r_.footer.cpu_ns)) + " of processor time, " +
                        layout::size_text(r_.footer.memory_peak_bytes) + " of memory at most");
    limits();
    field(
        "scan",
        r_.header.scan_id + ", " + layout::utc_text(r_.header.start_time_ns) +
            (r_.header.job.persona == Persona::bare
                 ? ""
                 : ", persona " + std::string(to_string(r_.header.job.persona))) +
            (r_.header.job.platform.empty() ? "" : ", asked for " + still_printable(r_.header.job.platform)));
  }

  void limits() {
    for (const auto& hit : r_.footer.limits)
      field(&hit == &r_.footer.limits.front() ? "limits" : "",
            still_printable(hit.limit + ": " + hit.detail) +
                (hit.times > 1 ? ", " + plural(hit.times, "time") : ""));
  }

  void findings() {
    if (r_.findings.empty()) return;
    section("FINDINGS", std::to_string(r_.findings.size()));
    for (const auto& finding : r_.findings) {
      line();
      // What was stored by an earlier version has no points.
      int added = finding.points > 0 ? finding.points : finding.contribution;
      std::string points = added > 0 ? "+" + std::to_string(added) : "·";
      size_t room = width_ - 12 - points.size() - 2;
      line("  " + paint_(ink_of(finding.level), pad(level_words(finding.level), 10)) +
           paint_(Ink::bold, pad(still_printable(finding.title), room)) + "  " + paint_(Ink::dim, points));
      for (const auto& technique : finding.techniques) {
        std::string name(technique_name(technique.id));
        field("", technique.id + (name.empty() ? "" : " " + name) +
                      (technique.tactic.empty() ? "" : " (" + technique.tactic + ")"));
      }
      if (finding.level != "informational") field("", finding.description);
      field("from",
            fit(still_printable(layer_for_people(r_.header.image.layers, finding.layer)), 2 * (width_ - 12)));
      evidence(finding);
    }
  }

  void evidence(const Finding& finding) {
    std::string by;
    for (const auto& command : finding.ancestry) by += (by.empty() ? "" : " › ") + command;
    if (!by.empty()) field("by", fit(still_printable(by), 2 * (width_ - 12)));
    size_t limit = finding.level == "informational" ? 1 : kMaxShownEvidence;
    size_t shown = std::min(finding.evidence.size(), limit);
    for (size_t i = 0; i < shown; ++i) {
      const auto& item = finding.evidence[i];
      std::string number = item.event != 0 ? "#" + std::to_string(item.event) : "";  // 0: of the whole run
      std::string when = item.time_ns != 0 ? layout::seconds_text(item.time_ns) : "";
      std::string lead = pad(number, std::max<size_t>(number.size(), 7)) + " " + pad(when, 9) + " ";
      size_t room = width_ - 12 - layout::columns(lead);
      auto parts = layout::wrap(still_printable(item.text), room);
      parts.resize(std::max<size_t>(parts.size(), 1));
      line("  " + paint_(Ink::cyan, pad(i == 0 ? "seen" : "", 10)) + paint_(Ink::dim, lead) + parts[0]);
      if (parts.size() == 1) continue;  // what is longer has two lines
      line(pad("", 12 + layout::columns(lead)) +
           (parts.size() > 2 ? fit(parts[1] + " " + parts[2], room) : parts[1]));
    }
    if (finding.count > shown) field("", "… in " + plural(finding.count, "event") + " altogether");
  }

  void processes() {
    if (r_.processes.empty()) return;
    section("PROCESSES", layout::count_text(r_.processes.size() + r_.processes_left_out));
    line();
    for (const auto& text : draw_tree(r_.processes, width_ - 2, kMaxTreeLines, paint_)) line("  " + text);
    if (r_.processes_left_out > 0)
      line("  … and " + plural(r_.processes_left_out, "process") + " left out of the report");
  }

  // The container's own words, escaped; its line breaks are the only escapes undone.
  void output() {
    if (r_.output.empty()) return;
    section("OUTPUT");
    line();
    std::string text = still_printable(r_.output);
    size_t shown = 0;
    while (!text.empty() && shown < kMaxOutputLines) {
      size_t end = text.find("\\x0a");
      line("  " + paint_(Ink::dim, "│ ") + fit(text.substr(0, end), width_ - 4));
      text.erase(0, end == std::string::npos ? text.size() : end + 4);
      ++shown;
    }
    if (!text.empty()) line("  " + paint_(Ink::dim, "│ …"));
  }

  void completeness() {
    const auto& c = r_.completeness;
    section("COMPLETENESS");
    line();
    if (c.complete) {
      line("  " + paint_(Ink::green, "complete") + ": " + plural(r_.footer.events, "event") + ", none lost");
    } else {
      line("  " + paint_(Ink::yellow, "incomplete") + ": " + plural(r_.footer.events, "event") + ", " +
           layout::count_text(c.lost) + " lost");
      for (const auto& text : c.reasons) field("", "- " + text);
    }
    std::string seen;
    for (const auto& source : c.sources) {
      seen += (seen.empty() ? "" : ", ") + std::string(to_string(source.source)) + " ";
      if (!source.attached)
        seen += source.required ? "off" : "off (not needed)";
      else
        seen += layout::count_text(source.seen) +
                (source.lost > 0 ? " (" + layout::count_text(source.lost) + " lost)" : "");
    }
    field("seen by", seen);
  }

  void line(const std::string& text = "") { sheet_.line(text); }
  void section(const std::string& name, const std::string& note = "") { sheet_.section(name, note); }
  void field(const std::string& label, const std::string& text) { sheet_.field(label, text); }

  const Report& r_;
  layout::Sheet sheet_;
  const layout::Paint& paint_;
  size_t width_;
};

}  // namespace

std::string report_text(const Report& report, const TextStyle& style) {
  return Writer(report, style).write();
}

}  // namespace assay
