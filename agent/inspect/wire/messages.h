// messages: what the agent asks assay-inspect of a file, and what it is told, one datagram each over a
// SOCK_SEQPACKET pair; the file itself travels beside the question as a descriptor (SCM_RIGHTS). Both ends
// are this code; the decoder of answers trusts nothing all the same: whoever gives them has read hostile
// files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace assay::inspect {

inline constexpr size_t kMaxMatches = 64;      // of one file; the rest is counted
inline constexpr size_t kMaxMatchBytes = 300;  // "namespace:rule"
inline constexpr size_t kMaxAskBytes = 6 * 1024;
inline constexpr size_t kMaxAnswerBytes = 24 * 1024;

// Descriptors of the child.
inline constexpr int kRulesFd = 3;   // scan: compiled rules; compile: a bundle of rule files
inline constexpr int kSocketFd = 4;  // scan: the socket; compile: where the compiled rules go

/// What rules may ask about a file besides its bytes.
struct Ask {
  uint32_t id = 0;
  uint32_t owner_uid = 0;
  uint64_t limit_bytes = 0;  // no more than this is read of the file
  bool similarity = true;    // wanted even where nothing matches: it is what takes longest
  std::string path;          // in the guest; its end, if it is long
  bool operator==(const Ask&) const = default;
};

enum class Outcome : uint8_t {
  done = 0,
  timed_out = 1,   // the rules took too long; type and similarity are known
  unreadable = 2,  // reading it failed
};

struct Answer {
  uint32_t id = 0;
  Outcome outcome = Outcome::done;
  bool partial = false;    // the file is longer than what was read of it
  std::string mime;        // "application/x-pie-executable"; empty: not known
  std::string similarity;  // TLSH: "T1" and 70 hex digits; empty: too small, uniform or only in part
  std::vector<std::string> matches;  // "namespace:rule"
  uint32_t matches_left_out = 0;
  bool operator==(const Answer&) const = default;
};

std::string encode_ask(const Ask& ask);
Result<Ask> decode_ask(std::string_view bytes);
/// What decode_answer() would not take is cut or left out.
std::string encode_answer(const Answer& answer);
/// Errc::corrupt: not what assay-inspect would say.
Result<Answer> decode_answer(std::string_view bytes);

/// A rule file as the compiler gets it.
struct RuleFile {
  std::string rule_namespace;  // see is_namespace()
  std::string path;            // as errors name it
  std::string text;
  bool operator==(const RuleFile&) const = default;
};
std::string encode_bundle(const std::vector<RuleFile>& files);
Result<std::vector<RuleFile>> decode_bundle(std::string_view bytes);

/// Letters, digits, '_', '-', '.', up to 128.
bool is_namespace(std::string_view text);

}  // namespace assay::inspect
