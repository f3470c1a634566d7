// judge: what attestations are worth: which of them count for a digest, by whose key, and what they say
// together. Pure; docs/attestation.md has the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attest/dsse.h"
#include "attest/signing_key.h"
#include "attest/statement.h"

namespace assay::attest {

/// What a verifier asks for. What is not set is not asked for.
struct Wanted {
  std::string digest;                        // "sha256:...": what they must be about
  std::string policy, policy_sha256, rules;  // that decided; whose rules
  std::optional<int64_t> oldest_s;           // age of the scan
  Verdict worst = Verdict::malicious;        // a worse one fails, whatever its policy says
  bool warned_fails = false;                 // WARNED does not do
  bool complete = false;                     // the trace must be
};

/// One attestation as it was found.
struct Candidate {
  std::string name;     // where it was found, for people: "referrer sha256:..."
  std::string json;     // bundle or envelope
  std::string error{};  // it could not be had: why
};

struct Judged {
  std::string name;
  bool counts = false;  // else `why` says why not
  bool passed = false;  // of one that counts; `why` says why not
  std::string why;
  std::string key_id;   // whose signature was verified
  Statement statement;  // read once that was
};

enum class Answer : uint8_t { passed, failed, none };
struct Judgement {
  Answer answer = Answer::none;
  std::vector<Judged> all;  // in the order of the candidates
};

/// Of each key, policy and persona the newest that counts speaks (by when it was signed; of two of the same
/// time the worse): all of these must pass. A statement from a future of more than five minutes counts for
/// nothing.
Judgement judge(std::span<const Candidate> candidates, std::span<const PublicKey> keys, const Wanted& wanted,
                int64_t now_s);

}  // namespace assay::attest
