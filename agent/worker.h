// worker: a thread that runs one scan after another. Talks with the agent's loop by link.h. That a scan, or
// the thread, shall end comes by eventfd.
#pragma once

#include <filesystem>
#include <string>
#include <thread>

#include "agent/link.h"
#include "agent/scan.h"
#include "common/fd.h"
#include "common/loop.h"

namespace assay {

class Worker {
 public:
  /// `spool`: where traces go. `reserve_bytes`: of free disk space, which they leave alone.
  static Result<Worker> start(const Context& context, unsigned number, const ScanPlace& place,
                              const ScanLimits& limits, const std::filesystem::path& spool,
                              uint64_t reserve_bytes);
  Worker(Worker&&) noexcept = default;
  Worker& operator=(Worker&&) = delete;
  ~Worker();  // cancels what runs, and waits for its thread

  Socket& link() { return link_; }
  /// Hands it a lease. Not while it has one.
  Status begin(const wire::Lease& lease);
  /// The running scan ends soon, without a trace or a failure: LinkNote::Kind::dropped.
  void cancel();

 private:
  Worker(Socket link, Fd cancel, Fd end, std::thread thread)
      : link_(std::move(link)),
        cancel_(std::move(cancel)),
        end_(std::move(end)),
        thread_(std::move(thread)) {}
  Socket link_;
  Fd cancel_, end_;
  std::thread thread_;
};

}  // namespace assay
