// affinity: the repositories whose layers this host is likely to have, newest last, kept across restarts in a
// small file, told to the scheduler with Hello. A hint: a damaged or missing file is an empty list.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/result.h"

namespace assay {

class AffinityList {
 public:
  static AffinityList load(std::filesystem::path file);
  /// Moves it to the end; the oldest goes when there are more than wire::kMaxCached. Saves where that changed
  /// anything.
  Status use(uint64_t key);
  const std::vector<uint64_t>& keys() const { return keys_; }

 private:
  explicit AffinityList(std::filesystem::path file) : file_(std::move(file)) {}
  std::filesystem::path file_;
  std::vector<uint64_t> keys_;
};

}  // namespace assay
