// What all JSON forms share.
#include "scheduler/export/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace assay {
namespace {

TEST(JsonText, NothingMovesOrHidesText) {
  EXPECT_EQ(json_text({{"a", {"\u202e\x1b[31m", "\xff\n\"\\x41"}}}),
            "{\n  \"a\": [\n    \"\\\\xe2\\\\x80\\\\xae\\\\x1b[31m\",\n    \"\\\\xff\\\\x0a\\\"\\\\x41\"\n  "
            "]\n}\n");
}

TEST(JsonText, TimesAreWrittenWhateverTheyAre) {
  EXPECT_EQ(utc_text(1'796'004'574'236'190'159), "2026-11-30T02:09:34.236Z");
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(std::numeric_limits<int64_t>::min()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(std::numeric_limits<int64_t>::max()), "2262-04-11T23:47:16.854Z");
}

}  // namespace
}  // namespace assay
