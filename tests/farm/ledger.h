// ledger: what was submitted, what the API acknowledged and what the agents saw: the other side of the story
// that the store tells, for audit. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/farm/sim_agent.h"

namespace assay::farm {

/// What was posted together. A slice whose answer never came may be there or not, but never half.
struct Slice {
  std::string tag;  // the label "slice" of each of its jobs
  std::string tenant, lane;
  std::vector<std::string> refs;
  enum class Outcome : uint8_t { open, accepted, unknown } outcome = Outcome::open;
};

struct SimJob {
  std::string ref;
  bool waits = false;    // counted among its tenant's
  uint32_t attempt = 0;  // the highest that an agent was given
  std::string agent;     // which one
  uint32_t leases = 0;
  SimTime accepted{}, first_lease{};
};

inline constexpr const char* kFairLane = "batch";

class Ledger {
 public:
  explicit Ledger(std::map<std::string, uint32_t> weights) : weights_(std::move(weights)) {}

  void accepted(Slice& slice, const std::vector<std::string>& scan_ids, SimTime now);
  void saw(const SimAgent& agent, const SimSeen& seen, SimTime now);

  const std::unordered_map<std::string, SimJob>& jobs() const { return jobs_; }
  uint64_t leases() const { return leases_; }
  uint64_t done_acks() const { return done_acks_; }
  uint64_t chunk_acks() const { return chunk_acks_; }
  uint64_t cancels() const { return cancels_; }
  const std::vector<std::string>& refused() const { return refused_; }
  /// The same attempt of a scan in the hands of two agents: what must never be.
  const std::vector<std::string>& doubles() const { return doubles_; }

  /// How far the leases are from the weights: the worst tenant's share over its due, less 1. Of the leases of
  /// kFairLane that were made while every tenant had jobs of it waiting: lanes go before tenants. Those are
  /// the images with a name that begins with "batch-"; others share results and are never leased, or are
  /// urgent.
  double unfairness() const;
  uint64_t fair_leases() const;

 private:
  bool all_waiting() const;

  std::map<std::string, uint32_t> weights_;
  std::unordered_map<std::string, SimJob> jobs_;
  struct Tenant {
    int64_t waiting = 0;
    uint64_t leased = 0;  // while all had jobs waiting
  };
  std::map<std::string, Tenant> tenants_;
  uint64_t leases_ = 0, done_acks_ = 0, chunk_acks_ = 0, cancels_ = 0;
  std::vector<std::string> refused_, doubles_;
};

}  // namespace assay::farm
