// Whose turn it is: lanes with aging, weighted shares, first in first out; and nobody starves.
#include "scheduler/backlog.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

#include "queue_support.h"

namespace assay {
namespace {

using std::chrono::minutes;

class Line {
 public:
  Line() { backlog.set_aging({minutes(10), minutes(10), minutes(10), minutes(10)}); }
  Entry& add(QueuedJob made, int64_t ms = 0) {
    Entry& entry = entries_.emplace_back();
    entry.job = std::move(made);
    backlog.add(entry, false, at(ms));
    return entry;
  }
  Entry* take() {
    auto lane = backlog.turn({}, {});
    if (!lane) return nullptr;
    Entry* entry = backlog.next(*lane);
    backlog.take(*entry);
    return entry;
  }
  std::string take(size_t count) {
    std::string out;
    for (size_t i = 0; i < count; ++i)
      if (Entry* entry = take()) out += entry->job.scan_id + " ";
    return out;
  }

  Backlog backlog;

 private:
  std::deque<Entry> entries_;
};

TEST(Backlog, HigherLaneGoesFirst) {
  Line line;
  line.add(job("sweep", Lane::sweep));
  line.add(job("batch", Lane::batch));
  line.add(job("interactive", Lane::interactive));
  line.add(job("gate", Lane::gate));
  EXPECT_EQ(line.take(5), "gate interactive batch sweep ");
}

TEST(Backlog, JobThatWaitedAStepLongerThanTheLaneAboveTakesTurnsWithIt) {
  Line line;
  for (int i = 0; i < 4; ++i) line.add(job("b" + std::to_string(i), Lane::batch), 0);
  for (int i = 0; i < 4; ++i) line.add(job("i" + std::to_string(i), Lane::interactive), 599'999);
  EXPECT_EQ(line.take(2), "i0 i1 ");
  line.add(job("late", Lane::interactive), 600'000);
  line.take(2);
  EXPECT_EQ(line.take(4), "b0 late b1 b2 ");
}

TEST(Backlog, AgingCountsAStepForEachLaneBetween) {
  Line line;
  line.add(job("s", Lane::sweep), 0);
  line.add(job("g0", Lane::gate), 1'799'999);
  EXPECT_EQ(line.take(1), "g0 ");
  line.add(job("g1", Lane::gate), 1'800'000);
  line.add(job("g2", Lane::gate), 1'800'000);
  EXPECT_EQ(line.take(2), "s g1 ");
}

// Every lane above is never empty: its jobs come as fast as they go.
TEST(Backlog, NoLaneStarvesUnderAnEndlessStreamAbove) {
  Line line;
  for (int i = 0; i < 10; ++i) line.add(job("sweep" + std::to_string(i), Lane::sweep), 0);
  int64_t now = 0;
  size_t sweeps = 0, gates = 0;
  for (int i = 0; i < 4000; ++i, now += 1000) {
    line.add(job("g" + std::to_string(i), Lane::gate), now);
    Entry* entry = line.take();
    ++(entry->job.lane == Lane::sweep ? sweeps : gates);
    if (now < 1'800'000) {
      EXPECT_EQ(sweeps, 0u);
    }
  }
  EXPECT_EQ(sweeps, 10u);
  EXPECT_EQ(gates, 3990u);
}

TEST(Backlog, TenantsShareByWeight) {
  Line line;
  line.backlog.set_weights({{"a", 3}, {"b", 1}});
  for (int i = 0; i < 40; ++i) line.add(job("a", Lane::batch, "a"));
  for (int i = 0; i < 40; ++i) line.add(job("b", Lane::batch, "b"));
  std::map<std::string, int> got;
  for (int i = 0; i < 40; ++i) ++got[line.take()->job.tenant];
  EXPECT_NEAR(got["a"], 30, 1);
}

TEST(Backlog, BatchesOfATenantShareAlikeHoweverLargeTheyAre) {
  Line line;
  for (int i = 0; i < 1000; ++i) line.add(job("x", Lane::batch, "t", "large"));
  for (int i = 0; i < 10; ++i) line.add(job("y", Lane::batch, "t", "small"));
  int small = 0;
  for (int i = 0; i < 20; ++i) small += line.take()->job.batch == "small";
  EXPECT_NEAR(small, 10, 1);
}

TEST(Backlog, TenantThatWasIdleGetsNoCreditForThePast) {
  Line line;
  for (int i = 0; i < 2000; ++i) line.add(job("a", Lane::batch, "a"));
  for (int i = 0; i < 1000; ++i) line.take();
  for (int i = 0; i < 500; ++i) line.add(job("b", Lane::batch, "b"));
  int b = 0;
  for (int i = 0; i < 4; ++i) b += line.take()->job.tenant == "b";
  EXPECT_EQ(b, 2);
  for (int i = 0; i < 96; ++i) b += line.take()->job.tenant == "b";
  EXPECT_NEAR(b, 50, 2);
}

// An agent that hands back what it gets does not cost the tenant its turns.
TEST(Backlog, JobThatIsHandedBackIsChargedOnce) {
  Line line;
  for (int i = 0; i < 50; ++i)
    for (const char* tenant : {"a", "b"}) line.add(job("j", Lane::batch, tenant));
  int b = 0;
  for (int i = 0; i < 30; ++i) {
    Entry* entry = line.take();
    if (entry->job.tenant == "a") line.backlog.add(*entry, true, at(0));
    b += entry->job.tenant == "b";
  }
  EXPECT_LE(b, 2);  // it is still the turn of a
  int a = 0;
  for (int i = 0; i < 20; ++i) a += line.take()->job.tenant == "a";
  EXPECT_NEAR(a, 10, 1);
}

// Its channel was closed meanwhile: it is not owed all that time.
TEST(Backlog, TenantWhoseRegistryWasClosedGetsNoCreditForThePast) {
  Line line;
  for (int i = 0; i < 500; ++i) {
    line.add(job("a", Lane::batch, "a"));
    QueuedJob pulled = job("b", Lane::batch, "b");
    pulled.registry = "r.example";
    line.add(pulled);
  }
  auto set = [&](Obstacle::Kind kind) {
    line.backlog.each_channel([&](Channel& channel) {
      if (channel.registry == "r.example") line.backlog.set_obstacle(channel, {kind, {}, 0, 0});
    });
  };
  set(Obstacle::Kind::blocked);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(line.take()->job.tenant, "a");
  set(Obstacle::Kind::none);
  int b = 0;
  for (int i = 0; i < 100; ++i) b += line.take()->job.tenant == "b";
  EXPECT_NEAR(b, 50, 3);
}

// Each newcomer is new to the lane: it must not keep those who wait from their turn.
TEST(Backlog, NoEndOfNewTenantsStarvesAnOldOne) {
  Line line;
  for (int i = 0; i < 5; ++i) line.add(job("old", Lane::batch, "old"));
  int old = 0;
  for (int i = 0; i < 200; ++i) {
    line.add(job("new", Lane::batch, "new" + std::to_string(i)));
    old += line.take()->job.tenant == "old";
  }
  EXPECT_EQ(old, 5);
}

TEST(Backlog, FirstInFirstOutWithinABatchWhateverTheJobsNeed) {
  Line line;
  for (int i = 0; i < 6; ++i) {
    QueuedJob made = job(std::to_string(i));
    made.memory_bytes = static_cast<uint64_t>(i % 3) << 30;
    line.add(made);
  }
  EXPECT_EQ(line.take(6), "0 1 2 3 4 5 ");
}

TEST(Backlog, ReturnedJobGoesBeforeThoseOfItsBatchThatNeedOtherRoom) {
  Line line;
  Entry& first = line.add(job("first"));
  QueuedJob made = job("large");
  made.memory_bytes = 1 << 30;
  line.add(made);
  EXPECT_EQ(line.take(1), "first ");
  line.backlog.add(first, true, at(0));
  EXPECT_EQ(line.take(2), "first large ");
}

TEST(Backlog, HeldJobIsPassedOverThenComesFirst) {
  Line line;
  Entry& a = line.add(job("a"));
  Entry& b = line.add(job("b"));
  line.add(job("c"));
  line.backlog.hold(a, {1, 2}, at(500));
  line.backlog.hold(b, {2, 2}, at(600));
  EXPECT_EQ(line.backlog.next_hold_end(), at(500));
  EXPECT_EQ(line.backlog.hopes_of(Lane::batch, 2)->size(), 2u);
  EXPECT_EQ(line.backlog.hopes_of(Lane::batch, 1)->size(), 1u);
  line.add(job("d"));
  EXPECT_EQ(line.take(1), "c ");
  line.backlog.end_holds(at(599));
  EXPECT_EQ(line.backlog.held(Lane::batch), 1u);
  line.backlog.end_holds(at(600));
  EXPECT_EQ(line.take(3), "a b d ");
  EXPECT_EQ(line.backlog.hopes_of(Lane::batch, 2), nullptr);
  EXPECT_EQ(line.backlog.size(), 0u);
}

// By seed: random tenants, weights and batches, all with enough jobs; everybody gets its share at every time.
TEST(Backlog, SharesAreKeptUnderAnyBacklog) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    Line line;
    std::map<std::string, uint32_t> weights;
    size_t tenants = 2 + random() % 6, total = 0;
    for (size_t t = 0; t < tenants; ++t) {
      std::string name = "t" + std::to_string(t);
      total += weights[name] = 1 + static_cast<uint32_t>(random() % 5);
      for (int i = 0; i < 600; ++i) {
        QueuedJob made = job("j", Lane::sweep, name, std::to_string(random() % 4));
        made.registry = random() % 2 ? "r.example" : "";
        made.memory_bytes = random() % 3;
        line.add(made);
      }
    }
    line.backlog.set_weights(weights);
    std::map<std::string, double> got;
    for (int taken = 1; taken <= 500; ++taken) {
      got[line.take()->job.tenant] += 1;
      for (auto& [name, weight] : weights)
        ASSERT_NEAR(got[name], taken * static_cast<double>(weight) / static_cast<double>(total), 3)
            << name << " after " << taken << " seed " << seed;
    }
  }
}

// By seed: whatever comes, every job of before has gone when as many turns as there were jobs, times the
// lanes that may take turns and the newcomers' share, have passed.
TEST(Backlog, EveryJobGoesInTheEndWhateverArrives) {
  for (uint32_t seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    Line line;
    auto any = [&](const std::string& id) {
      return job(id, static_cast<Lane>(random() % kLanes), "t" + std::to_string(random() % 5),
                 "b" + std::to_string(random() % 5));
    };
    int64_t now = 0;
    for (int i = 0; i < 100; ++i) line.add(any("old"), now);
    int old = 0;
    for (int i = 0; i < 10000 && old < 100; ++i, now += 1000) {
      QueuedJob made = any("new");
      if (random() % 2) made.lane = Lane::gate;
      line.add(made, now);
      old += line.take()->job.scan_id == "old";
    }
    EXPECT_EQ(old, 100) << "seed " << seed;
  }
}

}  // namespace
}  // namespace assay
