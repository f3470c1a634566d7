// assay tokens, as the shell sees it.
#include <gtest/gtest.h>

#include "cli/verbs.h"
#include "common/fd.h"
#include "scheduler/api/tokens.h"
#include "tests/support.h"

namespace assay::cli {
namespace {

class TokensTest : public testing::Test {
 protected:
  int run(Args args) {
    args.push_back("--file");
    args.push_back(file());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int code = tokens(args);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }
  std::string file() const { return (dir_.path() / "tokens").string(); }

  TempDir dir_;
  std::string out_, err_;
};

TEST_F(TokensTest, NewShowsATokenThatTheFileKnows) {
  ASSERT_EQ(run({"new", "ci", "submit,read", "--weight", "3"}), kBelowGate) << err_;
  std::string token = out_.substr(0, out_.size() - 1);
  EXPECT_EQ(err_.find(token), std::string::npos);
  auto tokens = api::load_tokens(file());
  ASSERT_TRUE(tokens);
  ASSERT_NE(api::find_token(*tokens, token), nullptr);
  ASSERT_EQ(run({"list"}), kBelowGate);
  EXPECT_EQ(out_, "ci  submit,read  weight 3\n");
  ASSERT_EQ(run({"revoke", "ci"}), kBelowGate);
  EXPECT_EQ(out_, "ci  revoked\n");
  ASSERT_EQ(run({"list"}), kBelowGate);
  EXPECT_EQ(out_, "");
}

TEST_F(TokensTest, SaysWhatIsWrong) {
  EXPECT_EQ(run({"new", "ci"}), kUsage);
  EXPECT_EQ(err_, "assay: usage: assay tokens new NAME ROLE[,ROLE...]\n");
  EXPECT_EQ(run({"new", "ci", "root"}), kUsage);
  EXPECT_EQ(err_, "assay: 'root' is no role; there are submit, read, operate and admin\n");
  EXPECT_EQ(run({"new", "ci", "read", "--weight", "0"}), kUsage);
  EXPECT_EQ(run({}), kUsage);
  EXPECT_EQ(err_, "assay: assay tokens knows new, list and revoke\n");
  EXPECT_EQ(run({"list"}), kFailed) << "no such file";
  ASSERT_EQ(run({"new", "ci", "read"}), kBelowGate);
  EXPECT_EQ(run({"new", "ci", "read"}), kFailed);
  EXPECT_NE(err_.find("revoke it first"), std::string::npos);
  EXPECT_EQ(run({"revoke", "cj"}), kFailed);
}

}  // namespace
}  // namespace assay::cli
