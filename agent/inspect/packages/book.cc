// Everything of hostile origin is cut or left out here, once for all formats.
#include "agent/inspect/packages/book.h"

#include <algorithm>

namespace assay::inspect {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;

bool is_path(std::string_view path) {
  return !path.empty() && path.size() < kMaxOwnedPathBytes && path.find('\0') == std::string_view::npos;
}

std::string absolute(std::string_view path) {
  if (path.starts_with("./")) path.remove_prefix(2);
  return path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

}  // namespace

std::string_view take_line(std::string_view& text) {
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

uint32_t PackageBook::package(std::string_view name) {
  name = name.substr(0, kMaxPackageNameBytes);
  if (auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  if (name.empty() || names_.size() >= kMaxPackages) return kNobody;
  auto number = static_cast<uint32_t>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(name, number);
  return number;
}

void PackageBook::own(std::string_view path, uint32_t package, std::string digest) {
  bool sound = digest.empty() || digest.size() == 16 || digest.size() == 20 || digest.size() == 32;
  if (!is_path(path) || !sound || package == kNobody || files_.size() >= kMaxOwnedFiles) {
    ++left_out_;
    return;
  }
  files_.push_back({absolute(path), package, std::move(digest)});
}

void PackageBook::divert(std::string_view from, std::string_view to, std::string_view by) {
  if (!is_path(from) || !is_path(to) || diverted_.size() >= kMaxDiversions) return;
  diverted_.emplace(absolute(from), Diversion{absolute(to), by == ":" ? kNobody : package(by)});
}

void PackageBook::complain(std::string_view about) {
  if (complaints_.size() < kMaxComplaints) complaints_.emplace_back(about.substr(0, 160));
}

std::string PackageBook::index() {
  for (OwnedFile& file : files_) {
    auto moved = diverted_.find(file.path);
    if (moved != diverted_.end() && moved->second.by != file.package) file.path = moved->second.to;
  }
  std::string summary =
      std::to_string(names_.size()) + " packages, " + std::to_string(files_.size()) + " files";
  if (left_out_ > 0) summary += ", " + std::to_string(left_out_) + " left out";
  for (const std::string& complaint : complaints_) summary += "; " + complaint;
  return encode_index(names_, std::move(files_), summary);
}

}  // namespace assay::inspect
