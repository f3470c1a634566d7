#include "common/units.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

using std::chrono::milliseconds;

TEST(Units, ReadsDurations) {
  EXPECT_EQ(*parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(*parse_duration("2m"), milliseconds(120'000));
  EXPECT_EQ(*parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(*parse_duration("7"), milliseconds(7'000));
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(*parse_bytes("123"), 123u);
  EXPECT_EQ(*parse_bytes("64K"), 65'536u);
  EXPECT_EQ(*parse_bytes("512M"), 512ull << 20);
  EXPECT_EQ(*parse_bytes("8G"), 8ull << 30);
  EXPECT_EQ(*parse_bytes("2T"), 2ull << 40);
}

TEST(Units, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "-1s", "1.5s", "3d", "99999999999999999999s", "9999999999999h"}) {
    auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid) << text;
  }
  for (const char* text : {"", "M", "-1", "1.5G", "1X", "99999999999999999999", "99999999T"})
    EXPECT_FALSE(parse_bytes(text)) << text;
}

}  // namespace
}  // namespace assay
