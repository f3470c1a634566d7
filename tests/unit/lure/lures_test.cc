// Seeds, and lures on their way to the sinkhole.
#include "agent/lure/lures.h"

#include <gtest/gtest.h>

namespace assay::lure {
namespace {

TEST(Lures, ComeBackAsTheyWere) {
  Lures lures;
  lures.persona = Persona::ci;
  lures.seed[3] = 7;
  lures.tokens = {{"npm:/root/.npmrc", "npm", "/root/.npmrc", {"npm_abcdefghijklmnopqrstuvwxyz"}}};
  lures.authority_cert = "cert\n";
  lures.packages = {"curl"};
  auto back = decode_lures(encode_lures(lures));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(encode_lures(*back), encode_lures(lures));
  EXPECT_EQ(back->of_kind("npm")->values, lures.tokens[0].values);
  EXPECT_FALSE(decode_lures("{}"));
}

TEST(Lures, SameSeedAndPurposeGiveTheSameBytes) {
  Seed seed{}, other{};
  other[0] = 1;
  EXPECT_EQ(derive(seed, "a", 40), derive(seed, "a", 40));
  EXPECT_EQ(derive(seed, "a", 40).substr(0, 20), derive(seed, "a", 20));
  EXPECT_NE(derive(seed, "a", 40), derive(seed, "b", 40));
  EXPECT_NE(derive(seed, "a", 40), derive(other, "a", 40));
}

}  // namespace
}  // namespace assay::lure
