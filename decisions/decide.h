// decide: a report held against a policy: does the image pass, and why not. Pure; the same report, policy and
// time give the same decision.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decisions/policy.h"

namespace assay::decisions {

/// One thing that the policy asks for and the image does not give.
struct Reason {
  Outcome outcome = Outcome::fail;
  std::string check;  // "verdict", "score", "category", "technique", "rule", "level", "domain", "listener",
                      // "user", "change", "coverage", "age", "completeness", "unscanned"
  std::string subject;           // "miner", "T1496", "tcp/8080", "pool.example"
  std::string text;              // one sentence for a person, printable
  std::string rule_id, layer;    // of the finding, where there is one
  std::optional<Waiver> waived;  // it does not count: somebody answers for it
  std::optional<Waiver> lapsed;  // it would not, if this had not expired
};

struct Decision {
  Outcome outcome = Outcome::fail;
  std::string policy, policy_sha256;
  std::string ref, digest, scan_id, verdict;  // as far as known
  int score = 0;
  int64_t decided_s = 0;        // Unix time
  std::vector<Reason> reasons;  // failures first, then warnings, then what was waived
  std::vector<Waiver> unused;   // waivers of the policy that expire within two weeks, or have: worth a look
};

/// `finished_ns`: when the scan ended (wall clock; 0: not known).
Decision decide(const Policy& policy, const Report& report, int64_t finished_ns, int64_t now_s);
/// Of an image without a result: `why` is said to the person.
Decision decide_unscanned(const Policy& policy, const std::string& ref, const std::string& why,
                          int64_t now_s);
/// The worst of several; pass where there is none.
Outcome worst(std::span<const Decision> decisions);

}  // namespace assay::decisions
