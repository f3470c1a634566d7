// Claim: under a nightly sweep for six weeks the store stays within its budget on disk, pinned scans stay
// whole, and taking what is to go is a matter of seconds; beside the same nights without retention. The clock
// is simulated, store, traces and reports are real. Usage: bench-retention [NIGHTS] [SCANS] [BUDGET_MIB]
// [DIR].
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "scheduler/score/rules.h"
#include "tests/nights.h"
#include "tests/store_check.h"

namespace assay {
namespace {

using Path = std::filesystem::path;

template <class T>
T sure(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().what.c_str());
  std::exit(1);
}
void sure(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().what.c_str());
  std::exit(1);
}
void expect(bool so, const char* what) {
  if (so) return;
  std::fprintf(stderr, "NOT SO: %s\n", what);
  std::exit(1);
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// As du says it: what the files take, not what the store believes.
double du_mib(const Path& dir) {
  uint64_t sum = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir))
    if (std::error_code gone; entry.is_regular_file(gone)) {
      uint64_t size = entry.file_size(gone);  // the store works on meanwhile
      if (!gone) sum += size;
    }
  return static_cast<double>(sum) / (1 << 20);
}

struct Plan {
  int nights, scans;
  uint64_t budget_mib;
};

std::vector<Replay> replays() {
  RuleSet rules = sure(RuleSet::load(ASSAY_SOURCE_DIR "/rules"));
  std::vector<Replay> out;
  for (const char* name : {"nginx", "miner", "dropper", "escape", "thief"}) {
    out.push_back(
        sure(Replay::load(std::string(ASSAY_SOURCE_DIR "/tests/traces/") + name + ".trace", rules)));
    std::printf("%-8s %-12s %zu events, report %zu bytes\n", name, out.back().verdict.c_str(),
                static_cast<size_t>(out.back().footer.events), out.back().report.size());
  }
  return out;
}

// Of fifty one finds something, each of the four in turn.
size_t which(int scan) { return scan % 50 == 10 ? 1 + static_cast<size_t>(scan / 50 % 4) : 0; }

void run(const Path& dir, const Plan& plan, bool keep_all) {
  auto store = sure(Store::open(dir, Store::Mode::read_write));
  Nights nights(*store, replays());
  RetentionPolicy policy = sure(parse_retention({"traces/clean=7d", "reports/clean=14d", "records=1y"}));
  policy.budget_bytes = plan.budget_mib << 20;
  std::printf("\n%s\nnight   before MiB   after MiB   artifacts  traces  reports   taken MiB   prune s\n",
              keep_all ? "without retention" : "with retention");
  std::vector<std::string> pinned;
  double longest = 0, most = 0;
  for (int night = 0; night < plan.nights; ++night) {
    sure(nights.sweep(night, plan.scans, which));
    if (night % 7 == 0) {
      for (int scan : {0, 1, 10}) pinned.push_back(Nights::id_of(night, scan));
      for (size_t i = pinned.size() - 3; i < pinned.size(); ++i) sure(nights.pin(pinned[i]));
    }
    double before = du_mib(dir), start = seconds();
    PruneCounts counts;
    if (!keep_all) counts = sure(nights.prune(policy, night));
    double took = seconds() - start, after = du_mib(dir);
    longest = std::max(longest, took);
    most = std::max(most, after);
    uint64_t bytes = 0;
    for (const PruneTotal& total : counts.kinds) bytes += total.bytes;
    std::printf(
        "%5d %12.1f %11.1f %11lu %7lu %8lu %11.1f %9.2f\n", night, before, after,
        static_cast<unsigned long>(counts.kinds[0].scans), static_cast<unsigned long>(counts.kinds[1].scans),
        static_cast<unsigned long>(counts.kinds[2].scans), static_cast<double>(bytes) / (1 << 20), took);
    std::fflush(stdout);
    if (!keep_all) expect(after <= static_cast<double>(plan.budget_mib), "the store is within its budget");
  }
  if (keep_all) {
    std::printf("at the end %.1f MiB, %.1f kB a scan\n", most, most * 1048.576 / (plan.nights * plan.scans));
    return;
  }
  Keep keep(*store);
  for (const std::string& id : pinned) {
    sure(keep.each_event(id, [](const Event&) {}));
    expect(static_cast<bool>(keep.report(id)), "a pinned scan has its report");
    if (keep.footer(id)->artifact_chunks > 0) sure(keep.artifacts(id, [](std::string_view) { return true; }));
  }
  for (int scan = 0; scan < plan.scans; ++scan)
    sure(keep.each_event(Nights::id_of(plan.nights - 1, scan), [](const Event&) {}));
  auto dangling = StoreCheck::dangling(*store);
  for (size_t i = 0; i < std::min<size_t>(dangling.size(), 10); ++i) std::printf("%s\n", dangling[i].c_str());
  expect(dangling.empty(), "nothing dangles");
  std::printf(
      "at most %.1f MiB after a night, budget %lu; longest prune %.2f s; %zu pinned scans whole, the last "
      "night's traces too; nothing dangles\n",
      most, static_cast<unsigned long>(plan.budget_mib), longest, pinned.size());
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  assay::Plan plan{argc > 1 ? std::atoi(argv[1]) : 42, argc > 2 ? std::atoi(argv[2]) : 150,
                   argc > 3 ? static_cast<uint64_t>(std::atoi(argv[3])) : 64};
  std::string pattern = (assay::Path(argc > 4 ? argv[4] : std::filesystem::temp_directory_path().c_str()) /
                         "bench-retention-XXXXXX")
                            .string();
  if (::mkdtemp(pattern.data()) == nullptr) return 1;
  assay::run(assay::Path(pattern) / "with", plan, false);
  assay::run(assay::Path(pattern) / "without", plan, true);
  std::filesystem::remove_all(pattern);
  return 0;
}
