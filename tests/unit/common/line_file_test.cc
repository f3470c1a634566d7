#include "common/line_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

constexpr size_t kLimit = 1000;

Result<std::string> add_line(const std::string& text) { return text + "line\n"; }

TEST(LineFile, ANewOneIsItsOwnersAlone) {
  TempDir dir;
  auto file = dir.path() / "tokens";
  EXPECT_EQ(change_lines(file, kLimit, IfMissing::refuse, add_line).error().code, Errc::not_found);
  ASSERT_TRUE(change_lines(file, kLimit, IfMissing::make, add_line));
  struct stat found {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(*read_file(file, kLimit), "line\n");
}

TEST(LineFile, AChangeKeepsTheModeAndARefusedOneTheFile) {
  TempDir dir;
  auto file = dir.path() / "tokens";
  ASSERT_TRUE(write_file(file, "old\n", 0640));
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  ASSERT_TRUE(change_lines(file, kLimit, IfMissing::refuse, add_line));
  EXPECT_EQ(*read_file(file, kLimit), "old\nline\n");
  auto refuse = [](const std::string&) -> Result<std::string> { return Error{Errc::conflict, "no"}; };
  EXPECT_EQ(change_lines(file, kLimit, IfMissing::refuse, refuse).error().what, "no");
  EXPECT_EQ(*read_file(file, kLimit), "old\nline\n");
  struct stat found {};
  ASSERT_EQ(::stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0640u);
  EXPECT_FALSE(change_lines(file, 3, IfMissing::refuse, add_line));
}

TEST(LineFile, WordsAreThoseBeforeTheComment) {
  std::vector<std::string_view> words = {"a", "b=c"};
  EXPECT_EQ(words_of_line("  a\tb=c\r # d"), words);
  EXPECT_TRUE(words_of_line("# a").empty());
  EXPECT_EQ(without_lines("a\nb\na", [](std::string_view line) { return line == "a"; }), "b\n");
}

}  // namespace
}  // namespace assay
