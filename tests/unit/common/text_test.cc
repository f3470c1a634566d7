// Hostile bytes made fit to show, and guest paths resolved.
#include "common/text.h"

#include <gtest/gtest.h>

#include <random>

namespace assay {
namespace {

using namespace std::string_literals;

TEST(Text, LeavesPrintableUtf8Alone) {
  for (std::string text : {"", "plain ~text!", "Grüße", "日本語", "emoji \U0001F600", "\u00a0", "\U0010FFFD"})
    EXPECT_EQ(printable(text), text);
}

TEST(Text, EscapesControlCharacters) {
  EXPECT_EQ(printable("a\0b\tc\nd\re\x1b[31m\x7f"s), "a\\x00b\\x09c\\x0ad\\x0de\\x1b[31m\\x7f");
  EXPECT_EQ(printable("\xc2\x80\xc2\x9b\xc2\x9f"), "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f");  // C1, CSI among them
}

TEST(Text, EscapesBackslashSoThatNothingIsAmbiguous) { EXPECT_EQ(printable("\\x00 \\"), "\\\\x00 \\\\"); }

TEST(Text, EscapesWhatReordersOrHidesText) {
  const std::pair<std::string, std::string> kCases[] = {
      {"\u202e", "\\xe2\\x80\\xae"},  // right-to-left override
      {"\u2066", "\\xe2\\x81\\xa6"},  // isolate
      {"\u061c", "\\xd8\\x9c"},       // Arabic letter mark
      {"\u200b", "\\xe2\\x80\\x8b"},  // zero width space
      {"\u200f", "\\xe2\\x80\\x8f"},
      {"\u2028", "\\xe2\\x80\\xa8"},
      {"\u2029", "\\xe2\\x80\\xa9"},
      {"\u2060", "\\xe2\\x81\\xa0"},
      {"\ufeff", "\\xef\\xbb\\xbf"},
      {"\u00ad", "\\xc2\\xad"},
      {"\u180e", "\\xe1\\xa0\\x8e"},
      {"\ufffb", "\\xef\\xbf\\xbb"},
      {"\U000E0041", "\\xf3\\xa0\\x81\\x81"},  // tag characters
      {"\u3164", "\\xe3\\x85\\xa4"},           // Hangul filler: a letter that is drawn as nothing
      {"\uffa0", "\\xef\\xbe\\xa0"},
      {"\ufe0f", "\\xef\\xb8\\x8f"},  // variation selector
      {"\u2800", "\\xe2\\xa0\\x80"},  // Braille without a dot
      {"\U0001D173", "\\xf0\\x9d\\x85\\xb3"},
  };
  for (const auto& [in, out] : kCases) EXPECT_EQ(printable(in), out);
}

TEST(Text, EscapesMalformedUtf8ByteByByte) {
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc0\x80"), "\\xc0\\x80");                    // overlong
  EXPECT_EQ(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");                    // cut off
  EXPECT_EQ(printable("\xe2\x82z"), "\\xe2\\x82z");
  EXPECT_EQ(printable("\x80z"), "\\x80z");
}

TEST(Text, CutsAtALimitBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("aé€", 2), "a...");
  EXPECT_EQ(printable("aé€", 3), "aé...");
  EXPECT_EQ(printable("aé€", 5), "aé...");
  EXPECT_EQ(printable("\x80\x80\x80\x80\x80\x80", 5), "\\x80\\x80\\x80\\x80\\x80...");
}

std::string undo(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text[i + 1] == '\\') {
      out += text[++i];
    } else {
      out += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 3;
    }
  }
  return out;
}

TEST(Text, IsReversibleAndBoundedForAnyBytes) {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 4 ? 0x78 + random() % 0x90 : random());
    std::string shown = printable(bytes);
    EXPECT_EQ(undo(shown), bytes);
    EXPECT_LE(shown.size(), 4 * bytes.size());
    EXPECT_EQ(shown.find_first_of("\n\r\t\x1b"), std::string::npos);
  }
}

}  // namespace
}  // namespace assay
