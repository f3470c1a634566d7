// book: what the readers of package databases have found: packages, their files, and what was left out.
// Becomes the index that the agent gets. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/inspect/wire/packages.h"

namespace assay::inspect {

class PackageBook {
 public:
  /// The package's number; the same name is the same package. Cut where it is too long.
  uint32_t package(std::string_view name);
  /// `path` with or without its first slash; `digest` raw (see OwnedFile), or empty.
  void own(std::string_view path, uint32_t package, std::string digest = "");
  /// Files at `from` that are not of the package `by` lie at `to`.
  void divert(std::string_view from, std::string_view to, std::string_view by);
  /// For the summary: "rpm: a header is damaged". The first few are kept.
  void complain(std::string_view about);
  size_t files() const { return files_.size(); }
  size_t packages() const { return names_.size(); }
  /// Once.
  std::string index();

 private:
  static constexpr size_t kMaxComplaints = 4, kMaxDiversions = 20'000, kMaxPackages = 100'000;
  struct Diversion {
    std::string to;
    uint32_t by = 0;
  };
  std::vector<std::string> names_;
  std::map<std::string, uint32_t, std::less<>> numbers_;
  std::vector<OwnedFile> files_;
  std::map<std::string, Diversion, std::less<>> diverted_;
  std::vector<std::string> complaints_;
  uint64_t left_out_ = 0;
};

/// Of `text`, up to its next line's end, which is taken away.
std::string_view take_line(std::string_view& text);

}  // namespace assay::inspect
