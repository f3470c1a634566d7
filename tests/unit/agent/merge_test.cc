// merge: order, numbering, lateness; the joining of both planes; the channel; the witness's records.
#include "agent/trace/merge.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>

#include "agent/trace/batch.h"
#include "agent/trace/syscalls.h"
#include "agent/trace/witness.h"
#include "agent/trace/witness_calls.h"

namespace assay {
namespace {

Event at(int64_t time_ns, const std::string& call) {
  Event e;
  e.time_ns = time_ns;
  e.call = call;
  return e;
}
std::string show(const std::vector<Event>& events) {
  std::string out;
  for (const auto& e : events)
    out += std::to_string(e.seq) + ":" + e.call + "@" + std::to_string(e.time_ns) + " ";
  return out;
}

TEST(Merge, OrdersByTimeAndKeepsTheOrderOfEquals) {
  Merge merge;
  for (const auto& [time, call] : {std::pair{30, "c"}, {10, "a"}, {20, "b1"}, {20, "b2"}, {40, "d"}})
    merge.add(at(time, call));
  EXPECT_EQ(show(merge.release(30)), "1:a@10 2:b1@20 3:b2@20 4:c@30 ");
  EXPECT_EQ(show(merge.release(30)), "");
  EXPECT_EQ(show(merge.release(INT64_MAX)), "5:d@40 ");
}

TEST(Merge, LateEventTakesTheTimeOfTheLastReleasedAndIsCounted) {
  Merge merge;
  merge.add(at(50, "a"));
  EXPECT_EQ(show(merge.release(60)), "1:a@50 ");
  merge.add(at(55, "within"));
  merge.add(at(20, "late"));
  EXPECT_EQ(show(merge.release(INT64_MAX)), "2:late@50 3:within@55 ");
  EXPECT_EQ(merge.late(), 1u);
}

Event seen_by_guest(const std::string& call, uint64_t first_argument) {
  Event e = at(20, call);
  e.kind = EventKind::syscall;
  e.source = Source::seccheck;
  e.plane = Plane::guest;
  e.args[0] = first_argument;
  e.pid = 7;
  e.tid = 8;
  e.uid = 33;
  e.comm = "sh";
  e.cwd = "/tmp";
  return e;
}
Event seen_by_host(const std::string& call, uint64_t first_argument, const std::string& path) {
  Event e = at(19, call);
  e.kind = EventKind::syscall;
  e.source = Source::witness;
  e.plane = Plane::host;
  e.args[0] = first_argument;
  e.path = path;
  e.host_tid = 999;
  return e;
}

TEST(Pairing, EachPlaneGetsWhatOnlyTheOtherKnows) {
  for (bool guest_first : {true, false}) {
    Merge merge;
    auto guest = seen_by_guest("unlink", 4096), host = seen_by_host("unlink", 4096, "x");
    merge.add(guest_first ? guest : host);
    merge.add(guest_first ? host : guest);
    auto events = merge.release(INT64_MAX);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].plane, Plane::host);
    EXPECT_EQ(events[0].pid, 7);
    EXPECT_EQ(events[0].uid, 33u);
    EXPECT_EQ(events[0].path, "x");
    EXPECT_EQ(events[1].path, "/tmp/x") << "absolute, now that both are known";
    EXPECT_EQ(events[1].data, "x");
    EXPECT_EQ(merge.paired(), 1u);
  }
}

TEST(Pairing, OtherArgumentsOrCallsAreNotTheSame) {
  Merge merge;
  merge.add(seen_by_guest("unlink", 4096));
  merge.add(seen_by_host("unlink", 8192, "x"));
  merge.add(seen_by_host("rmdir", 4096, "x"));
  for (const auto& e : merge.release(INT64_MAX)) EXPECT_EQ(e.pid, e.plane == Plane::host ? 0 : 7);
  EXPECT_EQ(merge.paired(), 0u);
}

TEST(Pairing, EachEventHasOneCounterpartAtMost) {
  Merge merge;
  merge.add(seen_by_host("unlink", 4096, "x"));
  merge.add(seen_by_guest("unlink", 4096));
  merge.add(seen_by_guest("unlink", 4096));
  auto events = merge.release(INT64_MAX);
  EXPECT_EQ(events[1].path, "/tmp/x");
  EXPECT_EQ(events[2].path, "");
}

TEST(Pairing, NearestInTimeIsTheCounterpart) {
  Merge merge;
  auto early = seen_by_guest("unlink", 4096), near = early;
  early.time_ns = 5;
  near.pid = 70;
  near.time_ns = 1000;
  auto host = seen_by_host("unlink", 4096, "x");
  host.time_ns = 990;
  merge.add(early);
  merge.add(near);
  merge.add(host);
  auto events = merge.release(INT64_MAX);
  EXPECT_EQ(events[1].pid, 70);
  EXPECT_EQ(events[2].path, "/tmp/x");
  EXPECT_EQ(events[0].path, "");
}

