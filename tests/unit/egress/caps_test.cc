// Caps with a driven clock.
#include "agent/egress/caps.h"

#include <gtest/gtest.h>

namespace assay::egress {
namespace {

using std::chrono::milliseconds;
constexpr Clock::time_point kStart{std::chrono::hours(100)};

TEST(Caps, BytesOfBothWaysTogetherEndAtTheCapToTheByte) {
  Caps caps({.bytes = 100'000, .bytes_per_second = 1 << 20}, kStart);
  EXPECT_EQ(caps.allowance(Way::out, 60'000, kStart), 60'000u);
  caps.spend(Way::out, 60'000);
  EXPECT_EQ(caps.allowance(Way::in, 60'000, kStart), 40'000u) << "what is left";
  caps.spend(Way::in, 39'999);
  EXPECT_FALSE(caps.used_up());
  EXPECT_EQ(caps.allowance(Way::in, 60'000, kStart), 1u);
  caps.spend(Way::in, 1);
  EXPECT_TRUE(caps.used_up());
  EXPECT_EQ(caps.allowance(Way::out, 1, kStart + milliseconds(60'000)), 0u) << "and time brings nothing back";
  EXPECT_EQ(caps.open(Caps::Kind::tcp, kStart), Reason::bytes);
  EXPECT_EQ(caps.open(Caps::Kind::udp, kStart), Reason::bytes);
  EXPECT_EQ(caps.bytes_refused(), 2u);
  EXPECT_EQ(caps.moved(), 100'000u);
}

TEST(Caps, RateHoldsEachWayByItself) {
  Caps caps({.bytes = 1ull << 30, .bytes_per_second = 1'000'000}, kStart);
  uint64_t moved[2] = {0, 0};
  for (int ms = 0; ms <= 10'000; ms += 7)
    for (Way way : {Way::out, Way::in}) {
      uint64_t n = caps.allowance(way, 16'384, kStart + milliseconds(ms));
      caps.spend(way, n);
      moved[static_cast<size_t>(way)] += n;
    }
  for (uint64_t each : moved) {
    EXPECT_GE(each, 9'900'000u);
    EXPECT_LE(each, 10'000'000u + 250'000u) << "ten seconds' worth and the burst";
  }
}

TEST(Caps, ASlowRateLosesNoFractions) {
  TokenBucket bucket(100, 1000, kStart);
  bucket.take(bucket.level(kStart));
  uint64_t got = 0;
  for (int ms = 1; ms <= 5000; ++ms) {
    uint64_t level = bucket.level(kStart + milliseconds(ms));
    bucket.take(level);
    got += level;
  }
  EXPECT_EQ(got, 500u) << "a token each 10 ms, asked for each millisecond";
}

TEST(Caps, ALargestDatagramPassesAtAnyRate) {
  Caps caps({.bytes = 1ull << 30, .bytes_per_second = 1000}, kStart);
  EXPECT_EQ(caps.allowance(Way::in, 65'507, kStart), 65'507u);
}

TEST(Caps, ConnectionsAtOnceAreCountedByKind) {
  Caps caps({.connections = 2, .new_per_second = 1000}, kStart);
  EXPECT_EQ(caps.open(Caps::Kind::tcp, kStart), Reason::none);
  EXPECT_EQ(caps.open(Caps::Kind::tcp, kStart), Reason::none);
  EXPECT_EQ(caps.open(Caps::Kind::tcp, kStart), Reason::connections);
  EXPECT_EQ(caps.open(Caps::Kind::udp, kStart), Reason::none) << "UDP has room of its own";
  caps.close(Caps::Kind::tcp);
  EXPECT_EQ(caps.open(Caps::Kind::tcp, kStart), Reason::none);
  EXPECT_EQ(caps.connections_refused(), 1u);
}

TEST(Caps, NewConnectionsAreLimitedByTheSecond) {
  Caps caps({.connections = 10'000, .new_per_second = 50}, kStart);
  int opened = 0, refused = 0;
  for (int ms = 0; ms < 10'000; ++ms)
    (caps.open(Caps::Kind::tcp, kStart + milliseconds(ms)) == Reason::none ? opened : refused)++;
  EXPECT_GE(opened, 200 + 495);
  EXPECT_LE(opened, 200 + 500) << "the burst of four seconds, then fifty a second";
  EXPECT_EQ(caps.connections_refused(), static_cast<uint64_t>(refused));
}

}  // namespace
}  // namespace assay::egress
