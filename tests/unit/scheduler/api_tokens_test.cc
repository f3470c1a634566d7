// The token file: read, and changed by `assay tokens`.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "common/fd.h"
#include "scheduler/api/tokens.h"
#include "tests/support.h"

namespace assay::api {
namespace {

const std::string kHash(64, 'a');

std::string complaint(const std::string& text) {
  auto tokens = parse_tokens(text);
  return tokens ? "" : tokens.error().what;
}

TEST(Tokens, ReadsNamesRolesAndWeights) {
  auto tokens = parse_tokens("# who may what\n\nci submit,read " + kHash + " 3  # the pipeline\nboss admin " +
                             std::string(64, 'b') + "\n");
  ASSERT_TRUE(tokens) << tokens.error().what;
  ASSERT_EQ(tokens->size(), 2u);
  EXPECT_EQ((*tokens)[0].name, "ci");
  EXPECT_EQ(to_string((*tokens)[0].roles), "submit,read");
  EXPECT_EQ((*tokens)[0].weight, 3u);
  EXPECT_EQ((*tokens)[1].weight, 1u);
}

TEST(Tokens, NamesTheLineAndTheRule) {
  EXPECT_EQ(complaint("ok read " + kHash + "\nci"), "line 2: is not NAME ROLES SHA256 [WEIGHT]");
  EXPECT_EQ(complaint("a/b read " + kHash),
            "line 1: token name 'a/b' is not 1 to 64 letters, digits, dashes, dots and underscores");
  EXPECT_EQ(complaint("ci root " + kHash),
            "line 1: 'root' is no role; there are submit, read, operate and admin");
  EXPECT_EQ(complaint("ci read, " + kHash),
            "line 1: '' is no role; there are submit, read, operate and admin");
  EXPECT_EQ(complaint("ci read " + kHash + " 0"), "line 1: weight '0' is not a number from 1 to 1000");
  EXPECT_NE(complaint("ci read abc").find("line 1: "), std::string::npos);
}

TEST(Tokens, RolesAreASetAndAdminHasAll) {
  Token token;
  token.roles = kSubmit | kRead;
  EXPECT_TRUE(token.may(kRead));
  EXPECT_TRUE(token.may(kSubmit | kOperate));
  EXPECT_FALSE(token.may(kOperate));
  token.roles = kAdmin;
  EXPECT_TRUE(token.may(kOperate));
}

TEST(Tokens, ANewOneIsFoundByItsTextAndNoOther) {
  TempDir dir;
  auto file = dir.path() / "tokens";
  auto ci = add_token(file, "ci", kSubmit, 2);
  auto ops = add_token(file, "ops", kOperate | kRead, 1);
  ASSERT_TRUE(ci && ops);
  EXPECT_NE(*ci, *ops);
  EXPECT_EQ(ci->size(), 6u + 64u);
  auto tokens = load_tokens(file);
  ASSERT_TRUE(tokens) << tokens.error().what;
  ASSERT_NE(find_token(*tokens, *ci), nullptr);
  EXPECT_EQ(find_token(*tokens, *ci)->name, "ci");
  EXPECT_EQ(find_token(*tokens, *ops)->name, "ops");
  EXPECT_EQ(find_token(*tokens, *ci + "x"), nullptr);
  EXPECT_EQ(find_token(*tokens, ""), nullptr);
  EXPECT_EQ(find_token(*tokens, (*tokens)[0].digest.hex()), nullptr) << "the file's hash is no token";
}

TEST(Tokens, TheFileHoldsNoTokenAndIsItsOwnersAlone) {
  TempDir dir;
  auto file = dir.path() / "tokens";
  auto token = add_token(file, "ci", kSubmit, 1);
  ASSERT_TRUE(token);
  EXPECT_EQ(read_file(file, 1000)->find(token->substr(6)), std::string::npos);
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Tokens, AChangeKeepsModeCommentsAndTheOthers) {
  TempDir dir;
  auto file = dir.path() / "tokens";
  ASSERT_TRUE(write_file(file, "# mine\nci submit " + kHash, 0640));
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  ASSERT_TRUE(add_token(file, "ops", kOperate, 1));
  ASSERT_TRUE(revoke_token(file, "ops"));
  EXPECT_EQ(*read_file(file, 1000), "# mine\nci submit " + kHash + "\n");
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(Tokens, ANameIsTakenOnceAndRevokedOnlyWhenThere) {
  TempDir dir;
  auto file = dir.path() / "tokens";
  ASSERT_TRUE(add_token(file, "ci", kSubmit, 1));
  auto again = add_token(file, "ci", kRead, 1);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  auto missing = revoke_token(file, "cj");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(add_token(file, "a b", kRead, 1).error().code, Errc::invalid);
  EXPECT_EQ(add_token(file, "c", kRead, 0).error().code, Errc::invalid);
}

}  // namespace
}  // namespace assay::api
