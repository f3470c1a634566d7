// The files that were left behind, and how to get those that were kept.
#include <algorithm>
#include <cstdio>

#include "common/text.h"
#include "scheduler/score/process_fields.h"
#include "scheduler/score/report_sections.h"

namespace assay {
namespace {

using layout::fit;
using layout::Ink;
using layout::pad;
using layout::plural;

constexpr size_t kMaxFiles = 40, kShortHash = 16;
constexpr size_t kIndent = 11;  // below a file's type

// What was executed first, then programs, then the rest.
int rank_of(const FileChange& f) {
  if (f.executed) return 0;
  if (f.file_type == "elf") return 1;
  if (f.file_type == "script") return 2;
  return f.file_type == "dir" ? 4 : 3;
}

void write_file_line(const FileChange& f, layout::Sheet& sheet) {
  char mode[16];
  std::snprintf(mode, sizeof mode, "%04o", f.mode & 07777);
  std::string lead = pad(f.origin, 8) + " " + pad(f.file_type, 7) + " " + mode + " " +
                     pad(f.file_type == "dir" ? "" : layout::size_text(f.size_bytes), 10);
  std::string tail = f.executed ? "  executed" : "";
  sheet.line("  " + sheet.paint(Ink::dim, lead) + " " +
             fit(still_printable(f.path), sheet.width - 3 - layout::columns(lead) - tail.size()) +
             sheet.paint(Ink::red, tail));
}

// Of a file that could run: what else is known of it.
void write_origin_line(const FileChange& f, layout::Sheet& sheet) {
  std::string text;
  auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (f.written_by.pid != 0) add("written by " + still_printable(name_of(f.written_by)));
  if (!f.sha256.empty()) add("sha256 " + still_printable(f.sha256.substr(0, kShortHash)) + "…");
  if (!f.kept.empty()) add("kept as " + still_printable(f.kept));
  if (!text.empty())
    sheet.line(std::string(kIndent, ' ') + sheet.paint(Ink::dim, fit(text, sheet.width - kIndent)));
}

std::string matches_of(const FileChange& file) {
  std::string out = "matches ";
  for (size_t i = 0; i < file.matches.size(); ++i) out += (i == 0 ? "" : ", ") + file.matches[i];
  return out;
}

void write_kept(const Report& report, layout::Sheet& sheet) {
  uint64_t bytes = 0;
  for (const KeptFile& file : report.artifacts) bytes += file.size_bytes;
  if (!report.artifacts.empty())
    sheet.field("kept", plural(report.artifacts.size(), "file") + ", " + layout::size_text(bytes) +
                            ": assay artifacts " + report.header.scan_id);
  if (report.footer.artifacts_left_out > 0)
    sheet.field("not kept", plural(report.footer.artifacts_left_out, "file") + " beyond the bounds");
}

}  // namespace

void write_files(const Report& report, layout::Sheet& sheet) {
  if (report.files.empty() && report.artifacts.empty()) return;
  sheet.section("FILES LEFT BEHIND", layout::count_text(report.files.size() + report.files_left_out));
  sheet.line();
  std::vector<const FileChange*> sorted;
  for (const auto& file : report.files) sorted.push_back(&file);
  std::stable_sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return rank_of(*a) < rank_of(*b); });
  for (size_t i = 0; i < sorted.size() && i < kMaxFiles; ++i) {
    write_file_line(*sorted[i], sheet);
    if (rank_of(*sorted[i]) <= 2) write_origin_line(*sorted[i], sheet);
    if (!sorted[i]->matches.empty())
      sheet.line(std::string(kIndent, ' ') +
                 sheet.paint(Ink::red, fit(still_printable(matches_of(*sorted[i])), sheet.width - kIndent)));
  }
  uint64_t more = report.files_left_out + (sorted.size() > kMaxFiles ? sorted.size() - kMaxFiles : 0);
  if (more > 0) sheet.line("  … and " + plural(more, "more file"));
  write_kept(report, sheet);
}

}  // namespace assay
