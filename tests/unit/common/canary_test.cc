// The path by which a canary names itself.
#include "common/canary.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Canary, MarkerComesBackFromItsPath) {
  const std::string marker = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(canary_marker(canary_path(marker)), marker);
}

TEST(Canary, OtherPathsAreNone) {
  for (const char* path :
       {"", "/", "/var/lib/misc/.", "/var/lib/misc/.0123456789abcdef0123456789abcde",
        "/var/lib/misc/.0123456789abcdef0123456789abcdef0", "/var/lib/misc/.0123456789ABCDEF0123456789abcdef",
        "/var/lib/mysql/.0123456789abcdef0123456789abcde"})
    EXPECT_FALSE(canary_marker(path)) << path;
}

}  // namespace
}  // namespace assay
