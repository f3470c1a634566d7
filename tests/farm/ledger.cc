#include "tests/farm/ledger.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace assay::farm {
namespace {

// Fewer than this may all be coalesced, or on their way: not a backlog to be fair about.
constexpr int64_t kBacklog = 200;
constexpr size_t kMaxNoted = 20;

bool in_fair_lane(const std::optional<SimImage>& image) {
  return image && image->name.starts_with(std::string(kFairLane) + "-");
}

}  // namespace

void Ledger::accepted(Slice& slice, const std::vector<std::string>& scan_ids, SimTime now) {
  slice.outcome = Slice::Outcome::accepted;
  for (size_t i = 0; i < scan_ids.size() && i < slice.refs.size(); ++i) {
    SimJob& job = jobs_[scan_ids[i]];  // an agent may have had it before we had our answer
    job.ref = slice.refs[i];
    job.accepted = now;
    job.waits = job.leases == 0 && in_fair_lane(SimImage::parse(job.ref));
    if (job.waits) ++tenants_[slice.tenant].waiting;
  }
}

bool Ledger::all_waiting() const {
  return std::all_of(weights_.begin(), weights_.end(), [&](const auto& weight) {
    auto it = tenants_.find(weight.first);
    return it != tenants_.end() && it->second.waiting >= kBacklog;
  });
}

void Ledger::saw(const SimAgent& agent, const SimSeen& seen, SimTime now) {
  using What = SimSeen::What;
  switch (seen.what) {
    case What::done_acked:
      ++done_acks_;
      return;
    case What::chunk_acked:
      ++chunk_acks_;
      return;
    case What::cancelled:
      ++cancels_;
      return;
    case What::failed_acked:
      return;
    case What::refused:
      if (refused_.size() < kMaxNoted) refused_.push_back(agent.name() + ": " + seen.text);
      return;
    case What::leased:
      break;
  }
  ++leases_;
  SimJob& job = jobs_[seen.scan_id];
  if (seen.attempt == job.attempt && job.agent != agent.name() && doubles_.size() < kMaxNoted)
    doubles_.push_back(seen.scan_id + " attempt " + std::to_string(seen.attempt) + ": " + job.agent + ", " +
                       agent.name());
  if (seen.attempt > job.attempt) {
    job.attempt = seen.attempt;
    job.agent = agent.name();
  }
  if (job.leases++ > 0) return;
  job.first_lease = now;
  auto image = SimImage::parse(seen.text);
  if (!in_fair_lane(image)) return;
  // Also of a job whose post was never answered: it is its tenant's turn all the same.
  Tenant& tenant = tenants_[image->tenant];
  if (all_waiting()) ++tenant.leased;
  if (std::exchange(job.waits, false)) --tenant.waiting;
}

uint64_t Ledger::fair_leases() const {
  uint64_t out = 0;
  for (const auto& [name, tenant] : tenants_) out += tenant.leased;
  return out;
}

double Ledger::unfairness() const {
  double all = static_cast<double>(fair_leases()), weights = 0, worst = 0;
  for (const auto& [name, weight] : weights_) weights += weight;
  if (all == 0) return 0;
  for (const auto& [name, weight] : weights_) {
    auto it = tenants_.find(name);
    double share = it == tenants_.end() ? 0 : static_cast<double>(it->second.leased) / all;
    worst = std::max(worst, std::abs(share / (weight / weights) - 1));
  }
  return worst;
}

}  // namespace assay::farm
