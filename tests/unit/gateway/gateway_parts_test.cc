// What stands between a review and its answer: policies, remembered decisions, the choice of scans, options.
#include <gtest/gtest.h>

#include <boost/program_options.hpp>

#include "common/fd.h"
#include "gateway/config.h"
#include "gateway/decision_cache.h"
#include "gateway/judge.h"
#include "gateway/policies.h"
#include "tests/support.h"

namespace assay::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

decisions::Decision decided(const std::string& ref) {
  decisions::Decision out;
  out.ref = ref;
  return out;
}

DecisionKey key(const std::string& policy, const std::string& digest) {
  return {policy, digest, "registry.example/app"};
}

TEST(DecisionCache, RemembersForAWhileByPolicyDigestAndReference) {
  DecisionCache cache(10, seconds(60));
  DecisionCache::Clock::time_point now{};
  cache.keep(key("p", "sha256:a"), decided("a"), now);
  cache.keep(key("p", "sha256:b"), decided("b"), now, seconds(3));
  EXPECT_EQ(cache.find(key("p", "sha256:a"), now + seconds(59))->ref, "a");
  EXPECT_FALSE(cache.find(key("q", "sha256:a"), now));
  EXPECT_FALSE(cache.find({"p", "sha256:a", "registry.example/another"}, now));
  EXPECT_TRUE(cache.find(key("p", "sha256:b"), now + seconds(2)));
  EXPECT_FALSE(cache.find(key("p", "sha256:b"), now + seconds(3)));
  EXPECT_FALSE(cache.find(key("p", "sha256:a"), now + seconds(60)));
  EXPECT_EQ(cache.size(), 0u);
  cache.keep(key("p", "sha256:a"), decided("again"), now, seconds(900));  // never longer than its own time
  EXPECT_FALSE(cache.find(key("p", "sha256:a"), now + seconds(61)));
}

TEST(DecisionCache, IsBounded) {
  DecisionCache cache(3, seconds(60));
  DecisionCache::Clock::time_point now{};
  for (int i = 0; i < 1000; ++i) cache.keep(key("p", std::to_string(i)), decided("x"), now);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_FALSE(cache.find(key("p", "996"), now));
  EXPECT_TRUE(cache.find(key("p", "997"), now));
  cache.keep(key("p", "997"), decided("new"), now);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(cache.find(key("p", "997"), now)->ref, "new");
  DecisionCache off(3, seconds(0));
  off.keep(key("p", "a"), decided("x"), now);
  EXPECT_EQ(off.size(), 0u);
}

std::string policy_text(const std::string& name, const std::string& verdict = "malicious") {
  return "schema: assay.policy/1\nname: " + name + "\nfail:\n  verdict: " + verdict + "\n";
}

TEST(Policies, AreReadAgainTogetherOrStay) {
  TempDir dir;
  std::string one = dir.path() / "one.yaml", two = dir.path() / "two.yaml";
  ASSERT_TRUE(write_file(one, policy_text("one")));
  ASSERT_TRUE(write_file(two, policy_text("two")));
  auto policies = Policies::load({one, two});
  ASSERT_TRUE(policies) << policies.error().what;
  EXPECT_EQ(policies->find("")->name, "one");
  EXPECT_EQ(policies->find("two")->name, "two");
  EXPECT_EQ(policies->find("three").error().what, "there is no policy 'three' here, only one, two");
  std::string before = policies->find("one")->sha256;
  ASSERT_TRUE(write_file(one, policy_text("one", "suspicious")));
  ASSERT_TRUE(write_file(two, "nonsense"));
  EXPECT_FALSE(policies->reload());
  EXPECT_EQ(policies->find("one")->sha256, before);
  ASSERT_TRUE(write_file(two, policy_text("two")));
  EXPECT_TRUE(policies->reload());
  EXPECT_NE(policies->find("one")->sha256, before);
  ASSERT_TRUE(write_file(two, policy_text("one")));
  EXPECT_EQ(policies->reload().error().what,
            two + ": there is another policy named 'one': requests could not tell them apart");
  EXPECT_FALSE(Policies::load({}));
}

