// Each candidate by itself, then the newest of each signer.
#include "attest/judge.h"

#include <map>
#include <tuple>

#include "attest/bundle.h"
#include "common/text.h"

namespace assay::attest {
namespace {

constexpr int64_t kClocksMayDiffer_s = 300;

// Best first; nothing is known of an inconclusive one.
int badness(Verdict verdict) {
  switch (verdict) {
    case Verdict::clean:
      return 0;
    case Verdict::suspicious:
      return 1;
    case Verdict::inconclusive:
      return 2;
    default:
      return 3;
  }
}

// The key of the first signature that holds; empty: none does.
std::string signer_of(const Envelope& envelope, std::span<const PublicKey> keys) {
  std::string bytes = pre_authentication(envelope.payload_type, envelope.payload);
  for (const Signature& signature : envelope.signatures)
    for (const PublicKey& key : keys)
      if (key.verifies(bytes, signature.bytes)) return key.id();
  return "";
}

std::string words(const std::string& is, const std::string& wanted) {
  return "'" + printable(is, 100) + "', not '" + printable(wanted, 100) + "'";
}

// Why a statement is not what was asked for; empty: it is.
std::string beside_the_point(const Statement& statement, const Wanted& wanted, int64_t now_s) {
  if (!statement.about(wanted.digest)) return "it is about another image, not " + wanted.digest;
  if (statement.predicate_type != kTestResultType)
    return "its predicate is " + words(statement.predicate_type, kTestResultType);
  if (!statement.says_verdict) return "it is a test result of something else than Assay";
  if (!wanted.policy.empty() && statement.policy != wanted.policy)
    return statement.policy.empty() ? "no policy decided"
                                    : "its policy is " + words(statement.policy, wanted.policy);
  if (!wanted.policy_sha256.empty() && statement.policy_sha256 != wanted.policy_sha256)
    return "its policy has the digest " + words(statement.policy_sha256, wanted.policy_sha256);
  if (!wanted.rules.empty() && statement.rules != wanted.rules)
    return "its rules are " + words(statement.rules, wanted.rules);
  if (statement.attested_s > now_s + kClocksMayDiffer_s || statement.started_s > now_s + kClocksMayDiffer_s)
    return "it is from the future: is a clock wrong?";
  if (wanted.oldest_s && now_s - statement.started_s > *wanted.oldest_s)
    return "its scan is " + std::to_string((now_s - statement.started_s) / 3600) + " h old, and may be " +
           std::to_string(*wanted.oldest_s / 3600) + " h";
  return "";
}

// Why an attestation that counts does not let the image pass; empty: it does.
std::string not_passed(const Statement& statement, const Wanted& wanted) {
  std::string policy = statement.policy.empty() ? "" : " by policy " + printable(statement.policy, 100);
  if (statement.result == TestResult::failed) return std::string("the image has failed") + policy;
  if (statement.result == TestResult::warned && wanted.warned_fails)
    return std::string("the image has passed with warnings alone") + policy;
  if (badness(statement.verdict) > badness(wanted.worst))
    return std::string("its verdict is ") + to_string(statement.verdict);
  if (wanted.complete && !statement.complete) return "its trace is not complete";
  return "";
}

Judged look(const Candidate& candidate, std::span<const PublicKey> keys, const Wanted& wanted,
            int64_t now_s) {
  Judged out;
  out.name = candidate.name;
  out.why = candidate.error;
  if (!out.why.empty()) return out;
  auto envelope = parse_attestation(candidate.json, "it");
  if (!envelope) return out.why = envelope.error().what, out;
  out.key_id = signer_of(*envelope, keys);
  if (out.key_id.empty())
    return out.why = "no signature of it is by a key that was given: another signer's, or changed since", out;
  if (envelope->payload_type != kInTotoPayload)
    return out.why = "what was signed is " + words(envelope->payload_type, kInTotoPayload), out;
  auto statement = parse_statement(envelope->payload, "its statement");
  if (!statement) return out.why = statement.error().what, out;
  out.statement = std::move(*statement);
  out.why = beside_the_point(out.statement, wanted, now_s);
  if (!out.why.empty()) return out;
  out.counts = true;
  out.why = not_passed(out.statement, wanted);
  out.passed = out.why.empty();
  return out;
}

}  // namespace

Judgement judge(std::span<const Candidate> candidates, std::span<const PublicKey> keys, const Wanted& wanted,
                int64_t now_s) {
  Judgement out;
  using Group = std::tuple<std::string, std::string, std::string>;
  std::map<Group, size_t> newest;
  for (const Candidate& candidate : candidates) {
    out.all.push_back(look(candidate, keys, wanted, now_s));
    const Judged& fresh = out.all.back();
    if (!fresh.counts) continue;
    auto [at, first] = newest.emplace(Group{fresh.key_id, fresh.statement.policy, fresh.statement.persona},
                                      out.all.size() - 1);
    if (first) continue;
    Judged& known = out.all[at->second];
    int64_t before = known.statement.attested_s, after = fresh.statement.attested_s;
    bool takes_over = after > before || (after == before && !fresh.passed);
    Judged& older = takes_over ? known : out.all.back();
    older.counts = older.passed = false;
    older.why = "a newer one of the same signer speaks in its place";
    if (takes_over) at->second = out.all.size() - 1;
  }
  for (const auto& [group, index] : newest) {
    bool passed = out.all[index].passed;
    if (!passed) out.answer = Answer::failed;
    if (passed && out.answer == Answer::none) out.answer = Answer::passed;
  }
  return out;
}

}  // namespace assay::attest
