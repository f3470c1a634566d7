// Which attestations count, and what they say together.
#include "attest/judge.h"

#include <gtest/gtest.h>

#include "common/encodings.h"
#include "tests/unit/attest/attested.h"

namespace assay::attest {
namespace {

const std::string kDigest = Digest::of("manifest").str();

class Judge : public testing::Test {
 protected:
  // "passed: -, does not count: why"
  std::string judged(const std::vector<std::string>& bundles, const Wanted& wanted) {
    std::vector<Candidate> candidates;
    for (const std::string& json : bundles) candidates.push_back({"it", json});
    std::vector<PublicKey> keys;
    for (const SigningKey* key : trusted_) keys.push_back(*key->public_key());
    Judgement judgement = judge(candidates, keys, wanted, kNow_s);
    std::string out = judgement.answer == Answer::passed   ? "PASSED"
                      : judgement.answer == Answer::failed ? "FAILED"
                                                           : "NONE";
    for (const Judged& one : judgement.all)
      out += std::string("; ") + (!one.counts ? "no: " : one.passed ? "passed" : "failed: ") + one.why;
    return out;
  }
  Wanted wanted() const {
    Wanted out;
    out.digest = kDigest;
    return out;
  }
  std::string said(Verdict verdict, int64_t now_s = kNow_s) {
    return attestation_of(key_, report_of(kDigest, verdict), now_s);
  }

  SigningKey key_ = *SigningKey::make(KeyKind::ecdsa_p256), other_ = *SigningKey::make(KeyKind::ed25519);
  std::vector<const SigningKey*> trusted_{&key_};
};

TEST_F(Judge, TheVerdictOfATrustedSignerPassesOrFails) {
  EXPECT_EQ(judged({}, wanted()), "NONE");
  EXPECT_EQ(judged({said(Verdict::clean)}, wanted()), "PASSED; passed");
  EXPECT_EQ(judged({said(Verdict::suspicious)}, wanted()), "PASSED; passed");
  EXPECT_EQ(judged({said(Verdict::malicious)}, wanted()), "FAILED; failed: the image has failed");
  EXPECT_EQ(judged({said(Verdict::inconclusive)}, wanted()), "FAILED; failed: the image has failed");
}

TEST_F(Judge, WhatWasTamperedWithCountsForNothing) {
  const std::string no =
      "NONE; no: no signature of it is by a key that was given: another signer's, or changed since";
  std::string good = said(Verdict::malicious);
  auto envelope = *parse_attestation(good, "it");
  auto again = [&](const Envelope& changed) { return bundle_json(changed, "hint"); };
  ASSERT_EQ(judged({again(envelope)}, wanted()).substr(0, 6), "FAILED");
  Envelope payload = envelope;
  payload.payload.replace(payload.payload.find("FAILED"), 6, "PASSED");
  EXPECT_EQ(judged({again(payload)}, wanted()), no);
  Envelope type = envelope;
  type.payload_type = "application/vnd.in-toto+jsoN";
  EXPECT_EQ(judged({again(type)}, wanted()), no);
  for (size_t at = 0; at < envelope.signatures[0].bytes.size(); ++at) {
    Envelope signature = envelope;
    signature.signatures[0].bytes[at] ^= 1;
    EXPECT_EQ(judged({again(signature)}, wanted()), no) << at;
  }
  trusted_ = {&other_};
  EXPECT_EQ(judged({good}, wanted()), no);
  trusted_ = {};
  EXPECT_EQ(judged({good}, wanted()), no);
}

TEST_F(Judge, AnotherPayloadTypeOrPredicateCountsForNothing) {
  std::string statement =
      *statement_json(report_of(kDigest, Verdict::clean), {"n", "{}", "", nullptr, kNow_s, kNow_s});
  EXPECT_EQ(judged({bundle_of(key_, statement, "text/plain")}, wanted()),
            "NONE; no: what was signed is 'text/plain', not 'application/vnd.in-toto+json'");
  std::string other = statement;
  other.replace(other.find("attestation/test-result"), 23, "attestation/test-pesults");
  EXPECT_EQ(judged({bundle_of(key_, other)}, wanted()).substr(0, 52),
            "NONE; no: its predicate is 'https://in-toto.io/attes");
  EXPECT_EQ(judged({bundle_of(key_, "{}")}, wanted()).substr(0, 50),
            "NONE; no: its statement is no in-toto Statement v1");
  std::string bare = R"({"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": ")" +
                     kDigest.substr(7) +
                     R"("}}], "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
                        "predicate": {"result": "PASSED", "configuration": []}})";
  EXPECT_EQ(judged({bundle_of(key_, bare)}, wanted()),
            "NONE; no: it is a test result of something else than Assay");
}

