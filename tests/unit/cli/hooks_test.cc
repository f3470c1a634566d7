// assay hooks, as the shell sees it.
#include <gtest/gtest.h>

#include "cli/verbs.h"
#include "common/fd.h"
#include "scheduler/hooks/hook.h"
#include "tests/support.h"

namespace assay::cli {
namespace {

class HooksTest : public testing::Test {
 protected:
  int run(Args args) {
    args.push_back("--file");
    args.push_back(file());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int code = cli::hooks(args);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }
  std::string file() const { return (dir_.path() / "hooks").string(); }
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (size_t at = 0; at < out_.size();) {
      size_t end = std::min(out_.find('\n', at), out_.size());
      out.push_back(out_.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }

  TempDir dir_;
  std::string out_, err_;
};

TEST_F(HooksTest, NewShowsUrlAndSecretOnceAndHowToSetItUp) {
  ASSERT_EQ(run({"new", "night", "harbor", "host=harbor.example", "lane=gate", "--tenant", "ops", "--url",
                 "https://assay.example/"}),
            kBelowGate)
      << err_;
  ASSERT_EQ(lines().size(), 2u) << out_;
  EXPECT_EQ(lines()[0], "https://assay.example/v1/hooks/night");
  std::string secret = lines()[1];
  EXPECT_EQ(secret.size(), 70u);
  EXPECT_EQ(err_.find(secret), std::string::npos);
  EXPECT_NE(err_.find("auth header"), std::string::npos) << err_;
  EXPECT_EQ(read_file(file(), 4096)->find(secret), std::string::npos);
  ASSERT_EQ(run({"list"}), kBelowGate);
  EXPECT_EQ(out_, "night  harbor  tenant ops host=harbor.example lane=gate\n");
  ASSERT_EQ(run({"revoke", "night"}), kBelowGate);
  EXPECT_EQ(out_, "night  revoked\n");
  ASSERT_EQ(run({"list"}), kBelowGate);
  EXPECT_EQ(out_, "");
}

TEST_F(HooksTest, DockerHubsUrlEndsInItsSecretAndTheTenantIsTheNameUnlessSaid) {
  ASSERT_EQ(run({"new", "hub", "dockerhub"}), kBelowGate) << err_;
  EXPECT_TRUE(lines()[0].ends_with("/v1/hooks/hub/" + lines()[1])) << out_;
  ASSERT_EQ(run({"list"}), kBelowGate);
  EXPECT_EQ(out_, "hub  dockerhub  tenant hub\n");
}

TEST_F(HooksTest, SaysWhatIsWrong) {
  EXPECT_EQ(run({"new", "ci"}), kUsage);
  EXPECT_EQ(err_, "assay: usage: assay hooks new NAME SENDER [OPTION=VALUE...]\n");
  EXPECT_EQ(run({"new", "ci", "quay"}), kUsage);
  EXPECT_EQ(err_,
            "assay: 'quay' is no sender; there are registry, harbor, dockerhub, github, gitlab and ecr\n");
  EXPECT_EQ(run({"new", "ci", "harbor", "queue=https://x"}), kUsage);
  EXPECT_EQ(err_, "assay: option queue: 'queue' is for hooks of ecr alone\n");
  EXPECT_EQ(run({"new", "ci", "harbor", "host"}), kUsage);
  EXPECT_EQ(run({}), kUsage);
  EXPECT_EQ(err_, "assay: assay hooks knows new, list and revoke\n");
  ASSERT_EQ(run({"new", "ci", "harbor"}), kBelowGate);
  EXPECT_EQ(run({"new", "ci", "harbor"}), kFailed);
  EXPECT_NE(err_.find("revoke it first"), std::string::npos);
  EXPECT_EQ(run({"revoke", "cj"}), kFailed);
}

}  // namespace
}  // namespace assay::cli