FarmScan scan(const std::string& id, const std::string& persona, int64_t finished_s, bool report = true) {
  FarmScan out;
  out.scan_id = id;
  out.persona = persona;
  out.finished_ns = finished_s * 1'000'000'000;
  out.state = report ? "done" : "failed";
  out.has_report = report;
  return out;
}

TEST(Judge, TakesTheNewestResultOfEachPersona) {
  constexpr int64_t kNow = 1'000'000;
  std::vector<FarmScan> scans = {scan("7", "bare", kNow, false), scan("6", "bare", kNow - 10),
                                 scan("5", "ci", kNow - 20),     scan("4", "bare", kNow - 30),
                                 scan("3", "ci", kNow - 40),     scan("2", "kubernetes", kNow - 5000)};
  auto ids = [&](const decisions::Policy& policy) {
    std::string out;
    for (const FarmScan& one : scans_to_judge(scans, policy, kNow)) out += one.scan_id + " ";
    return out;
  };
  decisions::Policy policy;
  EXPECT_EQ(ids(policy), "6 5 2 ");
  policy.oldest_s = 1000;
  EXPECT_EQ(ids(policy), "6 5 ");
  // The newest is judged however old it is: that it is too old is the policy's to say.
  policy.oldest_s = 5;
  EXPECT_EQ(ids(policy), "6 ");
  scans = {scan("7", "bare", kNow, false)};
  EXPECT_EQ(ids(policy), "");
}

std::string settings_error(std::vector<const char*> words) {
  namespace po = boost::program_options;
  po::options_description options;
  describe(options);
  po::variables_map map;
  words.insert(words.begin(), "assay-gateway");
  po::store(po::parse_command_line(static_cast<int>(words.size()), words.data(), options), map);
  auto settings = read_settings(map);
  return settings ? "" : settings.error().what;
}

TEST(GatewaySettings, SayWhichOptionIsWrong) {
  EXPECT_EQ(settings_error({}), "");
  EXPECT_EQ(settings_error({"--listen", "nowhere"}),
            "listen 'nowhere' is not ADDRESS:PORT, as in 0.0.0.0:8443");
  EXPECT_EQ(settings_error({"--cert", "a.pem"}), "cert and key belong together: one of them is not given");
  EXPECT_EQ(settings_error({"--client-ca", "a.pem"}),
            "client-ca takes a cert and a key: without TLS no client shows a certificate");
  EXPECT_EQ(settings_error({"--client-name", "x"}),
            "client-name takes a client-ca: without one no certificate is asked for");
  EXPECT_EQ(settings_error({"--unpinned", "perhaps"}), "unpinned 'perhaps' is none of pass, warn, fail");
  EXPECT_EQ(settings_error({"--unanswered", "deny"}), "unanswered 'deny' is none of pass, warn, fail");
  EXPECT_EQ(settings_error({"--answer-time", "0"}), "answer-time is 100ms to 60s");
  EXPECT_EQ(settings_error({"--cache-time", "2h"}), "cache-time is at most 1h");
  EXPECT_NE(settings_error({"--scheduler", "farm.example"}), "");
  EXPECT_NE(settings_error({"--scheduler", "http://farm.example/v1"}), "");
  EXPECT_NE(settings_error({"--lane", "fast"}), "");
  EXPECT_NE(settings_error({"--platform", "amiga"}), "");
}

TEST(FarmToken, IsOneLineAndNeverShown) {
  TempDir dir;
  std::string file = dir.path() / "token";
  ASSERT_TRUE(write_file(file, "  assay_secret \nanother\n"));
  EXPECT_EQ(*read_token(file), "assay_secret");
  for (const std::string& bad : {std::string(), std::string("\n"), std::string("a b\n"),
                                 std::string(600, 'x'), std::string("a\x01")}) {
    ASSERT_TRUE(write_file(file, bad));
    auto token = read_token(file);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().what,
              "token file " + file + ": its first line is no token of 1 to 512 visible ASCII characters");
  }
  EXPECT_NE(read_token(dir.path() / "absent").error().what.find("assay tokens new gateway read,submit"),
            std::string::npos);
}

}  // namespace
}  // namespace assay::gateway
