// policy: what a company lets in, as a YAML file says it ("assay.policy/1", docs/policy.md). Pure: text in, a
// checked value out. What it means for an image is decide.h's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/score/report.h"

namespace assay::decisions {

inline constexpr size_t kMaxPolicyBytes = 256 << 10;
inline constexpr size_t kMaxWaivers = 1000;
/// Names of one list (domains, categories...), and the bytes of one text.
inline constexpr size_t kMaxNames = 1000;
inline constexpr size_t kMaxTextBytes = 512;

/// pass < warn < fail.
enum class Outcome : uint8_t { pass, warn, fail };
const char* to_string(Outcome outcome);

/// Something that somebody answers for, until a day.
struct Waiver {
  std::string rule;     // id or title of a rule, or a check's name ("domain", "listener"): what is waived
  std::string subject;  // only of this ("pool.example", "tcp/8080"; * and ? are wildcards); empty: all
  std::vector<std::string> images;  // references or digests it holds for, with wildcards; empty: all
  std::string owner, reason;        // both wanted
  int64_t expires_s = 0;            // Unix time: the end of that day in UTC
};

struct Policy {
  std::string name;
  std::string sha256;  // of the file: says which policy decided
  // Each of these is not asked for where it is not set.
  std::optional<Verdict> fail_verdict, warn_verdict;  // this one or a worse one
  Outcome inconclusive = Outcome::fail;
  Outcome unscanned = Outcome::fail;  // no result: the scan failed, was not done in time, or is not known
  std::optional<int> fail_score, warn_score;
  std::map<std::string, Outcome> categories, techniques, rules,
      levels;  // of findings; a technique holds for its sub-techniques
  std::optional<std::vector<std::string>> allowed_domains, allowed_ports, allowed_users;  // all else fails
  Outcome not_allowed = Outcome::fail;
  std::map<std::string, Outcome> changes;  // by kind of fact (behaviour.h), since the previous digest
  std::optional<double> least_coverage;    // share of the image's executables that ran, 0 to 1
  std::optional<int64_t> oldest_s;         // age of the scan
  bool complete_trace = false;             // whatever the verdict, the trace must be
  bool comparison = false;                 // there must be a previous digest's scan to compare with
  std::vector<Waiver> waivers;
};

/// Errc::invalid names the file, the line, the key and the rule that it breaks; a key that is not known is
/// refused. `name` is for the errors.
Result<Policy> parse_policy(std::string_view yaml, const std::string& name);
Result<Policy> read_policy(const std::string& path);

}  // namespace assay::decisions
