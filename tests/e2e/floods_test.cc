// Floods and bombs: whatever a guest pours out, its scan ends in its time, says which limit it hit, loses
// nothing in silence, and leaves the agent small and the host clean. A worker runs them with small limits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "agent/worker.h"
#include "scheduler/score/scorer.h"
#include "tests/e2e/assay.h"
#include "tests/e2e/chamber.h"

namespace assay::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Beyond a scan's own time. On an idle machine it is a few seconds; this is for one that is not.
constexpr seconds kPatience{60};
constexpr size_t kAgentMiB = 900;

// In MiB, of this process: the agent is in it.
size_t peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtoul(line.c_str() + 6, nullptr, 10) / 1024;
  return 0;
}

ScanLimits small_limits() {
  ScanLimits limits;
  limits.cgroup.memory_bytes = 384ull << 20;
  limits.cgroup.pids = 500;
  limits.rootfs.upper_bytes = 16ull << 20;
  limits.rootfs.upper_inodes = 1000;
  limits.events = 8000;
  limits.output_bytes = 64 << 10;
  return limits;
}

struct Scanned {
  wire::Done done;
  Report report;
  size_t peak_mib = 0;
  std::vector<Event> events;

  /// From the guest's start until all that it left behind was looked at.
  std::chrono::nanoseconds ran() const {
    std::chrono::nanoseconds sum{0};
    for (const PhaseTime& phase : done.footer.phases)
      if (phase.phase == "run" || phase.phase == "provoke" || phase.phase == "harvest")
        sum += std::chrono::nanoseconds(phase.duration_ns);
    return sum;
  }
  const LimitHit* limit(const std::string& name) const {
    for (const LimitHit& hit : done.footer.limits)
      if (hit.limit == name) return &hit;
    return nullptr;
  }
  uint64_t lost(Source source) const {
    for (const SourceCount& count : done.footer.sources)
      if (count.source == source) return count.lost;
    return 0;
  }
  template <class Is>
  uint64_t count(Is&& is) const {
    return static_cast<uint64_t>(std::count_if(events.begin(), events.end(), is));
  }
  std::string says() const {
    std::string out = "end " + std::string(to_string(done.footer.reason)) + " " +
                      std::to_string(done.footer.exit_status) + " " + done.footer.detail + ", " +
                      std::to_string(done.footer.events) + " events, " + std::to_string(peak_mib) + " MiB\n";
    for (const LimitHit& hit : done.footer.limits)
      out += hit.limit + " x" + std::to_string(hit.times) + ": " + hit.detail + "\n";
    for (const SourceCount& count : done.footer.sources)
      out += std::string(to_string(count.source)) + " " + std::to_string(count.seen) + " lost " +
             std::to_string(count.lost) + " " + count.detail + "\n";
    for (const PhaseTime& phase : done.footer.phases)
      out += phase.phase + " " + std::to_string(phase.duration_ns / 1'000'000) + " ms\n";
    return out;
  }
};

