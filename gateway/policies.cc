// A mutex, held for a copy: HTTP's threads ask while the main thread swaps.
#include "gateway/policies.h"

#include <mutex>

#include "common/text.h"
#include "common/words.h"

namespace assay::gateway {
namespace {

Result<std::vector<decisions::Policy>> read_all(const std::vector<std::string>& files) {
  if (files.empty()) return Error{Errc::invalid, "no policy is given: option policy names a file"};
  std::vector<decisions::Policy> out;
  for (const std::string& file : files) {
    ASSAY_TRY(decisions::Policy policy, decisions::read_policy(file));
    for (const decisions::Policy& other : out)
      if (other.name == policy.name)
        return Error{Errc::invalid, file + ": there is another policy named '" + printable(policy.name, 100) +
                                        "': requests could not tell them apart"};
    out.push_back(std::move(policy));
  }
  return out;
}

}  // namespace

struct Policies::State {
  std::vector<std::string> files;
  mutable std::mutex mutex;
  std::vector<decisions::Policy> policies;
};

Result<Policies> Policies::load(std::vector<std::string> files) {
  auto state = std::make_unique<State>();
  ASSAY_TRY(state->policies, read_all(files));
  state->files = std::move(files);
  return Policies(std::move(state));
}

Status Policies::reload() {
  ASSAY_TRY(auto fresh, read_all(state_->files));
  std::lock_guard lock(state_->mutex);
  state_->policies = std::move(fresh);
  return Status();
}

Result<decisions::Policy> Policies::find(const std::string& name) const {
  std::lock_guard lock(state_->mutex);
  if (name.empty()) return state_->policies.front();
  std::vector<std::string> names;
  for (const decisions::Policy& policy : state_->policies) {
    if (policy.name == name) return policy;
    names.push_back(policy.name);
  }
  return Error{Errc::not_found, "there is no policy '" + printable(name, 100) + "' here, only " +
                                    printable(joined(names, ", "), 1000)};
}

Policies::Policies(std::unique_ptr<State> state) : state_(std::move(state)) {}
Policies::Policies(Policies&&) noexcept = default;
Policies& Policies::operator=(Policies&&) noexcept = default;
Policies::~Policies() = default;

}  // namespace assay::gateway
