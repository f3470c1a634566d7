// A bucket is one time: when it will be full again. Each pull moves it by what a pull costs.
#include "scheduler/budget.h"

#include <algorithm>
#include <utility>

namespace assay {

namespace {

std::chrono::nanoseconds cost(const Budget& budget) {
  return std::chrono::nanoseconds(budget.per) / std::max(budget.pulls, 1u);
}

// How long before it is full a bucket has a pull to give.
std::chrono::nanoseconds lead(const Budget& budget) {
  constexpr double kYears = 1e17;  // far from overflow
  double ns = static_cast<double>(cost(budget).count()) * (std::max(budget.burst, 1u) - 1);
  return std::chrono::nanoseconds(static_cast<int64_t>(std::min(ns, kYears)));
}

}  // namespace

Budgets::Budgets(std::map<std::string, Budget> by_host, Budget fallback)
    : by_host_(std::move(by_host)), fallback_(fallback) {}

void Budgets::set_limits(std::map<std::string, Budget> by_host, Budget fallback) {
  by_host_ = std::move(by_host);
  fallback_ = fallback;
}

const Budget& Budgets::budget(const std::string& host) const {
  auto it = by_host_.find(host);
  return it == by_host_.end() ? fallback_ : it->second;
}

QueueTime Budgets::opens(const std::string& host) const {
  auto it = states_.find(host);
  if (it == states_.end()) return QueueTime::min();
  const Budget& limit = budget(host);
  const State& state = it->second;
  if (limit.pulls == 0 || state.full == QueueTime::min()) return state.blocked;
  return std::max(state.blocked, state.full - lead(limit));
}

void Budgets::take(const std::string& host, QueueTime now) {
  const Budget& limit = budget(host);
  if (host.empty() || limit.pulls == 0) return;
  State& state = states_[host];
  state.full = std::max(state.full, now) + cost(limit);
}

void Budgets::block(const std::string& host, QueueTime until) {
  if (host.empty()) return;
  State& state = states_[host];
  state.blocked = std::max(state.blocked, until);
}

bool Budgets::blocked(const std::string& host, QueueTime now) const {
  auto it = states_.find(host);
  return it != states_.end() && it->second.blocked > now;
}

std::vector<std::string> Budgets::all_blocked(QueueTime now) const {
  std::vector<std::string> out;
  for (const auto& [host, state] : states_)
    if (state.blocked > now) out.push_back(host);
  return out;
}

void Budgets::forget_idle(QueueTime now) {
  if (states_.size() < forget_at_) return;
  std::erase_if(states_,
                [&](const auto& one) { return one.second.full <= now && one.second.blocked <= now; });
  forget_at_ = std::max<size_t>(4096, states_.size() * 2);
}

}  // namespace assay
