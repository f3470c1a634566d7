// workers: the threads that list. Each has one job at a time, which is its own from give() until take(); the
// sweeper is told by a descriptor, and calls a job back by another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/fd.h"
#include "scheduler/sweeps/listing.h"

namespace assay::sweeps {

class Workers {
 public:
  static Result<Workers> start(const sources::PlaceFiles& places, unsigned count);
  Workers(Workers&&) = default;
  Workers& operator=(Workers&&) = delete;
  ~Workers();  // calls all back, and waits for them

  struct Job {
    Listing listing;
    const Spec* spec = nullptr;  // borrowed until it is taken
    std::vector<std::string> farm;
    int64_t now_ns = 0;
    Ended ended;
  };
  size_t count() const { return desks_.size(); }
  std::optional<size_t> idle() const;
  void give(size_t worker, Job job);
  /// The job under way ends soon, with Errc::cancelled unless it was done already.
  void call_back(size_t worker);
  /// What is done, or nothing.
  std::optional<Job> take(size_t worker);
  /// Readable when there is something to take.
  int fd(size_t worker) const { return desks_[worker]->done.get(); }

 private:
  struct Desk {
    Job job;  // the worker's from `go` to `done`
    Fd go, done, stop;
    bool at_work = false, leave = false;
    std::thread thread;
  };
  static void work(Desk& desk, const sources::PlaceFiles& places);
  Workers() = default;

  std::vector<std::unique_ptr<Desk>> desks_;
};

}  // namespace assay::sweeps
