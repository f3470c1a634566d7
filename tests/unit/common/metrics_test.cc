// Metrics: what /metrics shows, byte by byte where it is short.
#include "common/metrics.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Metrics, ShowsWhatWasCounted) {
  Metrics metrics;
  auto leases = metrics.counter("leases_total", "Leases made.");
  leases.add();
  leases.add(2);
  metrics.gauge("queued", "Waiting.", {{"lane", "gate"}}).set(7);
  EXPECT_EQ(metrics.text(),
            "# HELP leases_total Leases made.\n# TYPE leases_total counter\nleases_total 3\n"
            "# HELP queued Waiting.\n# TYPE queued gauge\nqueued{lane=\"gate\"} 7\n");
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  metrics.counter("a_total", "A.", {{"x", "1"}}).add();
  metrics.counter("a_total", "A.", {{"x", "1"}}).add();
  EXPECT_EQ(metrics.counter("a_total", "A.", {{"x", "1"}}).value(), 2);
}

TEST(Metrics, HistogramCountsEachBucketUpToItsBound) {
  Metrics metrics;
  auto wait = metrics.histogram("wait_seconds", "Wait.", {1, 10});
  for (double value : {0.5, 1.0, 5.0, 50.0}) wait.observe(value);
  EXPECT_EQ(metrics.text(),
            "# HELP wait_seconds Wait.\n# TYPE wait_seconds histogram\nwait_seconds_count 4\n"
            "wait_seconds_sum 56.5\nwait_seconds_bucket{le=\"1\"} 2\nwait_seconds_bucket{le=\"10\"} 3\n"
            "wait_seconds_bucket{le=\"+Inf\"} 4\n");
}

TEST(Metrics, HandlesOutliveAMoveOfTheMetrics) {
  Metrics first;
  auto counter = first.counter("a_total", "A.");
  auto by = first.counter_by("b_total", "B.", "x");
  Metrics second = std::move(first);
  counter.add();
  by.add("1");
  EXPECT_EQ(counter.value(), 1);
  EXPECT_NE(second.text().find("b_total{x=\"1\"} 1"), std::string::npos);
}

TEST(CounterBy, BoundsHowManyValuesAHostileClientMakes) {
  Metrics metrics;
  auto pulls = metrics.counter_by("pulls_total", "Pulls.", "registry");
  for (size_t i = 0; i < 1000; ++i) pulls.add("registry-" + std::to_string(i));
  pulls.add("registry-0");
  std::string text = metrics.text();
  EXPECT_NE(text.find("pulls_total{registry=\"registry-0\"} 2"), std::string::npos);
  EXPECT_NE(text.find("pulls_total{registry=\"other\"} 936"), std::string::npos) << text;
  EXPECT_EQ(text.find("registry-64"), std::string::npos);
}

TEST(CounterBy, ValuesFromOutsideCannotBreakALine) {
  Metrics metrics;
  metrics.counter_by("pulls_total", "Pulls.", "registry").add("a\"\n# HELP");
  EXPECT_NE(metrics.text().find("pulls_total{registry=\"a\\\"\\\\x0a# HELP\"} 1\n"), std::string::npos)
      << metrics.text();
}

}  // namespace
}  // namespace assay