TEST_F(Judge, ItMustBeAboutThisImageAndWhatWasAskedFor) {
  Wanted other = wanted();
  other.digest = Digest::of("other").str();
  EXPECT_EQ(judged({said(Verdict::clean)}, other),
            "NONE; no: it is about another image, not " + other.digest);
  Wanted policy = wanted();
  policy.policy = "prod";
  EXPECT_EQ(judged({said(Verdict::clean)}, policy), "NONE; no: no policy decided");
  Wanted rules = wanted();
  rules.rules = std::string(64, 'e');
  EXPECT_EQ(judged({said(Verdict::clean)}, rules), "PASSED; passed");
  rules.rules = "f";
  EXPECT_EQ(judged({said(Verdict::clean)}, rules),
            "NONE; no: its rules are '" + std::string(64, 'e') + "', not 'f'");
  Wanted age = wanted();
  age.oldest_s = 600;
  EXPECT_EQ(judged({said(Verdict::clean)}, age), "PASSED; passed");
  age.oldest_s = 599;
  EXPECT_EQ(judged({said(Verdict::clean)}, age).substr(0, 22), "NONE; no: its scan is ");
  Wanted strict = wanted();
  strict.worst = Verdict::clean;
  EXPECT_EQ(judged({said(Verdict::suspicious)}, strict), "FAILED; failed: its verdict is suspicious");
  strict.worst = Verdict::malicious;
  strict.warned_fails = true;
  EXPECT_EQ(judged({said(Verdict::suspicious)}, strict),
            "FAILED; failed: the image has passed with warnings alone");
  EXPECT_EQ(judged({said(Verdict::clean, kNow_s + 301)}, wanted()),
            "NONE; no: it is from the future: is a clock wrong?");
}

TEST_F(Judge, OfEachSignerTheNewestSpeaks) {
  const std::string older = "; no: a newer one of the same signer speaks in its place";
  std::string failing = said(Verdict::malicious, kNow_s - 100), passing = said(Verdict::clean);
  EXPECT_EQ(judged({failing, passing}, wanted()), "PASSED" + older + "; passed");
  EXPECT_EQ(judged({passing, failing}, wanted()), "PASSED; passed" + older);
  std::string fails_now = said(Verdict::malicious);
  EXPECT_EQ(judged({said(Verdict::clean, kNow_s - 1), fails_now}, wanted()),
            "FAILED" + older + "; failed: the image has failed");
  // Of two of the same second the worse.
  EXPECT_EQ(judged({passing, fails_now}, wanted()), "FAILED" + older + "; failed: the image has failed");
  EXPECT_EQ(judged({fails_now, passing}, wanted()), "FAILED; failed: the image has failed" + older);
  // One signer cannot speak in another's place; nor can what was asked not to count.
  trusted_ = {&key_, &other_};
  std::string others = attestation_of(other_, report_of(kDigest, Verdict::malicious), kNow_s - 100);
  EXPECT_EQ(judged({others, passing}, wanted()), "FAILED; failed: the image has failed; passed");
  // Nor one persona in another's.
  Report in_ci = report_of(kDigest, Verdict::malicious);
  in_ci.header.job.persona = Persona::ci;
  EXPECT_EQ(judged({attestation_of(key_, in_ci, kNow_s - 100), passing}, wanted()),
            "FAILED; failed: the image has failed; passed");
}

TEST_F(Judge, OneOfSeveralSignaturesDoes) {
  auto envelope = *parse_attestation(said(Verdict::clean), "it");
  envelope.signatures.insert(envelope.signatures.begin(), {"", "nothing"});
  EXPECT_EQ(judged({envelope_json(envelope)}, wanted()), "PASSED; passed");
  // A key's id is a hint, and proves nothing.
  envelope.signatures[1].key_id = other_.public_key()->id();
  EXPECT_EQ(judged({envelope_json(envelope)}, wanted()), "PASSED; passed");
}

}  // namespace
}  // namespace assay::attest
