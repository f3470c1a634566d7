// What scans are found by: how it is kept.
#include "scheduler/traits.h"

#include <gtest/gtest.h>


namespace assay {
namespace {

TEST(Traits, SurviveTheirEncodingAndNothingElsePasses) {
  Traits traits = {{TraitKind::domain, TraitRole::asked, "test.evil"},
                   {TraitKind::path, TraitRole::left, std::string(kMaxTraitBytes, 'x')}};
  auto read = decode_traits(encode_traits(traits));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, traits);
  std::string bytes = encode_traits(traits);
  for (size_t size : {size_t{1}, size_t{3}, size_t{5}, bytes.size() - 1})
    EXPECT_FALSE(decode_traits(bytes.substr(0, size))) << size;
}

}  // namespace
}  // namespace assay
