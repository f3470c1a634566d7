// UUIDs of names.
#include "scheduler/export/uuid.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Uuid, Version5IsAsRfc9562HasIt) {
  // RFC 9562, appendix A.4: the DNS namespace and www.example.com.
  EXPECT_EQ(uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, OfVersion4sFormFollowsFromTheSeedAlone) {
  std::string one = uuid4_of("scan process 1");
  EXPECT_EQ(one, uuid4_of("scan process 1"));
  EXPECT_NE(one, uuid4_of("scan process 2"));
  ASSERT_EQ(one.size(), 36u);
  EXPECT_EQ(one[14], '4');
  EXPECT_NE(std::string("89ab").find(one[19]), std::string::npos);
}

}  // namespace
}  // namespace assay
