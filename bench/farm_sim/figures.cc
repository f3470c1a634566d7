#include "bench/farm_sim/figures.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "bench/farm_sim/fleet.h"
#include "bench/farm_sim/load.h"
#include "bench/farm_sim/raw.h"
#include "scheduler/keep.h"

namespace assay::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

const std::map<std::string, uint32_t> kTenants{{"acme", 4}, {"bolt", 2}, {"core", 1}, {"dune", 1}};
constexpr auto kPatience = 120s;
constexpr size_t kSubmitters = 4;
constexpr int kLatencyJobs = 500;
constexpr auto kIdleTime = 20s;
constexpr auto kSweep = 5ms;

double seconds(steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

void print(const std::string& name, const std::string& value, const std::string& beside = "") {
  fmt::print("  {:<34} {:>20}   {}\n", name, value, beside);
  std::fflush(stdout);
}

std::string rate(double value) { return fmt::format("{:.0f}/s", value); }

// What one submitted job writes: puts, and bytes of each.
std::pair<size_t, size_t> submitted_puts() {
  ScanRecord record;
  record.scan_id = "20261125T031500-1f8a3c9e";
  record.submission.tenant = "acme";
  record.submission.lane = Lane::batch;
  record.submission.labels = {{"slice", "10"}};
  record.submission.job.ref = farm::SimImage{farm::SimImage::Kind::good, "acme", "10-100"}.ref();
  StoreBatch batch = Keep::submitted(record);
  size_t bytes = 0;
  for (const auto& op : batch.ops) bytes += op.value.size();
  return {batch.ops.size(), bytes / std::max<size_t>(1, batch.ops.size())};
}

class Figures {
 public:
  Figures(const FigureOptions& options, farm::Farm& farm)
      : options_(options),
        farm_(farm),
        ledger_(kTenants),
        settings_{},
        fleet_(farm, ledger_, settings_, options.agents, 7) {
    fleet_.want(false);
  }

  Status run() {
    ASSAY_CHECK(submissions().context("submissions"));
    ASSAY_CHECK(restart().context("restart"));
    ASSAY_CHECK(cycles().context("cycles"));
    ASSAY_CHECK(latency().context("latency"));
    ASSAY_CHECK(idle().context("idle"));
    print("memory of the scheduler, peak", fmt::format("{} MiB", peak_ >> 20));
    ASSAY_TRY(int code, farm_.scheduler().stop(30s));
    return code == 0 ? Status() : Error{Errc::io, "the scheduler's exit code is " + std::to_string(code)};
  }

 private:
  /// Sweeps over the agents until `reached`, with a pause after each: looking at a thousand sockets in vain
  /// takes the processors that the scheduler is to be measured with.
  Result<farm::SimTime> until(const std::function<bool()>& reached, std::chrono::milliseconds pause = 0ms) {
    for (auto end = steady_clock::now() + kPatience; steady_clock::now() < end;) {
      auto now = steady_clock::now();
      fleet_.turn(now);
      if (submitter_) submitter_->turn(now, ledger_);
      if (reached()) return steady_clock::now();
      if (pause > 0ms) std::this_thread::sleep_for(pause);
    }
    return Error{Errc::timeout, "not reached within " + std::to_string(kPatience.count()) + " s"};
  }

  void load(uint64_t jobs, size_t slice, size_t connections) {
    submitter_.emplace(
        make_slices({jobs, slice, kTenants, false}, random_),
        [this](const std::string& tenant) { return farm_.api(tenant); }, connections);
  }

  Status submissions() {
    load(options_.jobs, 1000, kSubmitters);
    auto begin = steady_clock::now();
    while (!submitter_->finished() && steady_clock::now() < begin + kPatience)
      submitter_->turn(steady_clock::now(), ledger_);
    double took = seconds(steady_clock::now() - begin);
    if (submitter_->accepted() < options_.jobs) return Error{Errc::timeout, "not all jobs were accepted"};
    auto [puts, bytes] = submitted_puts();
    ASSAY_TRY(RawCommits raw, raw_commits(options_.dir / "raw", {bytes, 1000 * puts, 2s}));
    double got = static_cast<double>(options_.jobs) / took,
           limit = raw.puts_per_s / static_cast<double>(puts);
    print("durable submissions", rate(got),
          fmt::format("bare RocksDB, {} puts of {} B a synced batch: {} jobs; ratio {:.2f}", 1000 * puts,
                      bytes, rate(limit), got / limit));
    return Status();
  }

  Status restart() {
    ASSAY_TRY([[maybe_unused]] auto up, until([&] { return fleet_.welcomed() == options_.agents; }, 1ms));
    note_peak();
    farm_.scheduler().kill_now();
    fleet_.want(true);
    auto begin = steady_clock::now();
    ASSAY_CHECK(farm_.launch());
    ASSAY_TRY(begun_, until([&] { return ledger_.leases() > 0; }));
    print(fmt::format("restart with {} queued jobs", options_.jobs),
          fmt::format("{:.2f} s to first lease", seconds(begun_ - begin)), "after kill -9");
    return Status();
  }

  Status cycles() {
    pid_t pid = farm_.scheduler().pid();
    auto before = farm::thread_usage(pid);
    auto own = farm::usage_of(::getpid()).cpu;
    ASSAY_TRY(Commits commits_before, commits());
    ASSAY_TRY(auto acked, until([&] { return ledger_.done_acks() >= options_.jobs; }, kSweep));
    auto after = farm::thread_usage(pid);
    ASSAY_TRY(Commits commits_after, commits());
    own = farm::usage_of(::getpid()).cpu - own;
    double took = seconds(acked - begun_), cycles = static_cast<double>(options_.jobs) / took;
    farm::SimTime next{};
    ASSAY_TRY(auto reported, until(
                                 [&] {
                                   if (steady_clock::now() < next) return false;
                                   next = steady_clock::now() + 100ms;
                                   auto open = farm_.open_scans();
                                   return open && *open == 0;
                                 },
                                 kSweep));
    double groups = std::max(1.0, commits_after.groups - commits_before.groups);
    ASSAY_CHECK(compare_cycles(
        cycles, static_cast<size_t>((commits_after.batches - commits_before.batches) / groups) + 1));
    std::string threads;
    for (const auto& [name, cpu] : after)
      if (double share = seconds(cpu - before[name]) / took; share >= 0.01)
        threads += fmt::format("{}{} {:.2f}", threads.empty() ? "" : ", ", name, share);
    print("  processors used", fmt::format("{:.2f} by the agents", seconds(own) / took),
          "scheduler: " + threads);
    print("  fairness", fmt::format("{:.1f}% off the weights", 100 * ledger_.unfairness()),
          fmt::format("the worst of {} tenants, in {} leases", kTenants.size(), ledger_.fair_leases()));
    print("  to report", rate(static_cast<double>(options_.jobs) / seconds(reported - begun_)),
          "every trace scored");
    note_peak();
    return Status();
  }

  struct Commits {
    double batches = 0, groups = 0;
  };
  Result<Commits> commits() const {
    ASSAY_TRY(double batches, farm_.metric("assay_commit_batches_sum"));
    ASSAY_TRY(double groups, farm_.metric("assay_commit_batches_count"));
    return Commits{batches, groups};
  }

  // Two limits: four round trips of messages, and what a cycle writes, in groups as large as the loop's were.
  Status compare_cycles(double cycles, size_t group) {
    ASSAY_TRY(double echo, raw_echo({kFrameBytes, options_.agents, settings_.slots, 3s}));
    ASSAY_TRY(RawCommits raw, raw_commits(options_.dir / "raw", {kPutBytes, group * kPutsPerBatch, 2s}));
    double limit = raw.puts_per_s / kPutsPerCycle;
    print(
        "lease + complete cycles", rate(cycles),
        fmt::format(
            "bare ZeroMQ CURVE echo of {} B, {} outstanding: {} = {} cycles of 4 round trips; ratio {:.2f}",
            kFrameBytes, options_.agents * settings_.slots, rate(echo), rate(echo / 4), cycles / (echo / 4)));
    print("", "",
          fmt::format("bare RocksDB, {} puts of {} B a synced batch: {} cycles of {} puts; ratio {:.2f}",
                      group * kPutsPerBatch, kPutBytes, rate(limit), kPutsPerCycle, cycles / limit));
    return Status();
  }

  // One job at a time, to agents that have nothing to do.
  Status latency() {
    std::vector<double> ms;
    for (int i = 0; i < kLatencyJobs; ++i) {
      load(1, 1, 1);
      uint64_t before = ledger_.leases(), done = ledger_.done_acks();
      farm::SimTime accepted{}, leased{};
      ASSAY_TRY([[maybe_unused]] auto end, until([&] {
                  if (accepted == farm::SimTime{} && submitter_->finished()) accepted = steady_clock::now();
                  if (leased == farm::SimTime{} && ledger_.leases() > before) leased = steady_clock::now();
                  return accepted != farm::SimTime{} && ledger_.done_acks() > done;
                }));
      ms.push_back(std::max(0.0, seconds(leased - accepted) * 1000));
    }
    std::sort(ms.begin(), ms.end());
    ASSAY_TRY(double echo, raw_echo({kFrameBytes, 1, 1, 1s}));
    print("dispatch latency, p50 / p99",
          fmt::format("{:.2f} / {:.2f} ms", ms[ms.size() / 2], ms[ms.size() * 99 / 100]),
          fmt::format("submission acknowledged to lease received; a bare echo's round trip: {:.2f} ms",
                      1000 / echo));
    return Status();
  }

  Status idle() {
    auto quiet = steady_clock::now() + 2s;
    ASSAY_TRY([[maybe_unused]] auto settled, until([&] { return steady_clock::now() > quiet; }, kSweep));
    auto before = farm::usage_of(farm_.scheduler().pid()).cpu;
    auto end = steady_clock::now() + kIdleTime;
    ASSAY_TRY([[maybe_unused]] auto done, until([&] { return steady_clock::now() > end; }, kSweep));
    double cpu = seconds(farm::usage_of(farm_.scheduler().pid()).cpu - before) / seconds(kIdleTime);
    print(fmt::format("{} idle agents", options_.agents), fmt::format("{:.1f} % of a CPU", 100 * cpu),
          fmt::format("a heartbeat of each every {} ms, over {} s", settings_.heartbeat.count(),
                      kIdleTime.count()));
    note_peak();
    return Status();
  }

  void note_peak() { peak_ = std::max(peak_, farm::usage_of(farm_.scheduler().pid()).peak_bytes); }

  static constexpr size_t kFrameBytes = 400;  // the mean of a cycle's eight frames
  // Lease, chunk, end of the trace, report: a batch each.
  static constexpr size_t kPutsPerCycle = 12, kPutsPerBatch = 3, kPutBytes = 400;
  const FigureOptions& options_;
  farm::Farm& farm_;
  std::mt19937_64 random_{42};
  farm::Ledger ledger_;
  farm::SimSettings settings_;
  Fleet fleet_;
  std::optional<Submitter> submitter_;
  farm::SimTime begun_{};
  uint64_t peak_ = 0;
};

}  // namespace

Status print_figures(const FigureOptions& options) {
  fs::path dir = options.dir / "figures";
  std::error_code ignored;
  fs::create_directories(dir, ignored);
  farm::FarmOptions farm_options;
  farm_options.dir = dir;
  farm_options.rules = options.rules;
  farm_options.agents = agent_names(options.agents);
  farm_options.tenants = kTenants;
  ASSAY_TRY(auto farm, farm::Farm::create(std::move(farm_options)));
  ASSAY_CHECK(farm.start());
  fmt::print("{} agents, {} jobs, no faults\n", options.agents, options.jobs);
  ASSAY_CHECK(Figures(options, farm).run());
  fs::remove_all(dir, ignored);
  return Status();
}

}  // namespace assay::bench
