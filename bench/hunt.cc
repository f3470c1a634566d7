// Claim: a question that comes up later is answered from what was kept, without running an image. 1,000
// stored traces, replayed from tests/traces into a RocksDB store of their own, three of them with something
// planted: exactly these must be found. Events a second with one rule, ten and all of ours, on one thread and
// on all processors, beside what one of them does when it only reads and decodes the same chunks. By the
// clock, and by the processor time that was used, which other load on the machine does not change. Usage:
// bench-hunt [TRACES]
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include "bench/workload.h"
#include "common/codec.h"
#include "scheduler/hunt.h"
#include "tests/unit/scheduler/replay.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Texts = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kPlantedName = "telemetry.planted.example";
constexpr const char* kRule = R"(
title: Asks for the planted name and leaves the planted file
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7a01
logsource: {category: dns_query}
level: high
tags: [attack.t1071.004]
detection:
  name: {QueryName|endswith: .planted.example}
  condition: name
---
title: Leaves the planted file
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7a02
logsource: {category: file_left}
level: high
tags: [attack.t1105]
detection:
  file: {TargetFilename: /opt/.planted/agent}
  condition: file
)";

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "bench-hunt: %s\n", result.error().what.c_str());
  std::exit(1);
}

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "bench-hunt: %s\n", what);
  std::exit(1);
}

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The same run under another name, a little later, by other processes: no two chunks are the same bytes.
replay::Trace varied(const replay::Trace& of, size_t number) {
  replay::Trace out = of;
  out.header.job.ref =
      "registry.example/team-" + std::to_string(number % 17) + "/app:" + std::to_string(number);
  auto shift = static_cast<int32_t>(number % 1000);
  for (Event& event : out.events) {
    event.time_ns += static_cast<int64_t>(number) * 1'000;
    for (int32_t* pid : {&event.pid, &event.tid, &event.child_pid, &event.child_tid})
      if (*pid > 1) *pid += shift;
  }
  return out;
}

void plant(replay::Trace& trace) {
  Event last = trace.events.back();
  Event name;
  name.seq = last.seq + 1;
  name.time_ns = last.time_ns + 1;
  name.kind = EventKind::dns;
  name.plane = Plane::host;
  name.source = Source::flows;
  name.name = kPlantedName;
  name.query_type = "A";
  Event file;
  file.seq = last.seq + 2;
  file.time_ns = last.time_ns + 2;
  file.kind = EventKind::file;
  file.plane = Plane::host;
  file.source = Source::harvest;
  file.path = "/opt/.planted/agent";
  file.origin = "dropped";
  file.file_type = "elf";
  trace.events.push_back(std::move(name));
  trace.events.push_back(std::move(file));
}

std::set<std::string> fill(Store& store, size_t count) {
  std::vector<replay::Trace> traces;
  for (const std::string& name : replay::names()) traces.push_back(replay::read(name));
  Report nothing;
  nothing.verdict = Verdict::clean;
  std::set<std::string> planted;
  for (size_t i = 0; i < count; ++i) {
    replay::Trace trace = varied(traces[i % traces.size()], i);
    if (i == count / 7 || i == count / 2 || i == count - 1) {
      plant(trace);
      planted.insert(replay::id_of(i));
    }
    auto written = must(store.commit(replay::road(replay::id_of(i), std::move(trace), nothing)));
    for (const Status& status : written) must(static_cast<bool>(status), "a scan could not be kept");
  }
  return planted;
}

// What one processor does that only reads and decodes.
struct Rate {
  double wall = 0, processor = 0;  // events a second of either
};

Rate decode(const Store& store, uint64_t& events) {
  auto start = Clock::now();
  double used = bench::cpu_seconds();
  Status read = store.scan(Family::chunks, "", false, [&](std::string_view, std::string_view chunk) {
    events += must(decode_chunk(chunk)).size();
    return true;
  });
  must(static_cast<bool>(read), "the chunks cannot be read");
  auto count = static_cast<double>(events);
  return {count / since(start), count / (bench::cpu_seconds() - used)};
}

