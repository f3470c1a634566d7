// The levels that alerts are built on.
#include "scheduler/measure.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

QueueTime at(int64_t s) { return QueueTime(seconds(s)); }

QueuedJob job(const std::string& id, Lane lane) {
  QueuedJob out;
  out.scan_id = id;
  out.tenant = "t";
  out.lane = lane;
  return out;
}

class Levels : public ::testing::Test {
 protected:
  void look(int64_t second, std::vector<std::string> registries = {}, size_t scoring = 0) {
    measure_.levels({queue_, agents_, at(second), 1000, false, 0, 64, scoring, std::move(registries)});
  }
  /// The lines of these metrics, sorted as the library has them.
  bool says(const std::string& line) const {
    return ("\n" + metrics_.text()).find("\n" + line + "\n") != std::string::npos;
  }

  Metrics metrics_;
  SchedulerMetrics counted_{metrics_};
  Measure measure_{&counted_};
  Queue queue_;
  Agents agents_;
};

TEST_F(Levels, TellOfTheOldestScanThatIsReadyInEachLane) {
  queue_.submit(job("a", Lane::gate), at(10));
  queue_.submit(job("b", Lane::gate), at(60));
  queue_.submit(job("c", Lane::sweep), at(95));
  look(100);
  EXPECT_TRUE(says("assay_oldest_wait_seconds{lane=\"gate\"} 90")) << metrics_.text();
  EXPECT_TRUE(says("assay_oldest_wait_seconds{lane=\"sweep\"} 5"));
  EXPECT_TRUE(says("assay_oldest_wait_seconds{lane=\"batch\"} 0"));
  queue_.cancel("a");
  queue_.cancel("b");
  look(101);
  EXPECT_TRUE(says("assay_oldest_wait_seconds{lane=\"gate\"} 0"));
}

TEST_F(Levels, AnAgentThatIsAwayIsAbsentUnlessSomebodyMeantIt) {
  for (const char* name : {"here", "gone", "drained", "fenced"}) agents_.hello(name, {}, {}, at(1));
  agents_.set_mode("drained", Agents::Mode::draining);
  agents_.set_mode("fenced", Agents::Mode::fenced);
  for (const char* name : {"gone", "drained", "fenced"}) agents_.lost(name);
  look(2);
  EXPECT_TRUE(says("assay_agents_absent 1")) << metrics_.text();
  EXPECT_TRUE(says("assay_agents{mode=\"active\"} 1"));
  agents_.hello("gone", {}, {}, at(3));
  look(4);
  EXPECT_TRUE(says("assay_agents_absent 0"));
}

TEST_F(Levels, ARegistrysTimeCountsWhileItIsLeftAlone) {
  look(10, {"slow.example"});
  look(12, {"slow.example", "other.example"});
  look(15, {"slow.example"});
  look(20);
  EXPECT_TRUE(says("assay_registry_blocked_seconds_total{registry=\"slow.example\"} 5")) << metrics_.text();
  EXPECT_TRUE(says("assay_registry_blocked_seconds_total{registry=\"other.example\"} 2"));
}

TEST_F(Levels, TellOfTracesThatWaitAndOfTheReserve) {
  look(1, {}, 7);
  EXPECT_TRUE(says("assay_scoring_scans 7")) << metrics_.text();
  EXPECT_TRUE(says("assay_store_reserve_bytes 64"));
}

TEST(SchedulerMetricsAtStart, WhatAlertsAskForIsThereAndZero) {
  Metrics metrics;
  SchedulerMetrics counted(metrics);
  std::string text = metrics.text();
  for (const char* line :
       {"assay_events_lost_total{source=\"seccheck\"} 0\n", "assay_events_lost_total{source=\"egress\"} 0\n",
        "assay_scans_ended_total{state=\"failed\"} 0\n", "assay_verdicts_total{verdict=\"inconclusive\"} 0\n",
        "assay_redeliveries_total{why=\"timeout\"} 0\n", "assay_last_backup_timestamp_seconds 0\n",
        "assay_certificate_expiry_timestamp_seconds 0\n", "assay_build_info{version=\""})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  EXPECT_GT(text.find("assay_start_time_seconds 1"), 0u);
}

}  // namespace
}  // namespace assay
