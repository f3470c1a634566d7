// dpkg's files: one list and one md5sums a package; conffiles and what postinst made have no digest.
#include <algorithm>

#include "agent/inspect/packages/databases.h"
#include "agent/inspect/packages/hex.h"

namespace assay::inspect {
namespace {

constexpr size_t kMd5Digits = 32;

}  // namespace

// A directory is followed by what is in it: only files are worth their room.
void read_dpkg_list(std::string_view text, uint32_t package, PackageBook& book) {
  std::string_view line = take_line(text);
  while (!line.empty() || !text.empty()) {
    std::string_view next = take_line(text);
    bool directory = line == "/." || (next.size() > line.size() && next.starts_with(line) && next[line.size()] == '/');
    if (line.starts_with('/') && !directory) book.own(line, package);
    line = next;
  }
}

void read_dpkg_md5sums(std::string_view text, uint32_t package, PackageBook& book) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (line.size() <= kMd5Digits + 2) continue;
    auto digest = from_hex(line.substr(0, kMd5Digits));
    if (digest && line.substr(kMd5Digits, 2) == "  ")
      book.own(line.substr(kMd5Digits + 2), package, std::move(*digest));
  }
}

void read_dpkg_diversions(std::string_view text, PackageBook& book) {
  while (!text.empty()) {
    std::string_view from = take_line(text), to = take_line(text), by = take_line(text);
    if (!by.empty()) book.divert(from, to, by);
  }
}

std::string_view dpkg_name(std::string_view paragraph) {
  constexpr std::string_view kKey = "Package:";
  while (!paragraph.empty()) {
    std::string_view line = take_line(paragraph);
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line.substr(0, line.find(' '));
  }
  return "";
}

}  // namespace assay::inspect
