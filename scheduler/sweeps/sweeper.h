// sweeper: carries sweeps out: a thread that starts runs when they are due, has workers list sources, submits
// what is new to the scheduler's loop as any client does, and follows a run to its end. What it knows is in
// the store before it acts on it, so that a killed scheduler goes on where it was: submissions carry a key
// that is taken once (Submission::once).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/loop.h"
#include "common/metrics.h"
#include "scheduler/store.h"
#include "sources/places.h"

namespace assay::sweeps {

struct SweeperConfig {
  std::string clients;                       // endpoint of the loop's socket for clients
  std::string endpoint = "inproc://sweeps";  // ours, for the API: see orders.h
  sources::PlaceFiles places;
  unsigned workers = 16;                                // that list sources, over all runs
  std::chrono::milliseconds repository_limit{600'000};  // for one repository, waiting left out
  std::chrono::milliseconds retry_delay{5000};          // before the second try of one; grows
};

class Sweeper {
 public:
  /// `store` is read here and written by the loop alone. All borrowed.
  static Result<Sweeper> start(const Context& context, const SweeperConfig& config, Store& store,
                               Metrics& metrics);
  Sweeper(Sweeper&&) noexcept;
  Sweeper& operator=(Sweeper&&) noexcept;
  ~Sweeper();  // stops listing and waits for its threads; runs go on with the next start

 private:
  struct State;
  explicit Sweeper(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::sweeps
