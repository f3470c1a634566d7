// Random sequences of everything that can happen to queue, agents and dispatch, by seed, against the model:
// the same answers, every job in one place, no attempt twice, nobody given more than it asked for, no wait
// without end.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "farm_model.h"
#include "queue_support.h"
#include "scheduler/dispatch.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kAgents = 6;
constexpr uint64_t kMiB = 1ull << 20;

struct ModelAgent {
  std::string name;
  Agents::Mode mode = Agents::Mode::active;
  bool connected = false;
  wire::Capacity capacity;
  wire::Want left;  // of what it asked for
};

DispatchPolicy policy() {
  DispatchPolicy made;
  made.room_wait = std::chrono::hours(1000);  // no agent is kept free: see dispatch_test.cc
  made.weights = {{"t0", 3}};
  made.budgets["limited.example"] = {2, seconds(5), 3};
  return made;
}

class Farm {
 public:
  explicit Farm(uint32_t seed) : random_(seed), model_(limits()) {
    restart();
    for (size_t i = 0; i < kAgents; ++i) {
      agents_model_[i].name = "a" + std::to_string(i);
      uint32_t cpu = 1000 * (1 + pick(4));
      agents_model_[i].capacity = {4, cpu, (1 + pick(4)) * 512 * kMiB};
    }
  }

