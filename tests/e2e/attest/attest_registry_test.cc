// Attestations in Debian's docker-registry, which lacks the referrers API: under the fallback tag; and behind
// a proxy of ours that offers that API in front of it.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "attest/artifact.h"
#include "attest/attach.h"
#include "common/process.h"
#include "tests/farm/registry.h"
#include "tests/farm/registry_proxy.h"
#include "tests/support.h"
#include "tests/unit/attest/attested.h"

namespace assay::attest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kRepository = "team/app";

class AttestRegistry : public testing::Test {
 protected:
  void start(const farm::RegistryOptions& options = {}) {
    ASSAY_NEED(find_program("docker-registry"), "docker-registry");
    auto started = farm::TestRegistry::start(dir_.path(), options);
    ASSERT_TRUE(started) << started.error().what;
    registry_ = std::move(*started);
    std::ofstream(dir_.path() / "registries.conf") << "unqualified-search-registries = []\n";
  }
  sources::Registry client(const std::string& host, bool login = true) {
    sources::RegistryOptions options;
    options.host = host;
    options.insecure = !fs::exists(registry_.certs_dir());
    std::ofstream(dir_.path() / "nobody.json") << "{}\n";
    options.auth_file =
        login && fs::exists(registry_.auth_file()) ? registry_.auth_file() : dir_.path() / "nobody.json";
    options.places = {dir_.path() / "registries.conf", registry_.certs_dir()};
    return sources::Registry(options, sources::Http());
  }
  // An image of no layers.
  Subject put_image(sources::Registry& registry) {
    sources::RegistryPush push(registry);
    std::string config =
        R"({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}})";
    auto blob = push.blob(kRepository, config);
    EXPECT_TRUE(blob) << blob.error().what;
    json manifest = {{"schemaVersion", 2},
                     {"mediaType", kImageManifest},
                     {"config",
                      {{"mediaType", "application/vnd.oci.image.config.v1+json"},
                       {"digest", Digest::of(config).str()},
                       {"size", config.size()}}},
                     {"layers", json::array()}};
    auto put = push.manifest(kRepository, "1.0", manifest.dump(), kImageManifest);
    EXPECT_TRUE(put) << put.error().what;
    return {kRepository, put ? put->digest : "", kImageManifest, manifest.dump().size()};
  }
  Attaching attaching(const std::string& digest, Verdict verdict, int64_t now_s = kNow_s) {
    Attaching out;
    out.envelope = *parse_attestation(attestation_of(key_, report_of(digest, verdict), now_s), "it");
    out.key_hint = key_.public_key()->hint();
    out.predicate_type = kTestResultType;
    out.now_s = now_s;
    return out;
  }
  Result<Attached> attach_to(sources::Registry& registry, const Subject& subject, const Attaching& what) {
    sources::RegistryPush push(registry, std::chrono::milliseconds(80));
    return attach(registry, push, subject, what);
  }
  // "PASSED; passed, no: ..." of what is found.
  std::string verified(sources::Registry& registry, const std::string& digest) {
    auto found = find_attestations(registry, kRepository, digest);
    if (!found) return found.error().what;
    std::vector<PublicKey> keys;
    keys.push_back(*key_.public_key());
    Wanted wanted;
    wanted.digest = digest;
    Judgement judgement = judge(*found, keys, wanted, kNow_s);
    std::string out = judgement.answer == Answer::passed   ? "PASSED"
                      : judgement.answer == Answer::failed ? "FAILED"
                                                           : "NONE";
    for (const Judged& one : judgement.all)
      out += std::string("; ") + (!one.counts ? "no: " : one.passed ? "passed" : "failed: ") + one.why;
    return out;
  }
  fs::path blob_file(const std::string& digest) {
    return dir_.path() / "blobs/docker/registry/v2/blobs/sha256" / digest.substr(7, 2) / digest.substr(7) /
           "data";
  }

  TempDir dir_;
  farm::TestRegistry registry_;
  SigningKey key_ = *SigningKey::make(KeyKind::ecdsa_p256);
};

TEST_F(AttestRegistry, LieUnderTheFallbackTagWhereTheApiIsMissing) {
  start();
  sources::Registry registry = client(registry_.host());
  Subject subject = put_image(registry);
  EXPECT_EQ(verified(registry, subject.digest), "NONE");
  auto first = attach_to(registry, subject, attaching(subject.digest, Verdict::malicious, kNow_s - 100));
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_FALSE(first->listed);
  EXPECT_EQ(first->tag, "sha256-" + subject.digest.substr(7));
  EXPECT_EQ(verified(registry, subject.digest), "FAILED; failed: the image has failed");
  auto second = attach_to(registry, subject, attaching(subject.digest, Verdict::clean));
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(verified(registry, subject.digest),
            "PASSED; no: a newer one of the same signer speaks in its place; passed");
  auto index = registry.manifest(kRepository, second->tag);
  ASSERT_TRUE(index) << index.error().what;
  json entries = json::parse(index->bytes)["manifests"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1]["digest"], second->digest);
  EXPECT_EQ(entries[1]["artifactType"], kBundleType);
  EXPECT_EQ(entries[1]["annotations"]["dev.sigstore.bundle.predicateType"], kTestResultType);
  // The same once more changes nothing.
  ASSERT_TRUE(attach_to(registry, subject, attaching(subject.digest, Verdict::clean)));
}

