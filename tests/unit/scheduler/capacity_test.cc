// The arithmetic of how long and how many, and what is said when nothing is known.
#include "scheduler/capacity.h"

#include <gtest/gtest.h>

#include "queue_support.h"

namespace assay {
namespace {

using std::chrono::minutes;

TEST(ServiceRate, CountsTheWindowOnly) {
  ServiceRate rate(minutes(10));
  EXPECT_EQ(rate.measure(at(0)).finished, 0u);
  rate.finished(at(0), 100);
  rate.finished(at(300'000), 20);
  rate.finished(at(300'000), 40);
  EXPECT_EQ(rate.measure(at(300'000)).finished, 3u);
  EXPECT_DOUBLE_EQ(rate.measure(at(300'000)).over_seconds, 300);
  auto later = rate.measure(at(700'000));
  EXPECT_EQ(later.finished, 2u);
  EXPECT_DOUBLE_EQ(later.mean_seconds, 30);
  EXPECT_DOUBLE_EQ(later.over_seconds, 600);
  EXPECT_DOUBLE_EQ(later.per_second(), 2.0 / 600);
  EXPECT_EQ(rate.measure(at(2'000'000)).finished, 0u);
}

TEST(ServiceRate, KeepsBoundedMemoryOfAnEndlessStream) {
  ServiceRate rate(minutes(1));
  for (int i = 0; i < 100'000; ++i) rate.finished(at(i * 10), 2);
  auto measure = rate.measure(at(1'000'000));
  EXPECT_NEAR(measure.per_second(), 100, 3);
  EXPECT_DOUBLE_EQ(measure.mean_seconds, 2);
}

CapacityInput busy() {
  CapacityInput input;
  input.waiting = {10, 20, 30, 40};
  input.leased = 20;
  input.agents = 5;
  input.slots = 10;
  input.measured.finished = 200;
  input.measured.mean_seconds = 30;
  input.measured.over_seconds = 600;
  return input;
}

TEST(Capacity, TellsWhenEachLaneIsDoneWithTheAgentsThereAre) {
  CapacityAnswer answer = capacity(busy());
  EXPECT_DOUBLE_EQ(answer.lane_seconds[0].value(), (10 + 10) * 30 / 10);
  EXPECT_DOUBLE_EQ(answer.lane_seconds[3].value(), (10 + 100) * 30 / 10);
  EXPECT_DOUBLE_EQ(answer.seconds.value(), 330);
  EXPECT_FALSE(answer.agents_needed);
  EXPECT_EQ(answer.basis,
            "a scan takes 30 s (mean of 200 that finished in the last 600 s); 5 agents with 10 slots");
}

TEST(Capacity, TellsHowManyAgentsFinishInTime) {
  CapacityInput input = busy();
  input.finish_in_seconds = 330;
  EXPECT_EQ(capacity(input).agents_needed, 5u);
  input.finish_in_seconds = 329;
  EXPECT_EQ(capacity(input).agents_needed, 6u);
  input.finish_in_seconds = 33;
  EXPECT_EQ(capacity(input).agents_needed, 50u);
}

TEST(Capacity, NoNumberOfAgentsMakesAScanShorter) {
  CapacityInput input = busy();
  input.finish_in_seconds = 29;
  CapacityAnswer answer = capacity(input);
  EXPECT_FALSE(answer.agents_needed);
  EXPECT_NE(answer.basis.find("no number of agents can do it"), std::string::npos);
}

TEST(Capacity, SaysThatNothingWasMeasuredYet) {
  CapacityInput input = busy();
  input.measured = {};
  input.finish_in_seconds = 60;
  CapacityAnswer answer = capacity(input);
  EXPECT_FALSE(answer.seconds);
  EXPECT_FALSE(answer.agents_needed);
  EXPECT_EQ(answer.basis, "nothing has been measured yet: no scan has finished lately");
}

TEST(Capacity, WithoutAgentsItCannotBeSaid) {
  CapacityInput input = busy();
  input.agents = input.slots = 0;
  input.finish_in_seconds = 60;
  CapacityAnswer answer = capacity(input);
  EXPECT_FALSE(answer.seconds);
  EXPECT_FALSE(answer.agents_needed);
  EXPECT_NE(answer.basis.find("0 agents with 0 slots"), std::string::npos);
}

TEST(Capacity, NothingToDoTakesNoTime) {
  CapacityInput input;
  input.finish_in_seconds = 60;
  CapacityAnswer answer = capacity(input);
  EXPECT_EQ(answer.seconds, 0);
  EXPECT_EQ(answer.agents_needed, 0u);
  EXPECT_EQ(answer.basis, "nothing waits or runs");
}

uint64_t to_have(const CapacityInput& input, uint64_t least = 0, uint64_t most = 10'000) {
  return agents_to_have(input, capacity(input), least, most);
}

TEST(AgentsToHave, IsWhatIsNeededWithinTheBounds) {
  CapacityInput input = busy();
  input.finish_in_seconds = 330;
  uint64_t needed = *capacity(input).agents_needed;
  EXPECT_EQ(to_have(input), needed);
  EXPECT_EQ(to_have(input, needed + 3), needed + 3);
  EXPECT_EQ(to_have(input, 0, 2), 2u);
  EXPECT_EQ(to_have(input, 7, 3), 3u) << "the upper bound holds";
}

TEST(AgentsToHave, IsANumberWhereNothingCanBeSaid) {
  CapacityInput nothing;
  nothing.finish_in_seconds = 3600;
  EXPECT_EQ(to_have(nothing), 0u);
  EXPECT_EQ(to_have(nothing, 2), 2u);
  CapacityInput first = nothing;  // the first scans of a farm that has no agent
  first.waiting[0] = 100;
  EXPECT_EQ(to_have(first), 1u);
  first.agents = 3;
  first.slots = 12;
  EXPECT_EQ(to_have(first), 3u) << "nothing measured: leave it as it is";
}

TEST(AgentsToHave, IsASlotForEachScanAtMost) {
  CapacityInput input = busy();  // 120 scans, 2 slots each
  input.finish_in_seconds = 1;   // one takes 30 s
  EXPECT_FALSE(capacity(input).agents_needed);
  EXPECT_EQ(to_have(input), 60u);
}

}  // namespace
}  // namespace assay
