// Claim: scoring keeps up with decoding, whatever the number of rules: they are one program. Events a second
// on one core of plain decoding, of decoding and scoring with our rules, with ours and the public Linux ones
// (if ASSAY_CORPUS names them), and of the same with each rule held against each record as it is written.
// Reports of program and reference must be the same bytes. Usage: bench-score [EVENTS | TRACE...]
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/workload.h"
#include "common/codec.h"
#include "common/fd.h"
#include "common/trace_file.h"
#include "scheduler/score/rule.h"
#include "scheduler/score/scorer.h"
#include "scheduler/score/yaml.h"
#include "tests/unit/score/case_reader.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using bench::cpu_seconds;
using Scan = std::vector<std::string>;  // its chunks

constexpr size_t kScanEvents = 100'000;  // what a minute of a busy container makes

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().what.c_str());
  std::exit(1);
}

Scan encode(const std::vector<Event>& events) {
  Scan out;
  ChunkWriter writer;
  uint64_t seq = 0;
  for (Event event : events) {
    event.seq = ++seq;
    writer.add(std::move(event));
    if (writer.full()) out.push_back(writer.take());
  }
  if (!writer.empty()) out.push_back(writer.take());
  return out;
}

// A busy container that also does, now and then, what the traces of our tests do: nearly all of it harmless,
// as in life.
std::vector<Scan> make_scans(size_t count) {
  static constexpr const char* kStories[] = {"nginx",  "postgres",  "redis",        "apt",      "entrypoint",
                                             "miner",  "dropper",   "credentials",  "fileless", "persistence",
                                             "escape", "port-scan", "reverse-shell"};
  std::vector<Event> all = bench::Workload().make(count);
  std::vector<Scan> scans;
  for (size_t at = 0; at < all.size(); at += kScanEvents) {
    std::vector<Event> events(all.begin() + static_cast<ptrdiff_t>(at),
                              all.begin() + static_cast<ptrdiff_t>(std::min(all.size(), at + kScanEvents)));
    int64_t end = events.back().time_ns;
    int32_t pids = 1'000'000;
    for (const char* story : kStories)
      for (Event event : testing::stored_trace(story)) {
        event.time_ns += end;
        for (int32_t* pid : {&event.pid, &event.tid, &event.child_pid})
          if (*pid != 0) *pid += pids;
        events.push_back(std::move(event));
      }
    scans.push_back(encode(events));
  }
  return scans;
}

Scan read_scan(const char* path) {
  std::vector<Event> events;
  must(read_trace_file(path, [&](const Event& event) { events.push_back(event); }));
  return encode(events);
}

std::vector<std::pair<std::string, std::string>> read_rules(const fs::path& dir) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& file : fs::recursive_directory_iterator(dir)) {
    auto relative = fs::relative(file.path(), dir);
    if (file.path().extension() == ".yml" && *relative.begin() != "cases")
      out.emplace_back(relative.string(), must(read_file(file.path().string(), yaml::kMaxTextBytes)));
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct Outcome {
  double seconds = 0;
  size_t events = 0;
  std::string reports;
};

Outcome run(const std::vector<Scan>& scans, const RuleSet* rules) {
  Outcome out;
  double start = cpu_seconds();
  for (const Scan& scan : scans) {
    std::optional<Scorer> scorer;
    if (rules != nullptr) scorer.emplace(*rules, testing::test_header());
    size_t count = 0;
    for (const std::string& chunk : scan) {
      auto events = must(decode_chunk(chunk));
      count += events.size();
      if (scorer)
        for (const Event& event : events) scorer->add(event);
    }
    out.events += count;
    if (scorer) out.reports += report_json(scorer->finish(testing::test_footer(count)));
  }
  out.seconds = cpu_seconds() - start;
  return out;
}

class Table {
 public:
  explicit Table(const std::vector<Scan>& scans) : scans_(scans), plain_(run(scans, nullptr)) {
    show("decode", plain_);
  }

  void with(const std::string& name, std::vector<std::pair<std::string, std::string>> texts) {
    double start = cpu_seconds();
    RuleSet rules = must(RuleSet::compile(texts));
    std::printf("%s: %zu rules, read and compiled in %.0f ms: %s\n", name.c_str(), rules.size(),
                (cpu_seconds() - start) * 1e3, rules.state().program.describe().c_str());
    Outcome program = run(scans_, &rules);
    show("decode, score: " + name, program);
    rules.use_reference();
    Outcome reference = run(scans_, &rules);
    show("  the same, rule by rule", reference);
    if (program.reports == reference.reports) return;
    std::fprintf(stderr, "with %s the program's reports are not the reference's\n", name.c_str());
    std::exit(1);
  }

 private:
  void show(const std::string& name, const Outcome& outcome) {
    double rate = static_cast<double>(outcome.events) / outcome.seconds;
    double plain = static_cast<double>(plain_.events) / plain_.seconds;
    std::printf("%-40s %9.0fk events/s   %5.2f of decoding's pace\n", name.c_str(), rate / 1e3, rate / plain);
  }
  const std::vector<Scan>& scans_;
  Outcome plain_;
};

void bench_score(int argc, char** argv) {
  std::vector<Scan> scans;
  size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  for (int i = 1; i < argc && count == 0; ++i) scans.push_back(read_scan(argv[i]));
  if (scans.empty()) scans = make_scans(count);
  Table table(scans);
  auto texts = read_rules(testing::source_dir() / "rules");
  table.with("our rules", texts);
  const char* corpus = std::getenv("ASSAY_CORPUS");
  fs::path others = fs::path(corpus != nullptr ? corpus : "") / "sigma/rules/linux";
  if (corpus == nullptr || !fs::exists(others)) {
    std::printf("no public rules: set ASSAY_CORPUS to a directory with sigma/rules/linux\n");
    return;
  }
  for (auto& text : read_rules(others)) texts.push_back(std::move(text));
  table.with("ours and the public ones", std::move(texts));
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) { assay::bench_score(argc, argv); }