  void step() {
    // Mostly small steps, sometimes a leap, sometimes back.
    now_ += pick(20) == 0 ? 20'000 : pick(30) == 0 ? -static_cast<int64_t>(pick(2000)) : pick(400);
    clock_ = std::max(clock_, now_);
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
        submit();
        break;
      case 3:
      case 4:
        say_something();
        break;
      case 5:
        come_or_go();
        break;
      case 6:
      case 7:
      case 8:
        end_one();
        break;
      case 9:
        cancel();
        break;
      case 10:
        expire();
        break;
      case 11:
        release();
        break;
      case 12:
        if (pick(10) == 0) restart();
        if (pick(3) == 0) block();
        break;
      default:
        break;
    }
    assign();
    compare();
  }

  // Everybody is there and healthy from now on: all jobs that are not too large end.
  void settle() {
    for (auto& agent : agents_model_) {
      agent.mode = Agents::Mode::active;
      agents_.set_mode(agent.name, agent.mode);
      if (!agent.connected) hello(agent);
    }
    for (int i = 0; i < 2000 && model_.count(ModelJob::State::out) < model_.jobs.size(); ++i) {
      clock_ = now_ = std::max(now_, clock_) + 500;
      for (auto& one : model_.jobs)
        if (one.state == ModelJob::State::leased) finish(one);
      for (auto& agent : agents_model_)
        want(agent, 4, agent.capacity.cpu_millis, agent.capacity.memory_bytes);
      assign();
      compare();
    }
    for (auto& one : model_.jobs) {
      if (one.state == ModelJob::State::out) continue;
      for (auto& agent : agents_model_)
        EXPECT_TRUE(agent.capacity.cpu_millis < one.job.cpu_millis ||
                    agent.capacity.memory_bytes < one.job.memory_bytes)
            << one.job.scan_id << ": " << queue_->explain(one.job.scan_id, at(now_));
    }
  }

 private:
  static QueueLimits limits() {
    QueueLimits made;
    made.failures = 4;
    made.longest_delay = seconds(10);
    return made;
  }
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }
  ModelAgent& any_agent() { return agents_model_[pick(kAgents)]; }

  void submit() {
    if (model_.count(ModelJob::State::ready) > 25) return;
    QueuedJob made = job("j" + std::to_string(made_++), static_cast<Lane>(pick(kLanes)),
                         "t" + std::to_string(pick(3)), "b" + std::to_string(pick(3)));
    const char* kRegistries[] = {"", "free.example", "limited.example"};
    made.registry = kRegistries[pick(3)];
    made.affinity = pick(6);
    made.cpu_millis = 500 * (1 + pick(3));
    made.memory_bytes = pick(20) == 0 ? 64 * 1024 * kMiB : pick(5) * 256 * kMiB;
    queue_->submit(made, at(now_));
    model_.submit(made);
  }

  void hello(ModelAgent& agent) {
    std::vector<uint64_t> cached;
    for (uint64_t i = 1; i < 6; ++i)
      if (pick(3) == 0) cached.push_back(i);
    agents_.hello(agent.name, agent.capacity, cached, at(now_));
    agent.connected = true;
    agent.left = {};
  }
  void want(ModelAgent& agent, uint32_t credit, uint32_t cpu, uint64_t memory) {
    wire::Want said{credit, cpu, memory, ""};
    agents_.want(agent.name, said, at(now_));
    if (agent.connected) agent.left = said;
    heard(agent);
  }
  void heard(ModelAgent& agent) {
    queue_->renew(agent.name, at(now_));
    agents_.seen(agent.name, at(now_));
    model_.heard[agent.name] = at(clock_);
  }

  void say_something() {
    ModelAgent& agent = any_agent();
    if (!agent.connected) return;
    if (pick(3) == 0) return heard(agent);
    agents_.remember(agent.name, pick(6));
    want(agent, pick(4), std::min(500 * pick(9), agent.capacity.cpu_millis),
         std::min(256 * kMiB * pick(9), agent.capacity.memory_bytes));
  }

  void come_or_go() {
    ModelAgent& agent = any_agent();
    if (!agent.connected || pick(3) == 0) {
      hello(agent);
    } else if (pick(2) == 0) {
      agents_.lost(agent.name);
      agent.connected = false;
      agent.left = {};
    } else {
      agent.mode = static_cast<Agents::Mode>(pick(3));
      agents_.set_mode(agent.name, agent.mode);
    }
  }

  void finish(ModelJob& one) {
    EXPECT_TRUE(queue_->complete(one.agent, one.job.scan_id, one.job.attempts));
    one.state = ModelJob::State::out;
  }

  // Of a job that was leased at some time: by whoever, of whichever attempt.
  void end_one() {
    if (leases_.empty()) return;
    auto lease =
        leases_[leases_.size() - 1 - pick(static_cast<uint32_t>(std::min<size_t>(leases_.size(), 12)))];
    if (pick(8) == 0) lease.agent = any_agent().name;
    if (pick(8) == 0) lease.attempt += 1;
    ModelJob* one = model_.held(lease.agent, lease.scan_id, lease.attempt);
    EXPECT_EQ(queue_->holds(lease.agent, lease.scan_id, lease.attempt), one != nullptr);
    uint32_t how = pick(4);
    if (how >= 2) {
      EXPECT_EQ(queue_->complete(lease.agent, lease.scan_id, lease.attempt), one != nullptr);
      if (one != nullptr) one->state = ModelJob::State::out;
      return;
    }
    auto lapse = how == 0 ? queue_->fail(lease.agent, lease.scan_id, lease.attempt, at(now_))
                          : queue_->hand_back(lease.agent, lease.scan_id, lease.attempt, at(now_));
    ASSERT_EQ(lapse.has_value(), one != nullptr);
    if (one == nullptr) return;
    if (how == 0) {
      model_.fail(*one, at(clock_));
    } else {
      one->state = ModelJob::State::ready;
      one->agent.clear();
    }
    EXPECT_EQ(lapse->failures, one->job.failures);
    EXPECT_EQ(lapse->given_up, one->state == ModelJob::State::out);
  }

  void cancel() {
    if (made_ == 0) return;
    std::string id = "j" + std::to_string(pick(made_));
    ModelJob* one = model_.find(id);
    std::optional<std::string> holder;
    if (one != nullptr && one->state == ModelJob::State::leased) holder = one->agent;
    EXPECT_EQ(queue_->holder(id), holder);
    EXPECT_EQ(queue_->cancel(id), holder);
    if (one != nullptr) one->state = ModelJob::State::out;
  }

  void expire() {
    std::set<std::string> ended;
    for (auto& lapse : queue_->expire(at(now_))) EXPECT_TRUE(ended.insert(lapse.scan_id).second);
    EXPECT_EQ(ended, model_.expire(at(clock_)));
  }

  void release() {
    ModelAgent& agent = any_agent();
    std::set<std::pair<std::string, uint32_t>> held;
    std::set<std::string> gone, lapsed;
    for (auto& one : model_.jobs) {
      if (one.state != ModelJob::State::leased || one.agent != agent.name) continue;
      if (pick(2) == 0) held.insert({one.job.scan_id, one.job.attempts + (pick(4) == 0 ? 1 : 0)});
      if (!held.contains({one.job.scan_id, one.job.attempts})) gone.insert(one.job.scan_id);
    }
    for (auto& lapse : queue_->release(agent.name, held, at(now_))) lapsed.insert(lapse.scan_id);
    EXPECT_EQ(lapsed, gone);
    for (auto& id : gone) model_.fail(*model_.find(id), at(clock_));
  }

  // The scheduler ends and comes again: all it knows is what was kept.
  void restart() {
    queue_ = std::make_unique<Queue>(limits());
    dispatch_ = std::make_unique<Dispatch>(policy());
    agents_ = Agents();
    model_.heard.clear();
    now_ = clock_;  // a clock of its own does not start in the past
    queue_->wake(at(now_));
    for (auto& one : model_.jobs) {
      if (one.state == ModelJob::State::leased) {
        queue_->restore(one.job, one.agent, at(now_));
        one.leased_at = at(clock_);
      } else if (one.state != ModelJob::State::out) {
        queue_->submit(one.job, at(now_));
        one.state = ModelJob::State::ready;
      }
    }
    for (auto& agent : agents_model_) {
      if (agent.name.empty()) continue;
      agents_.set_mode(agent.name, agent.mode);
      agent.connected = false;
      agent.left = {};
    }
    blocked_until_ = 0;
    pulls_.clear();
    could_since_.clear();
  }

  void block() {
    blocked_until_ = std::max(blocked_until_, clock_ + pick(3000));
    dispatch_->block_registry("free.example", at(blocked_until_));
  }

  void assign() {
    model_.wake(at(clock_));
    do {
      for (auto& one : dispatch_->assign(*queue_, agents_, at(clock_), 1 + pick(10))) leased(one);
    } while (dispatch_->next_deadline() <= at(clock_));
    check_waits();
  }

  void leased(const Dispatch::Assignment& given) {
    leases_.push_back(given);
    ModelJob* one = model_.find(given.scan_id);
    ASSERT_NE(one, nullptr) << given.scan_id;
    ASSERT_EQ(one->state, ModelJob::State::ready) << given.scan_id;
    one->job.attempts += 1;
    EXPECT_EQ(given.attempt, one->job.attempts);
    EXPECT_TRUE(attempts_.insert({given.scan_id, given.attempt}).second) << "an attempt twice";
    one->state = ModelJob::State::leased;
    one->agent = given.agent;
    one->leased_at = at(clock_);
    auto agent = std::find_if(agents_model_.begin(), agents_model_.end(),
                              [&](const ModelAgent& other) { return other.name == given.agent; });
    ASSERT_TRUE(takes(*agent, one->job)) << "beyond what " << given.agent << " asked for";
    agent->left.credit -= 1;
    agent->left.cpu_millis -= one->job.cpu_millis;
    agent->left.memory_bytes -= one->job.memory_bytes;
    EXPECT_TRUE(one->job.registry != "free.example" || clock_ >= blocked_until_);
    if (one->job.registry == "limited.example") pulled();
  }

  // At most 3 at once and 2 every 5 s: of any stretch of the pulls.
  void pulled() {
    pulls_.push_back(clock_);
    for (size_t i = 0; i < pulls_.size(); ++i) {
      auto count = static_cast<double>(pulls_.size() - i);
      EXPECT_LE(count, 3 + static_cast<double>(clock_ - pulls_[i]) / 2500 + 1e-9);
    }
  }

  static bool takes(const ModelAgent& agent, const QueuedJob& wanted) {
    return agent.connected && agent.mode == Agents::Mode::active && agent.left.credit > 0 &&
           agent.left.cpu_millis >= wanted.cpu_millis && agent.left.memory_bytes >= wanted.memory_bytes;
  }

  // A job that somebody can take waits for a better agent no longer than it is allowed to.
  void check_waits() {
    std::map<std::string, int64_t> could;
    for (auto& one : model_.jobs) {
      if (one.state != ModelJob::State::ready || one.job.registry == "limited.example") continue;
      if (one.job.registry == "free.example" && clock_ < blocked_until_) continue;
      bool can = false;
      for (auto& agent : agents_model_) can |= takes(agent, one.job);
      if (!can) continue;
      auto before = could_since_.find(one.job.scan_id);
      int64_t since = before == could_since_.end() ? clock_ : before->second;
      EXPECT_NE(one.job.affinity, 0u) << "nothing to wait for";
      EXPECT_LT(clock_ - since, 500) << one.job.scan_id << ": "
                                     << queue_->explain(one.job.scan_id, at(clock_));
      could[one.job.scan_id] = since;
    }
    could_since_ = could;
  }

  void compare() {
    ASSERT_EQ(queue_->render(), model_.render());
    EXPECT_EQ(queue_->ready(), model_.count(ModelJob::State::ready));
    EXPECT_EQ(queue_->delayed(), model_.count(ModelJob::State::delayed));
    EXPECT_EQ(queue_->leased(), model_.count(ModelJob::State::leased));
    EXPECT_EQ(queue_->next_deadline(), model_.next_deadline());
    std::map<std::string, std::pair<size_t, size_t>> tenants, counted;
    for (auto& one : model_.jobs) {
      EXPECT_EQ(queue_->knows(one.job.scan_id), one.state != ModelJob::State::out);
      if (one.state == ModelJob::State::out) continue;
      auto& [waiting, leased] = tenants[one.job.tenant];
      ++(one.state == ModelJob::State::leased ? leased : waiting);
      EXPECT_FALSE(queue_->explain(one.job.scan_id, at(now_)).empty());
    }
    for (auto& [name, stats] : queue_->tenants()) counted[name] = {stats.waiting, stats.leased};
    EXPECT_EQ(counted, tenants);
  }

  std::mt19937 random_;
  int64_t now_ = 1000, clock_ = 1000;  // clock_: without the steps back
  uint32_t made_ = 0;
  Model model_;
  std::array<ModelAgent, kAgents> agents_model_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Dispatch> dispatch_;
  Agents agents_;
  std::vector<Dispatch::Assignment> leases_;
  std::set<std::pair<std::string, uint32_t>> attempts_;
  std::map<std::string, int64_t> could_since_;
  int64_t blocked_until_ = 0;
  std::vector<int64_t> pulls_;
};

TEST(FarmModel, RandomSequencesAgreeWithTheModelAndEndEveryJobOnce) {
  for (uint32_t seed = 0; seed < 80 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Farm farm(seed);
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) farm.step();
    if (!testing::Test::HasFailure()) farm.settle();
  }
}

}  // namespace
}  // namespace assay
