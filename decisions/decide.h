// decide: a report held against a policy: does the image pass, and why not. Pure; the same report, policy and
// time give the same decision.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decisions/policy.h"

namespace assay::decisions {

/// One thing that the policy asks for and the image does not give.
struct Reason {
  Outcome outcome = Outcome::fail;
  std::string check;    // "verdict", "score", "category", "technique", "rule", "level", "domain", "listener",
                        // "user", "change", "comparison", "coverage", "age", "completeness", "unscanned"
  std::string subject;  // "miner", "T1496", "tcp/8080", "pool.example"
  std::string text;     // one sentence for a person, printable
  std::string rule_id, layer;           // of the finding, where there is one
  std::optional<Waiver> waived;         // it does not count: somebody answers for it
  std::optional<Waiver> lapsed;         // it would not, if this had not expired
  std::string rule_title;               // of the finding, likewise
  std::vector<std::string> techniques;  // likewise
  /// `text` in pieces: by turns our words and the image's, ours first. For forms that have markup. Empty: all
  /// of `text` is to be taken for the image's.
  std::vector<std::string> parts;
};

/// Something that the policy asks of every image.
struct Check {
  std::string name;   // as Reason::check
  std::string asked;  // "no category miner", "coverage of 30% or more"
};

struct Decision {
  Outcome outcome = Outcome::fail;
  std::string policy, policy_sha256;
  std::string ref, digest, scan_id, verdict;  // as far as known
  int score = 0;
  int64_t decided_s = 0;        // Unix time
  std::vector<Reason> reasons;  // failures first, then warnings, then what was waived
  std::vector<Waiver> unused;   // waivers for this image that expire within two weeks, or have: worth a look
  std::vector<Check> checks;    // all that was asked for, in the order of the policy's keys
};

/// How old a result is counts from the end of the run in the report, whoever used it again since.
Decision decide(const Policy& policy, const Report& report, int64_t now_s);
/// Of an image without a result: `why` is said to the person.
Decision decide_unscanned(const Policy& policy, const std::string& ref, const std::string& why,
                          int64_t now_s);
/// The same, with another outcome than the policy's. Waivers count, whoever chose it.
Decision decide_unscanned(const Policy& policy, Outcome outcome, const std::string& ref,
                          const std::string& why, int64_t now_s);
/// The worst of several; pass where there is none.
Outcome worst(std::span<const Decision> decisions);
/// Of a process, as cli/verbs.h has it: 0 where nothing fails, 11 where all that fails does so because too
/// little is known of an image (no result, inconclusive, incomplete, too old...), 10 otherwise.
int exit_code(std::span<const Decision> decisions);
/// "waived by security@corp.example until 2027-01-31: lab image"; of one that has expired "was waived by
/// ...".
std::string waiver_text(const Waiver& waiver, bool expired);

/// Names of checks, as Reason::check and Waiver::rule have them.
std::span<const std::string_view> check_names();

}  // namespace assay::decisions