struct Ran {
  Rate rate;
  std::set<std::string> found;
};

Ran run(const Store& store, const RuleSet& rules, unsigned threads, uint64_t events) {
  Ran out;
  auto start = Clock::now();
  double used = bench::cpu_seconds();
  HuntCounts counts = must(hunt(Keep(const_cast<Store&>(store)), rules, {{}, threads, 0, {}},
                                {[&](const HuntMatch& match) { out.found.insert(match.scan.scan_id); }, {}}));
  auto count = static_cast<double>(counts.events);
  out.rate = {count / since(start), count / (bench::cpu_seconds() - used)};
  must(counts.events == events && counts.pruned == 0 && counts.damaged == 0,
       "not every trace was looked through");
  return out;
}

void show(const std::string& name, unsigned threads, const Rate& rate, const Rate& alone) {
  std::printf("%-24s %8u %11.0fk %10.2f %17.0fk %10.2f\n", name.c_str(), threads, rate.wall / 1e3,
              rate.wall / alone.wall, rate.processor / 1e3, rate.processor / alone.processor);
}

Texts first_of(const Texts& all, size_t count) {
  Texts out{{"planted.yml", kRule}};
  // Spread over the alphabet, and so over the categories. What counts other rules cannot stand alone.
  for (size_t i = 0; out.size() < count && i < all.size(); i += all.size() / (2 * count) + 1)
    if (all[i].second.find("correlation:") == std::string::npos) out.push_back(all[i]);
  return out;
}

void bench_hunt(size_t count, const fs::path& dir) {
  std::set<std::string> planted;
  {
    auto store = must(Store::open(dir / "store", Store::Mode::read_write));
    (void)must(Keep(*store).upgrade());
    planted = fill(*store, count);
  }
  auto store = must(Store::open(dir / "store", Store::Mode::read_only));
  uint64_t warm = 0, events = 0;
  (void)decode(*store, warm);  // whatever comes first would pay for the disk
  Rate alone = decode(*store, events);
  std::printf("%zu traces, %llu events, %zu planted\n", count, static_cast<unsigned long long>(events),
              planted.size());
  std::printf("%-24s %8s %12s %10s %18s %10s\n", "", "threads", "events/s", "of decode", "per processor s",
              "of decode");
  show("reading and decoding", 1, alone, alone);
  Texts all = must(RuleSet::read(fs::path(ASSAY_SOURCE_DIR) / "rules")).rules;
  unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  for (size_t asked : {size_t{1}, size_t{10}, all.size()}) {
    Texts texts = first_of(all, asked);
    if (asked == all.size()) texts = all, texts.emplace_back("planted.yml", kRule);
    auto start = Clock::now();
    RuleSet rules = must(RuleSet::compile(texts));
    std::printf("%zu rules: compiled in %.0f ms\n", rules.size(), since(start) * 1e3);
    for (unsigned threads : std::set<unsigned>{1, cores}) {
      Ran ran = run(*store, rules, threads, events);
      std::string name = std::to_string(rules.size()) + " rules" + (asked == 1 ? " (of one file)" : "");
      show(name, threads, ran.rate, alone);
      if (asked == 1) must(ran.found == planted, "other traces were found than those with something planted");
      must(std::includes(ran.found.begin(), ran.found.end(), planted.begin(), planted.end()),
           "a planted trace was not found");
    }
  }
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // it takes minutes: a line as it is known
  size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000;
  std::string dir = (std::filesystem::temp_directory_path() / "assay-bench-hunt-XXXXXX").string();
  if (count < 10 || ::mkdtemp(dir.data()) == nullptr) return 2;
  assay::bench_hunt(count, dir);
  std::filesystem::remove_all(dir);
}