class Farm : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!check_host()) return;
    data_ = std::make_unique<TempDir>();
    auto loaded = RuleSet::load(std::string(ASSAY_SOURCE_DIR) + "/rules");
    ASSERT_TRUE(loaded) << loaded.error().what;
    rules_ = std::make_unique<RuleSet>(std::move(*loaded));
  }
  static void TearDownTestSuite() {
    data_.reset();
    rules_.reset();
  }
  void SetUp() override {
    ASSAY_NEEDS_HOST();
    ASSERT_TRUE(become_subreaper());
  }

  /// Variant `tag` of the image "bombs". The result is empty when there is no trace, which is a failure.
  Scanned scan(const std::string& tag, milliseconds duration, const ScanLimits& limits,
               bool provoke = false) {
    wire::Lease lease{"20261129T031500-1f8a3c9e", ++attempt_, {}};
    lease.job.ref = "oci-archive:" + image("bombs").string() + ":" + tag;
    lease.job.duration = duration;
    lease.job.extension = milliseconds(0);
    lease.job.provoke = provoke;
    TempDir dir;
    std::string instance = "floods-" + std::to_string(::getpid());
    ScanPlace place{data_->path(), dir.path() / "run", instance, "agent"};
    Scanned out;
    (void)write_file("/proc/self/clear_refs", "5");  // the peak counts from here
    auto begun = steady_clock::now();
    {
      auto worker = Worker::start(context_, attempt_, place, limits, dir.path() / "spool", 0);
      EXPECT_TRUE(worker) << worker.error().what;
      if (worker && worker->begin(lease)) drive(*worker, begun + duration + 2 * kPatience);
    }
    out.peak_mib = peak_mib();
    EXPECT_EQ(chamber::left_behind(instance, place.run_dir / "runsc"), "") << tag;
    EXPECT_EQ(chamber::left_behind(dir.path().string(), place.run_dir / "runsc"), "") << tag;
    read_back(dir.path() / "spool", {lease.scan_id, lease.attempt}, out);
    return out;
  }

 private:
  // What the agent's loop would say, until the scan has ended.
  static void drive(Worker& worker, steady_clock::time_point until) {
    while (steady_clock::now() < until) {
      std::vector<WaitFor> items{worker.link()};
      if (!wait(items, milliseconds(200))) return;
      for (auto note = hear(worker.link()); note && *note; note = hear(worker.link())) {
        if ((*note)->kind == LinkNote::Kind::resolved)
          (void)tell(worker.link(), {.kind = LinkNote::Kind::proceed});
        if ((*note)->kind == LinkNote::Kind::ready)
          (void)tell(worker.link(), {.kind = LinkNote::Kind::permit});
        if ((*note)->kind == LinkNote::Kind::free) return;
      }
    }
    ADD_FAILURE() << "the scan did not end";
  }

  static void read_back(const fs::path& dir, const AttemptKey& key, Scanned& out) {
    auto spool = Spool::open(dir);
    ASSERT_TRUE(spool) << spool.error().what;
    auto end = spool->end(key);
    ASSERT_TRUE(end) << end.error().what;
    auto message = wire::decode(*end);
    ASSERT_TRUE(message) << message.error().what;
    if (auto* failed = std::get_if<wire::Failed>(&*message)) FAIL() << failed->error;
    out.done = std::get<wire::Done>(*message);
    Scorer scorer(*rules_, out.done.header);
    for (uint32_t i = 0; i < out.done.footer.chunks; ++i) {
      auto bytes = spool->chunk(key, i);
      ASSERT_TRUE(bytes) << bytes.error().what;
      auto events = decode_chunk(*bytes);
      ASSERT_TRUE(events) << events.error().what;
      for (Event& event : *events) {
        scorer.add(event);
        out.events.push_back(std::move(event));
      }
    }
    out.report = scorer.finish(out.done.footer);
  }

  static std::unique_ptr<TempDir> data_;
  static std::unique_ptr<RuleSet> rules_;
  static uint32_t attempt_;
  Context context_;
};
std::unique_ptr<TempDir> Farm::data_;
std::unique_ptr<RuleSet> Farm::rules_;
uint32_t Farm::attempt_ = 0;

struct Flood {
  std::string kind;
  std::string limit;  // which it must hit; empty: which, if any, is a matter of the machine's speed
  int seconds = 2;
  friend void PrintTo(const Flood& flood, std::ostream* out) { *out << flood.kind; }
};

class Floods : public Farm, public testing::WithParamInterface<Flood> {};

