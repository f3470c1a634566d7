#include <gtest/gtest.h>

#include "sources/http.h"

namespace assay::sources {
namespace {

using std::chrono::seconds;

HttpReply reply(const std::string& retry_after) {
  HttpReply out;
  if (!retry_after.empty()) out.headers.emplace("retry-after", retry_after);
  return out;
}

TEST(HttpReply, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(reply("30").retry_after(0), seconds(30));
  EXPECT_EQ(reply("Fri, 31 Dec 1999 23:59:59 GMT").retry_after(946684799 - 90), seconds(90));
  EXPECT_EQ(reply("Fri, 31 Dec 1999 23:59:59 GMT").retry_after(946684799 + 90), seconds(0));
  EXPECT_EQ(reply("9999999999").retry_after(0), seconds(24 * 3600));
  EXPECT_FALSE(reply("").retry_after(0));
  EXPECT_FALSE(reply("soon").retry_after(0));
}

}  // namespace
}  // namespace assay::sources
