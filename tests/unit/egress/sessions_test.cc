// The table of conversations over UDP.
#include "agent/egress/sessions.h"

#include <gtest/gtest.h>

namespace assay::egress {
namespace {

using std::chrono::seconds;
constexpr Clock::time_point kStart{std::chrono::hours(100)};

SessionKey key(uint16_t guest_port, uint16_t peer_port = 443) {
  return {Address::v4(0xac110002), Address::v4(0x5db8d822), guest_port, peer_port};
}

TEST(Sessions, ArePerPortOfTheGuestAndPeer) {
  Sessions sessions(8);
  sessions.add(key(1000), 1, Sessions::kIdle, kStart);
  sessions.add(key(1001), 2, Sessions::kIdle, kStart);
  sessions.add(key(1000, 53), 3, Sessions::kIdle, kStart);
  EXPECT_EQ(sessions.find(key(1000), kStart), 1u);
  EXPECT_EQ(sessions.find(key(1001), kStart), 2u);
  EXPECT_EQ(sessions.find(key(1000, 53), kStart), 3u);
  EXPECT_EQ(sessions.find(key(1002), kStart), std::nullopt);
  SessionKey other = key(1000);
  other.peer = Address::v4(0x08080808);
  EXPECT_EQ(sessions.find(other, kStart), std::nullopt);
}

TEST(Sessions, EndWhenBothHaveBeenQuietForTheirTime) {
  Sessions sessions(8);
  sessions.add(key(1), 1, Sessions::kIdle, kStart);
  sessions.add(key(2), 2, Sessions::kNameIdle, kStart);
  EXPECT_TRUE(sessions.expired(kStart + seconds(9)).empty());
  EXPECT_EQ(sessions.expired(kStart + seconds(10)), std::vector<uint64_t>{2});
  sessions.heard(key(2), kStart + seconds(9));
  EXPECT_TRUE(sessions.expired(kStart + seconds(18)).empty()) << "an answer keeps it";
  (void)sessions.find(key(1), kStart + seconds(59));
  EXPECT_EQ(sessions.expired(kStart + seconds(61)), std::vector<uint64_t>{2}) << "so does another question";
  sessions.remove(key(2));
  EXPECT_EQ(sessions.size(), 1u);
  EXPECT_EQ(sessions.expired(kStart + seconds(119)), std::vector<uint64_t>{1});
}

TEST(Sessions, TheQuietestMakesRoom) {
  Sessions sessions(3);
  for (uint16_t port = 1; port <= 3; ++port)
    sessions.add(key(port), port, Sessions::kIdle, kStart + seconds(port));
  EXPECT_EQ(sessions.to_evict(), 1u);
  (void)sessions.find(key(1), kStart + seconds(9));
  EXPECT_EQ(sessions.to_evict(), 2u);
  sessions.remove(key(2));
  EXPECT_EQ(sessions.to_evict(), std::nullopt) << "there is room";
}

}  // namespace
}  // namespace assay::egress