TEST_P(Floods, EndInTheirTimeAndTellTheLimit) {
  const Flood& flood = GetParam();
  Scanned scanned = scan(flood.kind, seconds(flood.seconds), small_limits());
  ASSERT_FALSE(HasFailure());
  RecordProperty("says", scanned.says());
  EXPECT_LT(scanned.ran(), seconds(flood.seconds) + kPatience) << scanned.says();
  EXPECT_LT(scanned.peak_mib, kAgentMiB) << scanned.says();
  if (!flood.limit.empty()) {
    ASSERT_NE(scanned.limit(flood.limit), nullptr) << scanned.says();
    EXPECT_GT(scanned.limit(flood.limit)->times, 0u);
    EXPECT_NE(report_text(scanned.report, {}).find(flood.limit + ": "), std::string::npos);
  }
  EXPECT_EQ(scanned.done.footer.events, scanned.events.size());
  // It is killed soon after, not when it has poured out all that it can.
  EXPECT_LT(scanned.events.size(), 200'000u) << scanned.says();
  // Only the bounds of the trace itself cut a run short; what else is missing was lost, and is counted.
  bool cut = scanned.limit("events") != nullptr || scanned.limit("trace") != nullptr;
  EXPECT_EQ(scanned.done.footer.reason == EndReason::limit, cut) << scanned.says();
}

INSTANTIATE_TEST_SUITE_P(
    All, Floods,
    testing::Values(Flood{"fork", "processes", 4}, Flood{"threads", ""}, Flood{"memory", "memory", 4},
                    Flood{"disk", "disk"}, Flood{"inodes", "inodes", 4}, Flood{"deep", "inodes", 4},
                    Flood{"symlinks", "inodes", 4}, Flood{"names", "", 2}, Flood{"log", "output"},
                    Flood{"opens", "events", 60}, Flood{"unlinks", "events", 60}, Flood{"execs", ""},
                    Flood{"arguments", ""}, Flood{"connections", ""}, Flood{"datagrams", ""},
                    Flood{"queries", ""}, Flood{"download", ""}, Flood{"upload", ""}, Flood{"pings", ""},
                    Flood{"decoys", ""}, Flood{"ignore", "", 1}, Flood{"stop", "", 1},
                    Flood{"stop-self", "", 1}, Flood{"spin", "", 1}),
    [](const auto& flood) {
      std::string name = flood.param.kind;
      std::erase(name, '-');
      return name;
    });

using Generators = Farm;

// It ends by itself; what it did is told by its last line.
Scanned& whole(Scanned& scanned) {
  EXPECT_EQ(scanned.done.footer.reason, EndReason::exited) << scanned.says();
  EXPECT_EQ(scanned.done.footer.exit_status, 0) << scanned.says();
  return scanned;
}

TEST_F(Generators, EveryOpenIsSeenOrCountedAsLost) {
  Scanned scanned = scan("count-opens", seconds(180), {});
  uint64_t seen = whole(scanned).count([](const Event& e) {
    return e.kind == EventKind::open && e.source == Source::seccheck && e.path == "/counted";
  });
  EXPECT_GT(seen, 0u);
  EXPECT_EQ(seen + scanned.lost(Source::seccheck), 100'000u) << scanned.says();
}

TEST_F(Generators, SoIsEachOfManyPathsWhileTheProcessorsAreBusy) {
  Scanned scanned = scan("count-paths", seconds(180), {});
  std::set<std::string> seen;
  for (const Event& e : whole(scanned).events)
    if (e.kind == EventKind::open && e.source == Source::seccheck && e.path.starts_with("/counted/"))
      seen.insert(e.path);
  EXPECT_GT(seen.size(), 0u);
  EXPECT_EQ(seen.size() + scanned.lost(Source::seccheck), 3'000u) << scanned.says();
}

TEST_F(Generators, SoIsEveryProcessAndProgram) {
  Scanned forks = scan("count-forks", seconds(180), {});
  uint64_t clones =
      whole(forks).count([](const Event& e) { return e.kind == EventKind::clone && e.child_pid != e.pid; });
  EXPECT_EQ(clones + forks.lost(Source::seccheck), 600u) << forks.says();
  Scanned execs = scan("count-execs", seconds(180), {});
  uint64_t programs = whole(execs).count([](const Event& e) {
    return e.kind == EventKind::exec && e.source == Source::seccheck && !e.argv.empty() &&
           e.argv[0] == "counted";
  });
  EXPECT_EQ(programs + execs.lost(Source::seccheck), 100u) << execs.says();
}

TEST_F(Generators, EveryByteOfOutputIsKeptOrCounted) {
  ScanLimits limits;
  limits.output_bytes = 1'000'000;
  Scanned scanned = scan("count-output", seconds(180), limits);
  uint64_t kept = 0, left_out = 0;
  std::string last;
  for (const Event& e : whole(scanned).events) {
    if (e.kind == EventKind::output) kept += e.data.size();
    if (e.kind == EventKind::note && e.call == "output_left_out") left_out += e.truncated;
  }
  const std::string kWord = "output done: 40000\n";
  EXPECT_EQ(kept, limits.output_bytes);
  EXPECT_EQ(kept + left_out, 40'000u * 100 + kWord.size()) << scanned.says();
  ASSERT_NE(scanned.limit("output"), nullptr);
  EXPECT_NE(scanned.limit("output")->detail.find(std::to_string(left_out) + " bytes"), std::string::npos)
      << scanned.limit("output")->detail;
}

// More of them than the sinkhole may tell of at once.
TEST_F(Generators, EveryConnectionIsReportedOrCountedAsLost) {
  Scanned scanned = scan("count-connections", seconds(180), {});
  uint64_t sessions =
      whole(scanned).count([](const Event& e) { return e.kind == EventKind::session && e.dst_port == 7777; });
  std::set<std::string> flows;  // each to an address of its own; a late packet begins its flow anew
  for (const Event& e : scanned.events)
    if (e.kind == EventKind::flow_start && e.dst_port == 7777) flows.insert(e.dst_addr);
  EXPECT_EQ(sessions + scanned.lost(Source::sinkhole), 600u) << scanned.says();
  EXPECT_LE(flows.size(), 600u);
  EXPECT_GE(flows.size() + scanned.lost(Source::flows), 600u) << scanned.says();
}

TEST_F(Generators, SoIsEveryQuestionToANameServer) {
  Scanned scanned = scan("count-queries", seconds(180), {});
  uint64_t asked = whole(scanned).count(
      [](const Event& e) { return e.kind == EventKind::dns && e.source == Source::sinkhole; });
  EXPECT_GT(asked, 0u);
  EXPECT_EQ(asked + scanned.lost(Source::sinkhole), 12'000u) << scanned.says();
}

}  // namespace
}  // namespace assay::e2e
