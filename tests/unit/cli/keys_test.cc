// assay keys, as an operator uses it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/verbs.h"
#include "common/fd.h"
#include "common/keys.h"
#include "common/loop.h"
#include "tests/support.h"

namespace assay::cli {
namespace {

class KeysVerb : public ::testing::Test {
 protected:
  // The exit code; what was printed is in out_ and err_.
  int run(Args args) {
    args.insert(args.end(), {"--dir", (dir_.path() / "keys").string()});
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    int code = keys(args);
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }
  std::string file(const char* name) const { return (dir_.path() / "keys" / name).string(); }

  TempDir dir_;
  std::string out_, err_;
};

TEST_F(KeysVerb, SchedulerAndAgentMeetByCopiedFiles) {
  ASSERT_EQ(run({"new", "--scheduler"}), kBelowGate) << err_;
  CurveKeys scheduler = *load_keys(dir_.path() / "keys", kSchedulerKey);
  EXPECT_NE(out_.find(scheduler.public_key), std::string::npos);
  EXPECT_EQ(out_.find(scheduler.secret_key), std::string::npos);
  EXPECT_TRUE(load_allow_list(dir_.path() / "keys")->empty());
  ASSERT_EQ(run({"new", "--name", "rack-4"}), kBelowGate) << err_;
  CurveKeys agent = *load_keys(dir_.path() / "keys", kAgentKey);
  EXPECT_NE(out_.find("  assay keys allow rack-4 '" + agent.public_key + "'\n"), std::string::npos) << out_;
  EXPECT_EQ(out_.find(agent.secret_key), std::string::npos);
  ASSERT_EQ(run({"allow", "rack-4", agent.public_key}), kBelowGate) << err_;
  EXPECT_NE(out_.find("systemctl reload assay-scheduler"), std::string::npos);
  EXPECT_EQ(allowed_keys(*load_allow_list(dir_.path() / "keys")), std::set<std::string>{agent.public_key});
  ASSERT_EQ(run({"revoke", "rack-4"}), kBelowGate) << err_;
  auto list = *load_allow_list(dir_.path() / "keys");
  ASSERT_EQ(list.size(), 1u);
  EXPECT_TRUE(list[0].revoked);
  EXPECT_EQ(list[0].date.size(), 10u);
}

TEST_F(KeysVerb, ListShowsWhoMayConnect) {
  ASSERT_EQ(run({"new", "--scheduler"}), kBelowGate);
  std::string key = make_curve_keys()->public_key, old = make_curve_keys()->public_key;
  ASSERT_TRUE(write_file(file("agents"), "allow " + key + " new 2026-02-01\nrevoked " + old + " old\n"));
  ASSERT_EQ(run({"list"}), kBelowGate);
  EXPECT_EQ(out_,
            "STATE     DATE        PUBLIC KEY                                AGENT\n"
            "allowed   2026-02-01  " +
                key +
                "  new\n"
                "revoked   -           " +
                old + "  old\n");
  ASSERT_EQ(run({"list", "--format", "json"}), kBelowGate);
  EXPECT_NE(out_.find("\"agent\": \"new\",\n  \"state\": \"allowed\","), std::string::npos) << out_;
}

TEST_F(KeysVerb, KeysAreNotReplaced) {
  ASSERT_EQ(run({"new"}), kBelowGate);
  std::string before = *read_file(file("agent.key"), 1000);
  EXPECT_EQ(run({"new"}), kFailed);
  EXPECT_EQ(err_,
            "assay: " + file("agent.key") + ": exists already; remove it first if it shall be replaced\n");
  EXPECT_EQ(*read_file(file("agent.key"), 1000), before);
}

TEST_F(KeysVerb, WrongUseIsExitCodeTwo) {
  ASSERT_EQ(run({"new", "--scheduler"}), kBelowGate);
  EXPECT_EQ(run({}), kUsage);
  EXPECT_EQ(run({"delete"}), kUsage);
  EXPECT_EQ(run({"allow", "name"}), kUsage);
  EXPECT_EQ(err_, "assay: usage: assay keys allow NAME PUBLICKEY [--dir DIR]\n");
  EXPECT_EQ(run({"allow", "name", "key"}), kUsage);
  EXPECT_EQ(err_, "assay: 'key' is no public key (40 characters of Z85)\n");
  EXPECT_EQ(run({"new", "--name", "a/b"}), kUsage);
  EXPECT_EQ(run({"list", "--format", "xml"}), kUsage);
  EXPECT_EQ(run({"revoke", "nobody"}), kFailed);
  EXPECT_EQ(err_, "assay: " + file("agents") + ": no allowed key of 'nobody'\n");
}

TEST_F(KeysVerb, DirectoryThatIsNotThereIsNamed) {
  EXPECT_EQ(run({"list"}), kFailed);
  EXPECT_EQ(err_,
            "assay: open " + file("agents") + ": No such file or directory (assay keys allow makes it)\n");
  EXPECT_EQ(run({"allow", "name", make_curve_keys()->public_key}), kFailed);
  EXPECT_NE(err_.find("No such file or directory"), std::string::npos);
}

}  // namespace
}  // namespace assay::cli
