// Answers of the API read: what is there, what is missing, and what is hostile.
#include "cli/answers.h"

#include <gtest/gtest.h>

#include "cli/json_fields.h"

namespace assay::cli {
namespace {

const std::string kId = "20261125T031500-00000001";

TEST(Answers, ScanIsReadWholeAndMissingFieldsAreEmpty) {
  auto scan = read_scan(R"({"scan_id":")" + kId +
                        R"(","ref":"nginx","state":"queued","lane":"gate","labels":{"team":"web"},
    "attempt":2,"failures":1,"submitted_ns":5,"digest":null,"waits":[{"code":"no_agent","text":"no agent has room"}]})");
  ASSERT_TRUE(scan) << scan.error().what;
  EXPECT_EQ(scan->ref, "nginx");
  EXPECT_EQ(scan->labels, (Labels{{"team", "web"}}));
  EXPECT_EQ(scan->attempt, 2u);
  EXPECT_EQ(scan->submitted_ns, 5);
  EXPECT_EQ(scan->digest, "");
  EXPECT_EQ(scan->waits, (std::vector<std::string>{"no agent has room"}));
}

TEST(Answers, WrongTypesAreNamed) {
  auto error = [](const std::string& fields) {
    auto scan = read_scan(R"({"scan_id":")" + kId + "\"," + fields + "}");
    return scan ? "none" : scan.error().what;
  };
  EXPECT_EQ(error(R"("ref":7)"), "scan: 'ref' is not text");
  EXPECT_EQ(error(R"("attempt":-1)"), "scan: 'attempt' is not a whole number in range");
  EXPECT_EQ(error(R"("attempt":4294967296)"), "scan: 'attempt' is not a whole number in range");
  EXPECT_EQ(error(R"("submitted_ns":18446744073709551615)"),
            "scan: 'submitted_ns' is not a whole number in range");
  EXPECT_EQ(error(R"("score":1.5)"), "scan: 'score' is not a whole number in range");
  EXPECT_EQ(error(R"("labels":{"a":1})"), "scan: 'labels' is not an object of at most 16 texts");
  EXPECT_EQ(error(R"("waits":{"a":1})"), "scan: 'waits' is not a list");
  EXPECT_EQ(error(R"("waits":["a"])"), "reason to wait is not an object");
  EXPECT_EQ(error(R"("score":-3)"), "none");
}

TEST(Answers, IdsThatAreNoneAreRefused) {
  EXPECT_EQ(read_scan(R"({"scan_id":"../../etc"})").error().what,
            "scan: 'scan_id' is not an id, but '../../etc'");
  EXPECT_EQ(read_scan_ids(R"({"scan_ids":["x"]})", 1).error().what,
            "the server's answer: 'scan_ids' holds what is no scan id");
  EXPECT_EQ(read_scan_ids(R"({"scan_ids":[]})", 2).error().what,
            "the server answered 0 scan ids for 2 images");
  EXPECT_EQ(read_scan_ids("{}", 2).error().what, "the server's answer: 'scan_ids' is not a list");
}

TEST(Answers, WhatIsNoJsonIsToldWithItsPlace) {
  EXPECT_EQ(
      read_scan("<html>").error().what,
      "the server's answer is no JSON: parse error at line 1, column 1: syntax error while parsing value - "
      "invalid literal; last read: '<'");
  EXPECT_EQ(read_scan("[]").error().what, "the server's answer is not a JSON object");
  EXPECT_EQ(read_scan("").error().code, Errc::corrupt);
}

TEST(Answers, DeepNestingIsRefusedWithoutRecursion) {
  std::string deep = R"({"scans":)" + std::string(1'000'000, '[');
  EXPECT_FALSE(read_scans(deep));
  deep += std::string(1'000'000, ']') + "}";
  EXPECT_EQ(read_scans(deep).error().what, "the server's answer is nested deeper than 16 levels");
}

TEST(Answers, ManyKeysTakeNoQuadraticTime) {
  std::string wide = "{";
  for (int i = 0; i < 300'000; ++i) wide += "\"" + std::to_string(i) + "\":0,";
  wide += R"("scan_id":")" + kId + "\"}";
  EXPECT_TRUE(read_scan(wide));
}

TEST(Answers, PageTellsWhereToGoOn) {
  std::string scans = R"({"scans":[{"scan_id":")" + kId + R"("}],"next":)";
  EXPECT_EQ(read_scans(scans + "null}")->next, "");
  EXPECT_EQ(read_scans(scans + "\"" + kId + "\"}")->next, kId);
  EXPECT_FALSE(read_scans(scans + "7}"));
}

TEST(Answers, EventsAreStateOrProgress) {
  auto event = read_event("progress", R"({"scan_id":")" + kId + R"(","phase":"run","missed":3})");
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->progress);
  EXPECT_EQ(event->phase, "run");
  EXPECT_EQ(event->missed, 3u);
  EXPECT_FALSE(read_event("state", R"({"scan_id":"x"})"));
  EXPECT_TRUE(read_event("state", R"({"missed":9})"));
}

TEST(Answers, CapacityThatIsNotKnownHasNoValue) {
  auto capacity = read_capacity(
      R"({"seconds":3600,"backlog":5,"agents":1,"slots":2,"service_s":null,"rate_per_s":0.5,"finish_s":null,"slots_needed":null,"agents_needed":4})");
  ASSERT_TRUE(capacity) << capacity.error().what;
  EXPECT_FALSE(capacity->service_s);
  EXPECT_FALSE(capacity->finish_s);
  EXPECT_EQ(capacity->agents_needed, 4u);
  EXPECT_EQ(read_capacity(R"({"rate_per_s":"much"})").error().what, "capacity: 'rate_per_s' is not a number");
}

TEST(Answers, AgentsAndQueueAreRead) {
  auto agents = read_agents(
      R"({"agents":[{"name":"a1","mode":"draining","connected":true,"slots":4,"seen_ms":1500,"leases":[{},{}]}]})");
  ASSERT_TRUE(agents) << agents.error().what;
  EXPECT_EQ((*agents)[0].leases, 2u);
  EXPECT_EQ((*agents)[0].seen_ms, 1500u);
  auto queue = read_queue(
      R"({"lanes":[{"lane":"gate","queued":1,"leased":2,"oldest_ms":3000}],"tenants":[],"registries":[],"stalled":true,"free_bytes":null})");
  ASSERT_TRUE(queue) << queue.error().what;
  EXPECT_EQ(queue->lanes[0].leased, 2u);
  EXPECT_TRUE(queue->stalled);
  EXPECT_FALSE(read_queue(R"({"lanes":[]})"));
}

TEST(ShownJson, HoldsNothingThatATerminalWouldObey) {
  auto shown = shown_answer("{\"a\\u001b[2J\":[\"\\u202e\xc2\x9b\",1]}");
  ASSERT_TRUE(shown);
  EXPECT_EQ(*shown, "{\n \"a\\\\x1b[2J\": [\n  \"\\\\xe2\\\\x80\\\\xae\\\\xc2\\\\x9b\",\n  1\n ]\n}\n");
}

}  // namespace
}  // namespace assay::cli
