// What Prometheus gets.
#include "common/metrics_http.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include "agent/metrics.h"

namespace assay {
namespace {

TEST(AgentMetrics, CountsScansByTheirEndAndLossesBySource) {
  AgentMetrics metrics;
  ScanStats stats;
  stats.events = 12;
  stats.layers_reused = 2;
  stats.lost[static_cast<size_t>(Source::witness)] = 3;
  metrics.ended(stats, "done");
  metrics.ended(stats, "failed");
  std::string text = metrics.text();
  for (const char* line :
       {"assay_agent_scans_total{end=\"done\"} 1\n", "assay_agent_scans_total{end=\"failed\"} 1\n",
        "assay_agent_events_total 24\n", "assay_agent_layers_reused_total 4\n",
        "assay_agent_events_lost_total{source=\"witness\"} 6\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(AgentMetrics, WhatAlertsAskForIsThereBeforeItHappens) {
  AgentMetrics metrics;
  std::string text = metrics.text();
  for (const char* line :
       {"assay_agent_events_lost_total{source=\"seccheck\"} 0\n",
        "assay_agent_events_lost_total{source=\"egress\"} 0\n", "assay_agent_scans_total{end=\"failed\"} 0\n",
        "assay_agent_connected 0\n", "assay_agent_free_bytes 0\n", "assay_build_info{version=\""})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(AgentMetrics, AreServedAtOnePathOnly) {
  AgentMetrics metrics;
  metrics.slots.set(4);
  auto server = serve_metrics([&metrics] { return metrics.text(); }, "127.0.0.1:0");
  ASSERT_TRUE(server) << server.error().what;
  httplib::Client client("127.0.0.1", server->port());
  auto got = client.Get("/metrics");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 200);
  EXPECT_NE(got->body.find("assay_agent_slots 4\n"), std::string::npos);
  auto other = client.Get("/");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, 404);
}

TEST(AgentMetrics, AnAddressThatIsNoneIsNamed) {
  for (const char* bad :
       {"", "9440", ":9440", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:-1"}) {
    auto parsed = parse_metrics_address(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_NE(parsed.error().what.find("'" + std::string(bad) + "'"), std::string::npos);
  }
  auto parsed = parse_metrics_address("[::1]:9440");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->host, "::1");
  EXPECT_EQ(parsed->port, 9440);
}

}  // namespace
}  // namespace assay
