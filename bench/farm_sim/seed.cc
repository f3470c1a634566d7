#include "bench/farm_sim/seed.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "bench/farm_sim/fleet.h"
#include "bench/farm_sim/load.h"
#include "tests/farm/audit.h"

namespace assay::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLease{6000};
constexpr uint32_t kFailures = 5;
constexpr auto kMostTime = 300s;
constexpr uint64_t kMostMemory = uint64_t{1} << 30;
constexpr double kMostUnfair = 0.15;
// Fewer say nothing: jobs are counted for their tenant when they are put aside for an agent that they would
// rather have, and leased up to half a second later, which is some thousand leases.
constexpr uint64_t kLeastFairLeases = 30000;
constexpr size_t kSubmitters = 4;

const std::map<std::string, uint32_t> kTenants{{"acme", 4}, {"bolt", 2}, {"core", 1}, {"dune", 1}};

farm::SimSettings settings_of(const farm::Farm& farm) {
  farm::SimSettings out;
  out.endpoint = farm.endpoint();
  out.pull = 20ms;
  out.run = 100ms;
  out.heartbeat = kLease / 4;
  out.resend = 2s;
  out.faults = {.crash = 0.002,
                .spooled = 0.5,
                .partition = 0.001,
                .fail = 0.01,
                .hand_back = 0.005,
                .repeat = 0.01,
                .late = 0.01,
                .slow = 0.005,
                .partition_least = kLease + kLease / 4,
                .partition_most = 2 * kLease};
  return out;
}

class Run {
 public:
  Run(const SeedOptions& options, farm::Farm& farm)
      : options_(options),
        farm_(farm),
        random_(options.seed),
        ledger_(kTenants),
        settings_(settings_of(farm)),
        fleet_(farm, ledger_, settings_, options.agents, options.seed * 1000003),
        submitter_(
            make_slices({options.jobs, 1000, kTenants, true}, random_),
            [&farm](const std::string& tenant) { return farm.api(tenant); }, kSubmitters) {
    // Once while jobs are submitted, once or twice while they run.
    kill_at_accepted_ = options.jobs / 10 + random_() % (options.jobs / 2);
    kills_.push_back(options.jobs / 3 + random_() % (options.jobs / 3 + 1));
    if (random_() % 2) kills_.push_back(options.jobs * 9 / 10);
  }

  SeedResult run() {
    begun_ = steady_clock::now();
    while (!ended_ && steady_clock::now() < begun_ + kMostTime) turn(steady_clock::now());
    if (!ended_) note("not all jobs had ended after " + std::to_string(kMostTime.count()) + " s");
    // Late and repeated frames of what has ended, and agents that come back after it.
    auto end = steady_clock::now() + 2 * kLease;
    while (ended_ && !fleet_.idle() && steady_clock::now() < end) sweep(steady_clock::now());
    took_ = std::chrono::duration<double>(steady_clock::now() - begun_).count();
    stop_and_audit();
    return report();
  }

 private:
  void sweep(farm::SimTime now) {
    fleet_.turn(now);
    if (ledger_.leases() + ledger_.done_acks() == activity_) std::this_thread::sleep_for(1ms);
    activity_ = ledger_.leases() + ledger_.done_acks();
  }

  void turn(farm::SimTime now) {
    sweep(now);
    submitter_.turn(now, ledger_);
    if (submitter_.accepted() >= kill_at_accepted_) {
      kill_at_accepted_ = std::numeric_limits<uint64_t>::max();
      kill_scheduler();
    } else if (!kills_.empty() && ledger_.done_acks() >= kills_.front()) {
      kills_.erase(kills_.begin());
      kill_scheduler();
    }
    if (!farm_.scheduler().running()) {
      note("the scheduler ended by itself");
      ended_ = true;
    }
    if (!submitter_.finished() || now < next_look_) return;
    next_look_ = now + 500ms;
    auto open = farm_.open_scans();
    ended_ = open && *open == 0;
  }