TEST(Pairing, RepeatsOfOneCallDoNotMakeItSlow) {
  Merge merge;
  for (int i = 0; i < 200'000; ++i)
    merge.add(seen_by_guest("unlink", 4096));  // quadratic search would take minutes
  EXPECT_EQ(merge.release(INT64_MAX).size(), 200'000u);
}

TEST(Pairing, ReleasedEventsAreForgotten) {
  Pairing pairing;
  for (int i = 0; i < 100; ++i) {
    Event e = seen_by_guest("unlink", 1);
    pairing.add(e);
    pairing.forget(e);
  }
  EXPECT_EQ(pairing.waiting(), 0u);
}

TEST(BatchChannel, FullChannelHoldsTheProducerAndLosesNothing) {
  auto channel = std::move(*BatchChannel::open());
  constexpr size_t kBatches = 5000;
  std::thread producer([&] {
    for (size_t i = 0; i < kBatches; ++i) {
      auto batch = std::make_unique<Batch>();
      batch->drained_ns = static_cast<int64_t>(i);
      while (!channel->try_push(batch)) std::this_thread::yield();
    }
  });
  for (size_t expected = 0; expected < kBatches;) {
    auto batch = channel->pop();
    if (!batch) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(batch->drained_ns, static_cast<int64_t>(expected++));
  }
  producer.join();
  EXPECT_EQ(channel->pop(), nullptr);
}

TEST(BatchChannel, RefusesBeyondItsCapacity) {
  auto channel = std::move(*BatchChannel::open());
  for (size_t i = 0; i < BatchChannel::kCapacity; ++i) {
    auto batch = std::make_unique<Batch>();
    EXPECT_TRUE(channel->try_push(batch));
  }
  auto extra = std::make_unique<Batch>();
  EXPECT_FALSE(channel->try_push(extra));
  EXPECT_NE(extra, nullptr) << "the producer keeps it";
}

std::string witness_record(uint32_t sysno, const std::string& path, const std::string& path2,
                           const std::string& data, const std::string& argv = "", uint16_t argv_count = 0) {
  farm_witness head{};
  head.time_ns = 42;
  head.host_tid = 99;
  head.sysno = sysno;
  head.args[0] = 3;
  head.path_len = static_cast<uint16_t>(path.size());
  head.path2_len = static_cast<uint16_t>(path2.size());
  head.data_len = static_cast<uint16_t>(data.size());
  head.data_full = data.size();
  head.argv_len = static_cast<uint16_t>(argv.size());
  head.argv_count = argv_count;
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + path + path2 + data + argv;
}

TEST(WitnessDecode, StringsLoseTheirNulAndDataKeepsIts) {
  auto e = decode_witness(
      witness_record(165, std::string("proc\0", 5), std::string("/mnt\0", 5), std::string("a\0b", 3)));
  ASSERT_TRUE(e);
  EXPECT_EQ(e->call, "mount");
  EXPECT_EQ(e->path, "proc");
  EXPECT_EQ(e->path2, "/mnt");
  EXPECT_EQ(e->data, std::string("a\0b", 3));
  EXPECT_EQ(e->time_ns, 42);
  EXPECT_EQ(e->host_tid, 99);
}

TEST(WitnessDecode, ArgumentsOfExecveAreSplit) {
  auto e = decode_witness(
      witness_record(59, std::string("/bin/sh\0", 8), "", "", std::string("sh\0-c\0\0", 7), 3));
  ASSERT_TRUE(e);
  EXPECT_EQ(e->argv, (std::vector<std::string>{"sh", "-c", ""}));
}

TEST(WitnessDecode, MutatedRecordsNeverBreakBounds) {
  std::mt19937 random(5);
  std::string seed = witness_record(42, "", "", std::string("\x02\x00\x00\x50\x01\x02\x03\x04", 8),
                                    std::string("a\0b\0", 4), 2);
  for (int round = 0; round < 30'000; ++round) {
    std::string bytes = seed;
    for (auto n = random() % 6; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    auto e = decode_witness(bytes);
    EXPECT_TRUE(!e || e->path.size() + e->data.size() <= bytes.size());
  }
  EXPECT_FALSE(decode_witness("short"));
}

TEST(WitnessCalls, DangerousCallsHaveNoBudgetAndNoisyOnesOne) {
  auto table = witness_calls();
  auto entry = [&](const char* name) { return table[static_cast<size_t>(syscall_number(name))]; };
  EXPECT_EQ(entry("mount").budget, 0);
  EXPECT_EQ(entry("mount").path2, 2);
  EXPECT_GT(entry("write").budget, 0);
  EXPECT_EQ(entry("read").flags & FARM_WANTED, 0);
  EXPECT_EQ(entry("sendto").address, 5);
}

}  // namespace
}  // namespace assay
