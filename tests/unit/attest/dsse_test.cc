// Envelopes: what is signed, by the specification's own vector; and what is no envelope.
#include "attest/dsse.h"

#include <gtest/gtest.h>

#include "attest/bundle.h"
#include "attest/signing_key.h"
#include "common/encodings.h"

namespace assay::attest {
namespace {

// protocol.md of DSSE, "Test Vectors".
constexpr const char* kVector =
    R"({"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld",
        "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]})";
// Its X and Y as an SPKI.
constexpr const char* kVectorKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ805D3eqNZywjCI19lInBJOp7YMr\n"
    "CrzAH3CVTAOQ0jgMeCvVTiaRJaRPRDOv8UMs6U4SvKc6pnrIDOoSYI3fdA==\n"
    "-----END PUBLIC KEY-----\n";

std::string fault(std::string_view json) {
  auto parsed = parse_envelope(json, "it");
  return parsed ? "fine" : std::string(to_string(parsed.error().code)) + ": " + parsed.error().what;
}

TEST(Dsse, WhatIsSignedIsTheSpecificationsEncoding) {
  EXPECT_EQ(pre_authentication("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(pre_authentication("", ""), "DSSEv1 0  0 ");
  // Lengths are of bytes.
  EXPECT_EQ(pre_authentication("\xc3\xa9", std::string("\0x", 2)),
            std::string("DSSEv1 2 \xc3\xa9 2 \0x", 16));
}

// The vector's signature is r and s one after the other; ours, as cosign's and OpenSSL's, are in ASN.1.
std::string in_asn1(const std::string& raw) {
  auto integer = [](std::string bytes) {
    while (bytes.size() > 1 && bytes[0] == 0) bytes.erase(0, 1);
    if (static_cast<unsigned char>(bytes[0]) > 0x7f) bytes.insert(bytes.begin(), '\0');
    return std::string("\x02") + static_cast<char>(bytes.size()) + bytes;
  };
  std::string both = integer(raw.substr(0, 32)) + integer(raw.substr(32));
  return std::string("\x30") + static_cast<char>(both.size()) + both;
}

TEST(Dsse, TheSpecificationsVectorVerifies) {
  auto envelope = parse_envelope(kVector, "it");
  ASSERT_TRUE(envelope) << envelope.error().what;
  EXPECT_EQ(envelope->payload, "hello world");
  ASSERT_EQ(envelope->signatures.size(), 1u);
  EXPECT_EQ(envelope->signatures[0].key_id, "");
  auto key = PublicKey::parse(kVectorKey, "its key");
  ASSERT_TRUE(key) << key.error().what;
  std::string bytes = pre_authentication(envelope->payload_type, envelope->payload);
  std::string signature = in_asn1(envelope->signatures[0].bytes);
  EXPECT_TRUE(key->verifies(bytes, signature));
  EXPECT_FALSE(key->verifies(pre_authentication("http://example.com/HelloWorle", "hello world"), signature));
  EXPECT_FALSE(key->verifies(pre_authentication(envelope->payload_type, "hello worle"), signature));
}

TEST(Dsse, ComesBackAsItWasWritten) {
  Envelope envelope{kInTotoPayload, std::string("\xff\xfe\0>?", 5), {{"", "\xfb\xff"}, {"id", "x"}}};
  std::string json = envelope_json(envelope);
  auto back = parse_envelope(json, "it");
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(envelope_json(*back), json);
  EXPECT_EQ(back->payload, envelope.payload);
  ASSERT_EQ(back->signatures.size(), 2u);
  EXPECT_EQ(back->signatures[1].key_id, "id");
}

TEST(Dsse, BothAlphabetsOfBase64AreTaken) {
  auto with = [](const std::string& payload) {
    auto parsed = parse_envelope(
        R"({"payload": ")" + payload + R"(", "payloadType": "t", "signatures": [{"sig": "AA=="}]})", "it");
    return parsed ? parsed->payload : "no: " + parsed.error().what;
  };
  EXPECT_EQ(with("+/8="), "\xfb\xff");
  EXPECT_EQ(with("-_8="), "\xfb\xff");
  for (const char* bad : {"-/8=", "+/8", "+/9=", "+/8==", "+/8=\\n", "+ /8=", "====", "A", ""})
    EXPECT_EQ(with(bad).substr(0, 3), "no:") << bad;
}

TEST(Dsse, WhatIsNoEnvelopeIsRefusedInWords) {
  const std::string good = R"("payload": "aGk=", "payloadType": "t", "signatures": [{"sig": "AA=="}])";
  EXPECT_EQ(fault("{" + good + ", \"more\": 1}"), "fine");
  EXPECT_EQ(fault("{" + good + ", \"payload\": \"aGk=\"}"), "corrupt: it has 'payload' twice in one object");
  EXPECT_EQ(fault("["), "corrupt: it is not JSON");
  EXPECT_EQ(fault("[]"), "corrupt: it is not a JSON object");
  EXPECT_EQ(fault("{" + good + "} {}"), "corrupt: it is not JSON");
  EXPECT_EQ(fault(R"({"payload": "aGk=", "payloadType": "t", "signatures": []})"),
            "corrupt: it has no signature");
  EXPECT_EQ(
      fault(R"({"payload": "aGk=", "payloadType": "t", "signatures": [{"sig": "AA==", "sig": "AA=="}]})"),
      "corrupt: it has 'sig' twice in one object");
  EXPECT_EQ(fault(R"({"payload": "aGk=", "signatures": [{"sig": "AA=="}]})").substr(0, 25),
            "corrupt: it: 'payloadType");
  EXPECT_EQ(fault(R"({"payload": 7, "payloadType": "t", "signatures": [{"sig": "AA=="}]})").substr(0, 22),
            "corrupt: it: 'payload'");
  std::string many = R"({"payload": "aGk=", "payloadType": "t", "signatures": [{"sig": "AA=="})";
  for (size_t i = 0; i < kMaxSignatures; ++i) many += R"(, {"sig": "AA=="})";
  EXPECT_EQ(fault(many + "]}"), "limit: it has more than 32 signatures");
  EXPECT_EQ(fault("{\"a\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}").substr(0, 34),
            "corrupt: it is nested deeper than ");
  EXPECT_EQ(fault(std::string(kMaxEnvelopeBytes + 1, ' ')).substr(0, 5), "limit");
}

TEST(Bundle, AnEnvelopeComesBackOutOfIt) {
  Envelope envelope{kInTotoPayload, "{}", {{"id", "x"}}};
  std::string bundle = bundle_json(envelope, "hint=");
  EXPECT_EQ(bundle, R"({"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json",)"
                    R"("signatures":[{"keyid":"id","sig":"eA=="}]},)"
                    R"("mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",)"
                    R"("verificationMaterial":{"publicKey":{"hint":"hint="},"tlogEntries":[]}})");
  for (const std::string& json : {bundle, envelope_json(envelope)}) {
    auto back = parse_attestation(json, "it");
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->payload, "{}");
  }
  auto blob = parse_attestation(
      R"({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {}})", "it");
  ASSERT_FALSE(blob);
  EXPECT_EQ(blob.error().code, Errc::unsupported);
  EXPECT_FALSE(parse_attestation(R"({"mediaType": "text/html"})", "it"));
}

}  // namespace
}  // namespace assay::attest
