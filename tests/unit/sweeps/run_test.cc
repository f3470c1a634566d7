// What of a run is handed out when: limits, delays, busy hosts, all by a driven clock.
#include "scheduler/sweeps/run.h"

#include <gtest/gtest.h>

#include "scheduler/sweeps/due.h"
#include "scheduler/sweeps/progress.h"

namespace assay::sweeps {
namespace {

using std::chrono::seconds;

Time at(int s) { return Time(seconds(s)); }

Listing repository(const std::string& name, size_t source = 0, const std::string& host = "r.example") {
  Listing out;
  out.source = source;
  out.repository = {host, name};
  return out;
}

class RunListTest : public testing::Test {
 protected:
  std::string next(int s) {
    auto listing = list_.next(at(s), quiet_);
    if (!listing) return "";
    out_.push_back(*listing);
    return listing->repository.str();
  }
  Listing taken() {
    Listing last = out_.back();
    out_.pop_back();
    return last;
  }
  RunList list_{2, {3, seconds(5), 3}};
  Quiet quiet_;
  std::vector<Listing> out_;
};

TEST_F(RunListTest, NoMoreThanTheSpecAllowsAreOutOfOneSource) {
  for (const char* name : {"a", "b", "c"}) list_.add(repository(name));
  list_.add(repository("d", 1, "other.example"));
  std::set<std::string> handed{next(0), next(0), next(0)};
  EXPECT_EQ(handed, (std::set<std::string>{"r.example/a", "r.example/b", "other.example/d"}));
  EXPECT_EQ(next(0), "");
  list_.done(out_[0]);
  EXPECT_EQ(list_.str(), "waiting 1 delayed 0 out 2");
  EXPECT_EQ(next(0), "r.example/c");
  EXPECT_FALSE(list_.finished());
}

TEST_F(RunListTest, WhatIsNamedTwiceIsListedOnce) {
  EXPECT_TRUE(list_.add(repository("a")));
  EXPECT_FALSE(list_.add(repository("a")));
  list_.know("r.example/b");
  EXPECT_FALSE(list_.add(repository("b")));
  EXPECT_EQ(list_.str(), "waiting 1 delayed 0 out 0");
}

TEST_F(RunListTest, AFailureIsTriedThreeTimesWithGrowingDelays) {
  list_.add(repository("a"));
  EXPECT_EQ(next(0), "r.example/a");
  EXPECT_TRUE(list_.again(taken(), at(0)));
  EXPECT_EQ(next(4), "");
  EXPECT_EQ(list_.next_time(at(4), quiet_), at(5));
  EXPECT_EQ(next(5), "r.example/a");
  EXPECT_TRUE(list_.again(taken(), at(5)));
  EXPECT_EQ(next(24), "");
  EXPECT_EQ(next(25), "r.example/a");
  EXPECT_FALSE(list_.again(taken(), at(25)));
  EXPECT_TRUE(list_.finished());
}

TEST_F(RunListTest, ABusyHostIsLeftAloneAndTheOthersAreNot) {
  for (const char* name : {"a", "b"}) list_.add(repository(name));
  list_.add(repository("z", 1, "other.example"));
  while (next(0) != "r.example/a") {
  }
  quiet_.leave("r.example", at(30));
  quiet_.leave("r.example", at(20));  // the later end stands
  EXPECT_TRUE(list_.busy(taken(), false));
  std::string other = next(1);
  EXPECT_TRUE(other.empty() || other == "other.example/z") << other;
  EXPECT_EQ(next(29), "");
  EXPECT_EQ(list_.next_time(at(29), quiet_), at(30));
  EXPECT_EQ(next(30), "r.example/a");  // the one that was refused comes first
}

TEST_F(RunListTest, WhoIsAlwaysTooBusyIsGivenUp) {
  list_.add(repository("a"));
  for (bool further : {false, false, true, false, false}) {
    EXPECT_EQ(next(0), "r.example/a");
    EXPECT_TRUE(list_.busy(taken(), further));
  }
  EXPECT_EQ(next(0), "r.example/a");
  EXPECT_FALSE(list_.busy(taken(), false));
  EXPECT_TRUE(list_.finished());
}

TEST_F(RunListTest, WhatWaitsAtTheEndIsHandedBackWhole) {
  Listing source;
  source.is_source = true;
  list_.add(source);
  for (const char* name : {"a", "b", "c"}) list_.add(repository(name));
  next(0);
  next(0);
  EXPECT_TRUE(list_.again(taken(), at(0)));
  EXPECT_EQ(list_.drain().size(), 3u);
  EXPECT_EQ(list_.waiting(), 0u);
  EXPECT_FALSE(list_.finished());  // one is out
  list_.done(taken());
  EXPECT_TRUE(list_.finished());
  EXPECT_EQ(list_.sources_open(), 0u);
}

TEST(SweepDue, OneRunMakesUpForAllThatWereMissed) {
  auto cron = Cron::parse("0 * * * *", "UTC");
  ASSERT_TRUE(cron) << cron.error().what;
  constexpr int64_t kDay = 24 * 3600, kNoon = 1'800'000'000 / kDay * kDay + kDay / 2;
  Due none = due(*cron, kNoon, kNoon + 600);
  EXPECT_FALSE(none.now);
  EXPECT_EQ(none.next, kNoon + 3600);
  Due missed = due(*cron, kNoon, kNoon + 3 * 3600 + 60);
  EXPECT_EQ(missed.now, kNoon + 3 * 3600);
  EXPECT_EQ(missed.next, kNoon + 4 * 3600);
}

TEST(SweepDue, WhatWasDueMoreThanADayAgoIsNotMadeUpFor) {
  auto cron = Cron::parse("0 12 1 * *", "UTC");
  ASSERT_TRUE(cron) << cron.error().what;
  int64_t due_s = *cron->next(1'800'000'000);
  EXPECT_EQ(due(*cron, 1'800'000'000, due_s + 23 * 3600).now, due_s);
  EXPECT_FALSE(due(*cron, 1'800'000'000, due_s + 25 * 3600).now);
}

TEST(SweepCapacity, SlotsAreThoseThatEndWholeScansInTime) {
  EXPECT_EQ(slots_needed(100, 60.0, 3600).slots, 2u);  // sixty each
  EXPECT_EQ(slots_needed(120, 60.0, 3600).slots, 2u);
  EXPECT_EQ(slots_needed(121, 60.0, 3600).slots, 3u);
  EXPECT_EQ(slots_needed(3, 50.0, 99).slots, 3u);  // the second of a slot would be late
  EXPECT_EQ(slots_needed(0, std::nullopt, 0).slots, 0u);
  EXPECT_FALSE(slots_needed(5, 60.0, 30).slots);
  EXPECT_FALSE(slots_needed(5, std::nullopt, 3600).slots);
  EXPECT_FALSE(slots_needed(5, 60.0, 0).slots);
}

sources::TaggedImage tagged(const std::string& tag) { return {tag, "sha256:index", "", 0, 0}; }

std::string items(const std::vector<sources::PlatformImage>& has, const std::vector<std::string>& wanted,
                  const std::vector<std::string>& farm) {
  std::string out;
  for (const Item& item : items_of(tagged("1"), has, wanted, farm))
    out += item.digest + " " + to_string(item.outcome) + (item.reason.empty() ? "" : ": " + item.reason) + "\n";
  return out;
}

TEST(SweepListing, OfAnIndexThePlatformsThatWereAskedForAreTaken) {
  std::vector<sources::PlatformImage> has = {
      {"sha256:amd", "linux/amd64", 0}, {"sha256:arm", "linux/arm64/v8", 0}, {"sha256:z", "linux/s390x", 0}};
  EXPECT_EQ(items(has, {"linux/arm64", "linux/amd64"}, {"linux/s390x"}),
            "sha256:arm submitted\nsha256:amd submitted\n");
  EXPECT_EQ(items(has, {}, {"linux/riscv64", "linux/s390x", "linux/amd64"}), "sha256:z submitted\n");
  EXPECT_EQ(items(has, {"linux/mips"}, {}),
            "sha256:index not_reached: it is for linux/amd64, linux/arm64/v8, linux/s390x, and not for "
            "linux/mips\n");
}

TEST(SweepListing, SignaturesAndAttestationsAreNoImages) {
  std::string hex(64, 'a');
  EXPECT_TRUE(is_about_another("sha256-" + hex));
  EXPECT_TRUE(is_about_another("sha256-" + hex + ".sig"));
  EXPECT_FALSE(is_about_another("sha256-" + hex + "x"));
  EXPECT_FALSE(is_about_another("sha256-1.2"));
  EXPECT_FALSE(is_about_another("1.2"));
}

}  // namespace
}  // namespace assay::sweeps
