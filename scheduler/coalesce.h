// coalesce: equal jobs in flight run once. The first is the one that runs; the others follow it, and share
// its trace and report. Pure; only images of registries are equal by name, files may differ from host to
// host.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/submission.h"

namespace assay {

/// What makes two jobs equal, or nothing for one that never is (a fresh one, one with a login
/// of its own, or a local image).
std::optional<std::string> coalescing_key(const Submission& submission);

class Coalesce {
 public:
  /// The scan in flight that `submission` may follow.
  std::optional<std::string> leader_of(const Submission& submission) const;
  /// `scan_id` runs: others may follow it until it ends.
  void lead(const std::string& scan_id, const Submission& submission);
  void follow(const std::string& scan_id, const std::string& leader);
  /// A follower that ends before its leader.
  void leave(const std::string& scan_id, const std::string& leader);
  /// The leader has ended: whoever followed it, in order.
  std::vector<std::string> end(const std::string& leader, const Submission& submission);
  size_t followers(const std::string& leader) const;

 private:
  std::unordered_map<std::string, std::string> leaders_;                 // key -> scan id
  std::unordered_map<std::string, std::vector<std::string>> followers_;  // leader -> scan ids
};

}  // namespace assay
