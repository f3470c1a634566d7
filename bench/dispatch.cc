// Claim: with 100,000 jobs queued and 1,000 agents the scheduler's core takes 500,000 submissions and makes
// 50,000 assignments a second on one core, and a sign of life costs no look at leases. Beside it what the
// same operations cost on a plain first-in-first-out deque. Usage: bench-dispatch [JOBS [AGENTS]]
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <unordered_map>

#include "scheduler/dispatch.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

// Of this process alone, which has one thread: other load on the machine does not count.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Rate {
  double start = cpu_seconds();
  double of(size_t count) const { return static_cast<double>(count) / (cpu_seconds() - start); }
};

QueueTime at(int64_t ms) { return QueueTime(milliseconds(ms)); }
std::string agent_name(size_t i) { return "agent-" + std::to_string(i); }

struct Workload {
  const char* name;
  uint32_t tenants, batches, registries, repositories, shapes;
  Lane lowest;
};

std::vector<QueuedJob> make_jobs(const Workload& workload, size_t count) {
  std::mt19937_64 random(1);
  std::vector<QueuedJob> jobs(count);
  for (size_t i = 0; i < count; ++i) {
    QueuedJob& job = jobs[i];
    char id[32];
    std::snprintf(id, sizeof id, "0191e0a2b3c4%012zx", i);
    job.scan_id = id;
    job.lane = static_cast<Lane>(random() % (static_cast<size_t>(workload.lowest) + 1));
    job.tenant = "tenant-" + std::to_string(random() % workload.tenants);
    job.batch = "0191e0a2b3c5" + std::to_string(random() % workload.batches);
    job.registry = "registry-" + std::to_string(random() % workload.registries) + ".example";
    job.affinity = 1 + random() % workload.repositories * 0x9e3779b97f4a7c15;
    job.memory_bytes = (1 + random() % workload.shapes) << 28;
  }
  return jobs;
}

// Every agent has four slots; a lease ends `kService` turns after it was given, then the agent asks anew. The
// clock goes on by 10 ms a turn.
class Farm {
 public:
  Farm(size_t agents, DispatchPolicy policy) : dispatch_(std::move(policy)), ends_(kService) {
    for (size_t i = 0; i < agents; ++i) {
      agents_.hello(agent_name(i), {4, 4000, 4ull << 30}, {}, at(0));
      want(agent_name(i), 4);
      busy_[agent_name(i)] = 0;
    }
  }

  void submit(std::vector<QueuedJob> jobs) {
    for (auto& job : jobs) queue_.submit(std::move(job), at(0));
  }

  // Returns how many were assigned.
  size_t turn() {
    now_ += 10;
    auto& over = ends_[turn_++ % kService];
    for (auto& [agent, scan_id, attempt] : over) {
      queue_.complete(agent, scan_id, attempt);
      busy_[agent] -= 1;
      agents_.remember(agent, 0);
      want(agent, 4 - busy_[agent]);
    }
    double before = cpu_seconds();
    over = dispatch_.assign(queue_, agents_, at(now_), 100000);
    assigning_ += cpu_seconds() - before;
    for (auto& one : over) busy_[one.agent] += 1;
    return over.size();
  }

  double assigning() const { return assigning_; }
  Queue& queue() { return queue_; }
  int64_t now() const { return now_; }

 private:
  static constexpr size_t kService = 20;
  void want(const std::string& name, uint32_t free) {
    agents_.want(name, {free, free * 1000, static_cast<uint64_t>(free) << 30, ""}, at(now_));
  }

  Queue queue_;
  Agents agents_;
  Dispatch dispatch_;
  std::vector<std::vector<Dispatch::Assignment>> ends_;
  std::unordered_map<std::string, uint32_t> busy_;
  size_t turn_ = 0;
  int64_t now_ = 0;
  double assigning_ = 0;
};

