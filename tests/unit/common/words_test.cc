#include "common/words.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

using Views = std::vector<std::string_view>;

TEST(Words, AreSplitAndJoined) {
  EXPECT_EQ(split("a,,b,", ','), (Views{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), Views{""});
  EXPECT_EQ(words_of("  a\tb=c \r"), (Views{"a", "b=c"}));
  EXPECT_TRUE(words_of(" \t").empty());
  EXPECT_EQ(joined({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(joined({}, ", "), "");
  EXPECT_EQ(trimmed(" \r\n a b\t"), "a b");
  EXPECT_EQ(trimmed(" \t"), "");
}

}  // namespace
}  // namespace assay
