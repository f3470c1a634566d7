// Following scans over events, gaps, broken streams and schedulers that go away.
#include "cli/follow.h"

#include <gtest/gtest.h>

#include "cli/send.h"
#include "common/fd.h"
#include "tests/unit/cli/fake_api.h"

namespace assay::cli {
namespace {

using std::chrono::milliseconds;

FollowLimits hasty() {
  return {milliseconds(200), milliseconds(5), milliseconds(20), milliseconds(400), milliseconds(10000)};
}

// What follow() prints, and its error.
std::string followed(const Remote& remote, Watched& watched, const LoadScans& load,
                     FollowLimits limits = hasty()) {
  Live live;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Status ended = follow(remote, "/v1/events", load, watched, live, limits);
  std::string out = testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return out + (ended ? "" : "ERROR " + ended.error().what + "\n");
}

LoadScans nothing_new() {
  return [] { return Result<std::vector<ScanView>>(std::vector<ScanView>{}); };
}
Watched watching(const std::vector<std::string>& ids) {
  Watched watched;
  for (const std::string& id : ids) {
    ScanView scan;
    scan.scan_id = id;
    scan.ref = "nginx";
    scan.state = "queued";
    watched.set(scan);
  }
  return watched;
}

// The records as they are asked for: nothing new until the `nth` time, then the scan is done.
LoadScans done_at(int& loads, int nth) {
  return [&loads, nth]() -> Result<std::vector<ScanView>> {
    if (++loads < nth) return std::vector<ScanView>{};
    return std::vector<ScanView>{*read_scan(scan_json(kScan1, "nginx", "done", "clean"))};
  };
}

TEST(Follow, EventsLeadToTheEnd) {
  FakeApi api;
  api.events(event_text("state", kScan1, R"("state":"leased")") +
             event_text("progress", kScan1, R"("phase":"run")") +
             event_text("state", kScan1, R"("state":"done","verdict":"clean","score":3)") +
             event_text("state", kScan2, R"("state":"failed","error":"no such image")"));
  api.start();
  Watched watched = watching({kScan1, kScan2});
  EXPECT_EQ(
      followed(api.remote(), watched, nothing_new()),
      kScan1 + "  clean             3  nginx\n" + kScan2 + "  failed            -  nginx  (no such image)\n");
  EXPECT_EQ(watched.exit(Gate::malicious), kFailed);
}

TEST(Follow, WhatEndedBeforeTheStreamBeganIsInTheRecords) {
  FakeApi api;
  api.events("");
  api.get("/v1/scans/" + kScan1, scan_json(kScan1, "nginx", "done", "malicious", 90));
  api.start();
  Watched watched = watching({kScan1});
  Remote remote = api.remote();
  EXPECT_EQ(followed(remote, watched, [&] { return load_each(remote, {kScan1}); }),
            kScan1 + "  malicious        90  nginx\n");
}

TEST(Follow, GapInTheEventsAsksForTheRecords) {
  FakeApi api;
  int loads = 0;
  api.events(event_text("progress", kScan1, R"("phase":"run","missed":7)"));
  api.start();
  Watched watched = watching({kScan1});
  LoadScans load = done_at(loads, 2);
  FollowLimits limits = hasty();
  limits.reload = std::chrono::hours(1);
  EXPECT_EQ(followed(api.remote(), watched, load, limits), kScan1 + "  clean             0  nginx\n");
  EXPECT_EQ(loads, 2);
}

TEST(Follow, LongSilenceAsksForTheRecords) {
  FakeApi api;
  int loads = 0;
  api.events("");
  api.start();
  Watched watched = watching({kScan1});
  LoadScans load = done_at(loads, 3);
  EXPECT_EQ(followed(api.remote(), watched, load), kScan1 + "  clean             0  nginx\n");
}

TEST(Follow, BrokenStreamIsOpenedAgain) {
  FakeApi api;
  int loads = 0;
  api.events(event_text("state", kScan1, R"("state":"leased")"), false);
  api.start();
  Watched watched = watching({kScan1});
  LoadScans load = done_at(loads, 3);
  EXPECT_EQ(followed(api.remote(), watched, load), kScan1 + "  clean             0  nginx\n");
  EXPECT_EQ(api.requests().size(), 3u);
}

TEST(Follow, SchedulerThatStaysAwayIsGivenUp) {
  Watched watched = watching({kScan1});
  Remote remote(*ServerUrl::parse("http://127.0.0.1:1"), kToken);
  std::string out = followed(remote, watched, nothing_new());
  EXPECT_TRUE(out.starts_with("ERROR given up: no answer from http://127.0.0.1:1")) << out;
}

TEST(Follow, RefusalIsFinal) {
  FakeApi api;
  api.get("/v1/events", R"({"error":{"code":"denied","message":"role read is wanted"}})", 403);
  api.start();
  Watched watched = watching({kScan1});
  EXPECT_EQ(followed(api.remote(), watched, nothing_new()), "ERROR role read is wanted\n");
}

TEST(Follow, EventsThatAreNoneAreAnError) {
  FakeApi api;
  api.events("event: state\ndata: {\"scan_id\":7}\n\n");
  api.start();
  Watched watched = watching({kScan1});
  EXPECT_EQ(followed(api.remote(), watched, nothing_new()), "ERROR event: 'scan_id' is not text\n");
}

TEST(Follow, WithoutATerminalALineNowAndThenTellsHowFarItIs) {
  FakeApi api;
  int loads = 0;
  api.events("");
  api.start();
  Watched watched = watching({kScan1});
  LoadScans load = done_at(loads, 2);
  FollowLimits limits = hasty();
  limits.note = milliseconds(0);
  Live live;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_TRUE(follow(api.remote(), "/v1/events", load, watched, live, limits));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), kScan1 + "  clean             0  nginx\n");
  std::string err = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(err.starts_with("0 of 1 ended, 0 running, 1 waiting\n")) << err;
}

