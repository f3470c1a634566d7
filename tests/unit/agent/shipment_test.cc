// What is sent next, by a clock that the test drives.
#include "agent/shipment.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace assay {
namespace {

Shipment::Time at(int seconds) { return Shipment::Time(std::chrono::seconds(1000 + seconds)); }

// Everything that may go now; "E" is the end.
std::string send_all(Shipment& shipment, int seconds) {
  std::string sent;
  while (auto part = shipment.next(at(seconds))) {
    sent += (sent.empty() ? "" : " ") + (*part == Shipment::kEnd ? "E" : std::to_string(*part));
    shipment.sent(*part, at(seconds));
  }
  return sent;
}

TEST(Shipment, SendsAWindowAndGoesOnWithEachAcknowledgement) {
  Shipment shipment;
  EXPECT_EQ(send_all(shipment, 0), "");
  shipment.spooled(20);
  EXPECT_EQ(send_all(shipment, 0), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
  EXPECT_TRUE(shipment.acked(0, at(1)));
  EXPECT_TRUE(shipment.acked(1, at(1)));
  EXPECT_EQ(send_all(shipment, 1), "16 17");
  EXPECT_EQ(shipment.render(), "base=2 next=18 total=20");
}

TEST(Shipment, EndsOnlyWhenEveryChunkIsAcknowledged) {
  Shipment shipment;
  shipment.spooled(2);
  shipment.end();
  EXPECT_EQ(send_all(shipment, 0), "0 1");
  EXPECT_TRUE(shipment.acked(1, at(1)));
  EXPECT_EQ(send_all(shipment, 1), "");
  EXPECT_TRUE(shipment.acked(0, at(2)));
  EXPECT_EQ(send_all(shipment, 2), "E");
  EXPECT_EQ(send_all(shipment, 3), "");
}

TEST(Shipment, AnAttemptWithoutChunksIsItsEndAlone) {
  Shipment shipment;
  shipment.end();
  EXPECT_EQ(send_all(shipment, 0), "E");
}

TEST(Shipment, SendsOneChunkAgainAfterTenSilentSecondsAndTheRestOnceItIsHeard) {
  Shipment shipment;
  shipment.spooled(3);
  EXPECT_EQ(send_all(shipment, 0), "0 1 2");
  EXPECT_EQ(shipment.wake(), at(10));
  EXPECT_EQ(send_all(shipment, 9), "");
  EXPECT_EQ(send_all(shipment, 10), "0");
  EXPECT_EQ(send_all(shipment, 19), "");
  EXPECT_EQ(send_all(shipment, 20), "0");
  EXPECT_TRUE(shipment.acked(0, at(21)));
  EXPECT_EQ(send_all(shipment, 21), "1 2");
}

TEST(Shipment, SendsTheEndAgainUntilItIsAnswered) {
  Shipment shipment;
  shipment.end();
  EXPECT_EQ(send_all(shipment, 0), "E");
  EXPECT_EQ(send_all(shipment, 10), "E");
  EXPECT_EQ(shipment.wake(), at(20));
}

TEST(Shipment, ResumesAfterAReconnectAtTheFirstChunkNotAcknowledged) {
  Shipment shipment;
  shipment.spooled(5);
  EXPECT_EQ(send_all(shipment, 0), "0 1 2 3 4");
  EXPECT_TRUE(shipment.acked(0, at(0)));
  EXPECT_TRUE(shipment.acked(3, at(0)));
  shipment.restart();
  EXPECT_EQ(send_all(shipment, 1), "1 2 4");
}

TEST(Shipment, ContinuesWhatADeadAgentHadSpooled) {
  Shipment shipment(7);
  shipment.spooled(9);
  shipment.end();
  EXPECT_EQ(send_all(shipment, 0), "7 8");
  EXPECT_FALSE(shipment.acked(3, at(0)));
  EXPECT_TRUE(shipment.acked(7, at(0)));
  EXPECT_TRUE(shipment.acked(8, at(0)));
  EXPECT_EQ(send_all(shipment, 0), "E");
}

TEST(Shipment, TakesNoAcknowledgementTwiceNorOfWhatWasNeverSent) {
  Shipment shipment;
  shipment.spooled(30);
  EXPECT_FALSE(shipment.acked(0, at(0)));
  (void)send_all(shipment, 0);
  EXPECT_FALSE(shipment.acked(16, at(0)));
  EXPECT_FALSE(shipment.acked(Shipment::kEnd, at(0)));
  EXPECT_TRUE(shipment.acked(4, at(0)));
  EXPECT_FALSE(shipment.acked(4, at(0)));
}

// A channel that loses, doubles and delays, against what must hold: every chunk arrives, the end last.
TEST(Shipment, EverythingArrivesOverAnyChannel) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    Shipment shipment;
    std::set<uint32_t> arrived;
    std::vector<uint32_t> answers;
    uint32_t spooled = 0, total = static_cast<uint32_t>(random() % 60);
    bool end_arrived = false;
    int seconds = 0;
    for (int step = 0; step < 20'000 && !end_arrived; ++step) {
      if (spooled < total && chance(30)) shipment.spooled(++spooled);
      if (spooled == total) shipment.end();
      if (chance(5)) shipment.restart();
      while (auto part = shipment.next(at(seconds))) {
        shipment.sent(*part, at(seconds));
        if (chance(30)) continue;
        if (*part == Shipment::kEnd) {
          ASSERT_EQ(arrived.size(), total) << "seed " << seed;
          end_arrived = true;
          continue;
        }
        arrived.insert(*part);
        for (int copies = chance(20) ? 2 : 1; copies > 0; --copies)
          if (!chance(20)) answers.push_back(*part);
      }
      while (!answers.empty() && chance(60)) {
        size_t pick = random() % answers.size();
        (void)shipment.acked(answers[pick], at(seconds));
        answers.erase(answers.begin() + static_cast<long>(pick));
      }
      seconds += static_cast<int>(random() % 6);
    }
    EXPECT_TRUE(end_arrived) << "seed " << seed << " " << shipment.render();
  }
}

}  // namespace
}  // namespace assay
