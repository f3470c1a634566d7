// assay attest and assay verify as a user runs them: an image is scanned out of a real registry, attested of,
// and verified; and what has moved, changed or is by somebody else is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "common/fd.h"
#include "tests/e2e/assay.h"
#include "tests/farm/registry.h"

namespace assay::e2e {
namespace {

class AttestVerbs : public testing::Test {
 protected:
  // One scan of each serves all that is looked at.
  void SetUp() override {
    ASSAY_NEEDS_HOST();
    auto registry = farm::TestRegistry::start(dir_.path());
    ASSERT_TRUE(registry) << registry.error().what;
    registry_.emplace(std::move(*registry));
    for (const char* name : {"release", "other"}) {
      Ran made = attest({"--make-key", key(name)});
      ASSERT_EQ(made.code, 0) << made.err;
    }
  }
  std::string ref(const std::string& name) const { return registry_->host() + "/" + name; }
  std::string key(const std::string& name) const { return dir_.path() / name; }
  void push(const std::string& sample, const std::string& name) {
    Status pushed = registry_->push(image(sample), name);
    ASSERT_TRUE(pushed) << pushed.error().what;
  }
  nlohmann::json scan(const std::string& name) {
    Ran ran = assay(
        dir_, {"scan", ref(name), "--insecure", "--duration", "2s", "--no-provoke", "--format", "json"});
    EXPECT_TRUE(ran.code == 0 || ran.code == 10) << ran.err;
    return ran.json();
  }
  Ran attest(std::vector<std::string> args) {
    args.insert(args.begin(), {"attest", "--insecure"});
    return assay(dir_, args);
  }
  Ran verify(std::vector<std::string> args, const std::string& by = "release") {
    args.insert(args.begin(), {bin("assay"), "verify", "--insecure", "--key", key(by) + ".pub"});
    auto done = run({.argv = args}, std::chrono::seconds(60));
    if (!done) return {-1, "", done.error().what};
    return {done->status.shell_code(), done->out, done->err};
  }

  TempDir dir_;
  std::optional<farm::TestRegistry> registry_;
};

TEST_F(AttestVerbs, AnImageIsAttestedPushedAndVerified) {
  push("quiet", "team/app:1");
  Ran none = verify({ref("team/app:1")});
  EXPECT_EQ(none.code, 1) << none.out << none.err;
  EXPECT_NE(none.out.find("no attestation"), std::string::npos) << none.out;

  nlohmann::json report = scan("team/app:1");
  std::string id = report["scan"]["id"], digest = report["image"]["digest"];
  Ran done = attest({ref("team/app:1"), "--key", key("release") + ".key", "--push", "--cosign-tag",
                     "--output", dir_.path() / "bundle.json"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.err.find("listed under the tag sha256-" + digest.substr(7)), std::string::npos) << done.err;
  Ran passed = verify({ref("team/app:1"), "--max-age", "1h", "--verdict", "clean", "--format", "json"});
  ASSERT_EQ(passed.code, 0) << passed.out << passed.err;
  EXPECT_EQ(passed.json()["answer"], "passed");
  EXPECT_EQ(passed.json()["digest"], digest);
  EXPECT_EQ(passed.json()["attestations"].size(), 2u) << "the referrer, and cosign's tag";
  EXPECT_EQ(passed.json()["attestations"][0]["scan_id"], id);
  EXPECT_EQ(verify({ref("team/app@" + digest)}).code, 0);
  EXPECT_EQ(verify({"--bundle", dir_.path() / "bundle.json", "--digest", digest}).code, 0);
  Ran stranger = verify({ref("team/app:1")}, "other");
  EXPECT_EQ(stranger.code, 1) << stranger.out;
  EXPECT_NE(stranger.out.find("no signature of it is by a key that was given"), std::string::npos)
      << stranger.out;

  // The tag moves to an image that was never attested of: neither does what is there count, nor can the old
  // scan be attested of under it.
  push("miner", "team/app:1");
  EXPECT_EQ(verify({ref("team/app:1")}).code, 1);
  EXPECT_EQ(verify({ref("team/app@" + digest)}).code, 0);
  Ran moved = attest({id, "--key", key("release") + ".key", "--push"});
  EXPECT_EQ(moved.code, 1);
  EXPECT_NE(moved.err.find("and the scan was of " + digest), std::string::npos) << moved.err;
  Ran unscanned = attest({ref("team/app:1"), "--key", key("release") + ".key", "--push"});
  EXPECT_EQ(unscanned.code, 1);
  EXPECT_NE(unscanned.err.find("assay scan makes one"), std::string::npos) << unscanned.err;

  std::string bad = scan("team/app:1")["scan"]["id"];
  ASSERT_EQ(attest({bad, "--key", key("release") + ".key", "--push"}).code, 0);
  Ran failed = verify({ref("team/app:1")});
  EXPECT_EQ(failed.code, 10) << failed.out << failed.err;
  EXPECT_NE(failed.out.find("verdict malicious"), std::string::npos) << failed.out;

  // A policy decides otherwise than the verdict, and is named.
  ASSERT_TRUE(write_file(dir_.path() / "strict.yml",
                         "schema: assay.policy/1\nname: strict\nfail: {verdict: malicious}\n"));
  Ran by_policy =
      attest({bad, "--key", key("release") + ".key", "--push", "--policy", dir_.path() / "strict.yml"});
  ASSERT_EQ(by_policy.code, 0) << by_policy.err;
  EXPECT_EQ(verify({ref("team/app:1"), "--policy-name", "strict"}).code, 10);
  EXPECT_EQ(verify({ref("team/app:1"), "--policy-name", "lax"}).code, 1);
}

TEST_F(AttestVerbs, WrongUseIsSaidInWords) {
  EXPECT_EQ(attest({}).code, 2);
  EXPECT_EQ(attest({"x/y:1", "--push"}).code, 2) << "no key";
  EXPECT_EQ(attest({"x/y:1", "--key", key("release") + ".key"}).code, 2) << "nowhere to";
  EXPECT_EQ(attest({"oci:/tmp/x", "--key", key("release") + ".key", "--push"}).code, 2);
  EXPECT_EQ(attest({"--make-key", key("release")}).code, 1) << "there is one";
  EXPECT_EQ(verify({}).code, 2);
  EXPECT_EQ(verify({"a", "b"}).code, 2);
  Ran secret = verify({"--key", key("release") + ".key", ref("team/app:1")});
  EXPECT_EQ(secret.code, 2);
  EXPECT_NE(secret.err.find("it is a private one"), std::string::npos) << secret.err;
  ASSERT_TRUE(write_file(key("release") + ".key", "x"));
  EXPECT_EQ(attest({ref("team/app:1"), "--key", key("release") + ".key", "--push"}).code, 2);
}

}  // namespace
}  // namespace assay::e2e