TEST(Follow, StopDescriptorEndsIt) {
  FakeApi api;
  api.events("");
  api.start();
  auto stop = make_event();
  ASSERT_TRUE(stop);
  raise_event(stop->get());
  Watched watched = watching({kScan1});
  EXPECT_EQ(followed(api.remote(stop->get()), watched, nothing_new()), "ERROR interrupted\n");
}

TEST(LoadPages, GoesFromPageToPageAndStopsAtTheOldest) {
  FakeApi api;
  api.server().Get("/v1/scans", [&](const httplib::Request& request, httplib::Response& response) {
    api.note(request);
    bool first = !request.has_param("start");
    FakeApi::answer(response, first ? R"({"scans":[)" + scan_json(kScan3, "c", "queued") + R"(],"next":")" +
                                          kScan2 + "\"}"
                                    : R"({"scans":[)" + scan_json(kScan2, "b", "queued") + "," +
                                          scan_json(kScan1, "a", "queued") + R"(],"next":null})");
  });
  api.start();
  Remote remote = api.remote();
  EXPECT_EQ(load_pages(remote, "&batch=" + kBatch, 10)->size(), 3u);
  EXPECT_EQ(load_pages(remote, "", 10, kScan2)->size(), 2u);
  EXPECT_EQ(load_pages(remote, "", 2).error().code, Errc::limit);
  EXPECT_EQ(api.requests()[1], "GET /v1/scans?limit=1000&batch=" + kBatch + "&start=" + kScan2);
}

TEST(LoadPages, ListThatNeverEndsIsRefused) {
  FakeApi api;
  api.get("/v1/scans", R"({"scans":[],"next":")" + kScan2 + "\"}");
  api.start();
  EXPECT_EQ(load_pages(api.remote(), "", 10).error().what,
            "the server's list of scans does not go on from " + kScan2);
}

TEST(LoadEach, AnotherScanThanAskedForIsRefused) {
  FakeApi api;
  api.get("/v1/scans/" + kScan1, scan_json(kScan2, "nginx", "done"));
  api.start();
  EXPECT_EQ(load_each(api.remote(), {kScan1}).error().code, Errc::corrupt);
}

TEST(Send, BusySchedulerIsAskedAgainABoundedNumberOfTimes) {
  FakeApi api;
  api.post("/v1/scans", R"({"error":{"code":"busy","message":"the queue is full"}})", 429);
  api.start();
  std::vector<std::string> notes;
  Patience patience{3, milliseconds(1), milliseconds(5)};
  auto reply = post_patiently(api.remote(), "/v1/scans", "{}", patience,
                              [&](const std::string& note) { notes.push_back(note); });
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 429);
  EXPECT_EQ(api.requests().size(), 3u);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[0], "the scheduler asks for patience (the queue is full; try again later): again in 1 s");
}

TEST(Send, TimeoutIsSentAgainOnlyWhereTwiceDoesNoHarm) {
  FakeApi api;
  api.post("/v1/scans", "{}", 504);
  api.start();
  Patience patience{3, milliseconds(1), milliseconds(5), false};
  ASSERT_TRUE(post_patiently(api.remote(), "/v1/scans", "{}", patience, [](const std::string&) {}));
  EXPECT_EQ(api.requests().size(), 1u);
}

TEST(Send, RefusalIsNotSentAgain) {
  FakeApi api;
  api.post("/v1/scans", "{}", 507);
  api.start();
  EXPECT_EQ(post_patiently(api.remote(), "/v1/scans", "{}", Patience{}, [](const std::string&) {})->status,
            507);
  EXPECT_EQ(api.requests().size(), 1u);
}

TEST(Send, AbsurdDelayIsBoundedAndAWaitCanBeStopped) {
  FakeApi api;
  api.server().Post("/v1/scans", [&](const httplib::Request& request, httplib::Response& response) {
    api.note(request);
    response.set_header("Retry-After", "4000000000");
    FakeApi::answer(response, "{}", 429);
  });
  api.start();
  Patience patience{2, milliseconds(1), milliseconds(5)};
  EXPECT_TRUE(post_patiently(api.remote(), "/v1/scans", "{}", patience, [](const std::string&) {}));
  EXPECT_EQ(api.requests().size(), 2u);
  auto stop = make_event();
  ASSERT_TRUE(stop);
  raise_event(stop->get());
  EXPECT_EQ(pause(std::chrono::hours(1), stop->get()).error().code, Errc::cancelled);
}

}  // namespace
}  // namespace assay::cli
