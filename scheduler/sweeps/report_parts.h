// What a report of a run is made of: the scan of the same name before, one line of what an image did, and the
// kind of a reason. Internal to the report files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/keep.h"
#include "scheduler/sweeps/records.h"

namespace assay::sweeps {

/// "HOST/REPOSITORY:TAG", for what has no tag "HOST/REPOSITORY@DIGEST".
std::string image_name(const RepositoryRecord& repository, const Item& item);

/// The runs of a sweep before one, the newest first; `previous`, where it is given, before all others.
class Earlier {
 public:
  static Result<Earlier> open(const Records& records, const RunRecord& run,
                              const std::optional<RunRecord>& previous);
  /// From here on find() is about this repository.
  Status turn_to(const RepositoryRecord& repository);
  struct Found {
    Item item;
    std::string rules_version;  // of its run
  };
  /// The last scan of the same name, platform and persona. Reads one record a run, and that once a repository.
  Result<std::optional<Found>> find(const Item& item);

 private:
  explicit Earlier(const Records& records) : records_(records) {}
  Status load_next();

  const Records& records_;  // borrowed
  std::vector<std::pair<std::string, std::string>> runs_;  // id and rules
  std::string host_, name_;
  std::vector<std::pair<std::vector<Item>, std::string>> loaded_;  // of the first runs: items by tag, and rules
  size_t items_ = 0;  // in it
};

/// The heaviest findings of a report, in a line; empty where it has none or is kept no more.
std::string headline(const Keep& keep, const std::string& scan_id);
/// What many reasons have in common: without names, digests and long numbers.
std::string reason_kind(const std::string& reason, const RepositoryRecord& repository, const Item& item);

}  // namespace assay::sweeps