  void kill_scheduler() {
    peak_ = std::max(peak_, farm::usage_of(farm_.scheduler().pid()).peak_bytes);
    farm_.scheduler().kill_now();
    ++killed_;
    // The agents go on meanwhile.
    auto back = steady_clock::now() + milliseconds(50 + random_() % 500);
    while (steady_clock::now() < back) sweep(steady_clock::now());
    if (auto started = farm_.launch(); !started) note(started.error().what);
  }

  void stop_and_audit() {
    peak_ = std::max(peak_, farm::usage_of(farm_.scheduler().pid()).peak_bytes);
    if (auto code = farm_.scheduler().stop(30s); !code || *code != 0)
      note("the scheduler's end: " + (code ? "exit code " + std::to_string(*code) : code.error().what));
    auto result = farm::audit(farm_.store(), submitter_.slices(), ledger_, {kFailures});
    if (!result) return note("the store: " + result.error().what);
    uint64_t noted = audit_.broken;
    auto first = std::move(audit_.first);
    audit_ = std::move(*result);
    audit_.broken += noted;
    audit_.first.insert(audit_.first.begin(), first.begin(), first.end());
    if (peak_ >= kMostMemory) note(fmt::format("memory: {} MiB", peak_ >> 20));
    if (ledger_.fair_leases() >= kLeastFairLeases && ledger_.unfairness() > kMostUnfair)
      note(fmt::format("fairness: a tenant's share is {:.0f}% off its weight", 100 * ledger_.unfairness()));
    for (const auto& refused : ledger_.refused()) note("an agent was refused: " + refused);
    if (killed_ == 0) note("the scheduler was never killed");
  }

  void note(const std::string& what) { audit_.breaks(what); }

  SeedResult report() {
    SeedResult out{audit_.broken, ""};
    out.text = fmt::format(
        "seed {:<3} {}  {} scans: {} done ({} shared), {} failed ({} given up)  leases {}  kills {}  crashes "
        "{}  "
        "partitions {}  unanswered posts {}  unfair {:.1f}% of {}  peak {} MiB  {:.1f} s",
        options_.seed, audit_.broken == 0 ? "ok" : "BROKEN", audit_.scans, audit_.done, audit_.shared,
        audit_.failed, audit_.given_up, ledger_.leases(), killed_, fleet_.crashes(), fleet_.partitions(),
        submitter_.unanswered(), 100 * ledger_.unfairness(), ledger_.fair_leases(), peak_ >> 20, took_);
    for (const auto& what : audit_.first) out.text += "\n    broken: " + what;
    return out;
  }

  const SeedOptions& options_;
  farm::Farm& farm_;
  std::mt19937_64 random_;
  farm::Ledger ledger_;
  farm::SimSettings settings_;
  Fleet fleet_;
  Submitter submitter_;
  uint64_t kill_at_accepted_ = 0;
  std::vector<uint64_t> kills_;  // at so many finished jobs
  farm::Audit audit_;
  farm::SimTime begun_{}, next_look_{};
  bool ended_ = false;
  uint64_t killed_ = 0, activity_ = 0, peak_ = 0;
  double took_ = 0;
};

}  // namespace

Result<SeedResult> run_seed(const SeedOptions& options) {
  fs::path dir = options.dir / ("seed-" + std::to_string(options.seed));
  std::error_code ignored;
  fs::create_directories(dir, ignored);
  farm::FarmOptions farm_options;
  farm_options.dir = dir;
  farm_options.rules = options.rules;
  farm_options.agents = agent_names(options.agents);
  farm_options.tenants = kTenants;
  farm_options.lease = kLease;
  farm_options.first_delay = 200ms;
  farm_options.failures = kFailures;
  ASSAY_TRY(auto farm, farm::Farm::create(std::move(farm_options)));
  ASSAY_CHECK(farm.start());
  SeedResult result = Run(options, farm).run();
  if (result.broken == 0)
    fs::remove_all(dir, ignored);
  else
    result.text += "\n    kept: " + dir.string();
  return result;
}

}  // namespace assay::bench
