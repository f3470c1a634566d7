#include "common/encodings.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Encodings, UrlPartsAreEncoded) {
  EXPECT_EQ(url_encode("team/app:1 %"), "team%2Fapp%3A1%20%25");
  EXPECT_EQ(url_encode("Az09-._~"), "Az09-._~");
  EXPECT_EQ(url_encode("\xc3\xa4"), "%C3%A4");
}

TEST(Encodings, Base64IsReadAsItIsWritten) {
  for (std::string bytes : {"", "a", "ab", "abc", "AWS:token\n"})
    EXPECT_EQ(decode_base64(base64(bytes)), bytes);
  EXPECT_FALSE(decode_base64("YQ=a"));
  EXPECT_FALSE(decode_base64("YQ "));
}

}  // namespace
}  // namespace assay