TEST_F(AttestRegistry, AreListedByARegistryThatOffersTheApi) {
  start();
  auto proxy = farm::RegistryProxy::start(registry_.host());
  ASSERT_TRUE(proxy) << proxy.error().what;
  proxy->offer_referrers();
  sources::Registry registry = client(proxy->host());
  Subject subject = put_image(registry);
  auto done = attach_to(registry, subject, attaching(subject.digest, Verdict::clean));
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_TRUE(done->listed);
  EXPECT_EQ(done->tag, "");
  EXPECT_EQ(verified(registry, subject.digest), "PASSED; passed");
  EXPECT_GE(proxy->count("GET /v2/team/app/referrers/sha256:", 200), 1u);
  EXPECT_EQ(proxy->count("/manifests/sha256-" + subject.digest.substr(7) + " "), 0u);
}

TEST_F(AttestRegistry, ManyAtOnceAreAllListed) {
  start();
  sources::Registry registry = client(registry_.host());
  Subject subject = put_image(registry);
  constexpr int kWriters = 4;
  std::vector<std::string> faults(kWriters);
  std::vector<Attaching> what;
  for (int i = 0; i < kWriters; ++i) what.push_back(attaching(subject.digest, Verdict::clean, kNow_s - i));
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i)
      writers.emplace_back([&, i, own = client(registry_.host())]() mutable {
        auto done = attach_to(own, subject, what[i]);
        if (!done) faults[i] = done.error().what;
      });
  }
  EXPECT_EQ(faults, std::vector<std::string>(kWriters));
  auto found = find_attestations(registry, kRepository, subject.digest);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->size(), size_t{kWriters});
}

TEST_F(AttestRegistry, CosignsTagIsWrittenAndReadToo) {
  start();
  sources::Registry registry = client(registry_.host());
  Subject subject = put_image(registry);
  for (Verdict verdict : {Verdict::malicious, Verdict::clean}) {
    Attaching what = attaching(subject.digest, verdict, kNow_s - (verdict == Verdict::clean ? 0 : 9));
    what.cosign_tag = true;
    auto done = attach_to(registry, subject, what);
    ASSERT_TRUE(done) << done.error().what;
    EXPECT_EQ(done->cosign_tag, "sha256-" + subject.digest.substr(7) + ".att");
  }
  auto image = registry.manifest(kRepository, "sha256-" + subject.digest.substr(7) + ".att");
  ASSERT_TRUE(image) << image.error().what;
  json layers = json::parse(image->bytes)["layers"];
  ASSERT_EQ(layers.size(), 2u);
  for (const json& layer : layers) {
    EXPECT_EQ(layer["mediaType"], kEnvelopeType);
    EXPECT_EQ(layer["annotations"]["predicateType"], kTestResultType);
  }
  auto found = find_attestations(registry, kRepository, subject.digest);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->size(), 4u);
  EXPECT_EQ(verified(registry, subject.digest).substr(0, 6), "PASSED");
}

TEST_F(AttestRegistry, WhatWasChangedOnTheRegistrysDiskIsRefused) {
  start();
  sources::Registry registry = client(registry_.host());
  Subject subject = put_image(registry);
  auto done = attach_to(registry, subject, attaching(subject.digest, Verdict::clean));
  ASSERT_TRUE(done) << done.error().what;
  auto manifest = registry.manifest(kRepository, done->digest);
  ASSERT_TRUE(manifest) << manifest.error().what;
  std::string layer = json::parse(manifest->bytes)["layers"][0]["digest"];
  std::fstream file(blob_file(layer), std::ios::in | std::ios::out);
  ASSERT_TRUE(file);
  file.seekp(40);
  file.put('x').flush();
  std::string said = verified(registry, subject.digest);
  EXPECT_EQ(said.substr(0, 9), "NONE; no:") << said;
  EXPECT_NE(said.find("not what was asked for"), said.npos) << said;
}

TEST_F(AttestRegistry, PushesWithItsLoginAndSaysWhoLacksOne) {
  ASSAY_NEED(find_program("htpasswd"), "htpasswd");
  start({true, "robot", "s3cret", ""});
  sources::Registry registry = client(registry_.host());
  Subject subject = put_image(registry);
  ASSERT_TRUE(attach_to(registry, subject, attaching(subject.digest, Verdict::clean)));
  EXPECT_EQ(verified(registry, subject.digest), "PASSED; passed");
  sources::Registry nobody = client(registry_.host(), false);
  auto refused = attach_to(nobody, subject, attaching(subject.digest, Verdict::suspicious));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().what.find("cannot push the blob sha256:"), std::string::npos)
      << refused.error().what;
}

TEST_F(AttestRegistry, ARegistryThatFailsOnceIsAskedAgain) {
  start();
  auto proxy = farm::RegistryProxy::start(registry_.host());
  ASSERT_TRUE(proxy) << proxy.error().what;
  sources::Registry registry = client(proxy->host());
  Subject subject = put_image(registry);
  proxy->inject({.match = "PUT /v2/team/app/manifests/", .status = 500, .times = 1});
  proxy->inject({.match = "POST ", .status = 502, .times = 1});
  auto done = attach_to(registry, subject, attaching(subject.digest, Verdict::clean));
  ASSERT_TRUE(done) << done.error().what;
  proxy->inject({.match = "PUT ", .status = 500});
  EXPECT_FALSE(attach_to(registry, subject, attaching(subject.digest, Verdict::suspicious)));
}

}  // namespace
}  // namespace assay::attest