void measure(const Workload& workload, size_t count, size_t agents, milliseconds wait) {
  DispatchPolicy policy;
  policy.affinity_wait = wait;
  policy.weights = {{"tenant-0", 4}, {"tenant-1", 2}};
  Farm farm(agents, policy);
  auto jobs = make_jobs(workload, count);
  Rate submit;
  farm.submit(std::move(jobs));
  double submitted = submit.of(count);
  size_t assigned = 0, turns = 0;
  Rate all;
  while (assigned < count) {
    assigned += farm.turn();
    ++turns;
  }
  double cycles = all.of(count);
  std::printf("%-44s %4lld ms %10.0f %12.0f %12.0f %8zu\n", workload.name,
              static_cast<long long>(wait.count()), submitted,
              static_cast<double>(assigned) / farm.assigning(), cycles, turns);
}

// What any queue must do: keep the jobs, know them by id, know who has them.
void baseline(size_t count, size_t agents) {
  auto jobs = make_jobs({"", 20, 100, 5, 5000, 1, Lane::sweep}, count);
  std::deque<std::string> waiting;
  std::unordered_map<std::string, QueuedJob> known;
  std::unordered_map<std::string, std::string> leased;
  Rate submit;
  for (auto& job : jobs) {
    waiting.push_back(job.scan_id);
    std::string id = job.scan_id;
    known.emplace(std::move(id), std::move(job));
  }
  double submitted = submit.of(count);
  std::vector<std::string> names;
  for (size_t i = 0; i < agents; ++i) names.push_back(agent_name(i));
  std::vector<Dispatch::Assignment> out;
  Rate assign;
  for (size_t i = 0; !waiting.empty(); ++i) {
    const std::string& name = names[i % agents];
    out.push_back({name, waiting.front(), ++known.at(waiting.front()).attempts});
    leased.emplace(waiting.front(), name);
    waiting.pop_front();
  }
  std::printf("%-44s %7s %10.0f %12.0f\n", "plain deque, first in first out", "", submitted,
              assign.of(count));
}

// Signs of life, and looks for silence, while every agent holds leases.
void heartbeats(size_t agents) {
  Queue queue;
  for (size_t i = 0; i < agents * 4; ++i) {
    QueuedJob job;
    job.scan_id = "scan-" + std::to_string(i);
    queue.restore(std::move(job), agent_name(i % agents), at(0));
  }
  constexpr size_t kRounds = 200;
  std::vector<std::string> names;
  for (size_t i = 0; i < agents; ++i) names.push_back(agent_name(i));
  Rate renew;
  for (size_t round = 0; round < kRounds; ++round)
    for (auto& name : names) queue.renew(name, at(static_cast<int64_t>(round) * 10));
  double renewed = renew.of(kRounds * agents);
  Rate expire;
  for (size_t i = 0; i < 1000000; ++i) queue.expire(at(kRounds * 10));
  std::printf("renew %.0f/s, expire with nothing to do %.0f/s (%zu leases)\n", renewed, expire.of(1000000),
              queue.leased());
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  size_t jobs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100000;
  size_t agents = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000;
  std::printf("%zu jobs, %zu agents; per second of processor time\n", jobs, agents);
  std::printf("%-44s %7s %10s %12s %12s %8s\n", "", "wait", "submit", "assign", "cycle", "turns");
  using assay::Lane;
  using assay::Workload;
  const Workload workloads[] = {
      {"one tenant, one batch, one registry", 1, 1, 1, 5000, 1, Lane::gate},
      {"20 tenants, 100 batches, 5 registries", 20, 100, 5, 5000, 3, Lane::sweep},
      {"20 tenants, 10000 batches, 50 registries", 20, 10000, 50, 5000, 3, Lane::sweep},
      {"one repository", 20, 100, 5, 1, 1, Lane::sweep},
  };
  for (auto& workload : workloads)
    for (auto wait : {std::chrono::milliseconds(0), std::chrono::milliseconds(500)})
      assay::measure(workload, jobs, agents, wait);
  assay::baseline(jobs, agents);
  assay::heartbeats(agents);
}
