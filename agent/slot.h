// slot: a thread that runs one scan after another. Leases come in and messages go out over a PAIR socket; an
// empty message from the slot says that it is free. That a scan, or the thread, shall end comes by eventfd: a
// message could be read by the scan and be lost.
#pragma once

#include <string>
#include <thread>

#include "agent/scan.h"
#include "common/fd.h"
#include "common/loop.h"

namespace assay {

class Slot {
 public:
  static Result<Slot> start(const Context& context, unsigned number, const ScanPlace& place,
                            const ScanLimits& limits);
  Slot(Slot&&) noexcept = default;
  Slot& operator=(Slot&&) = delete;
  ~Slot();  // cancels what runs, and waits for its thread

  Socket& link() { return link_; }
  void cancel();        // the running scan ends soon, without a word to the scheduler
  void clear_cancel();  // before the next lease

  std::string scan_id;  // what it runs; empty: free

 private:
  Slot(Socket link, Fd cancel, Fd end, std::thread thread)
      : link_(std::move(link)),
        cancel_(std::move(cancel)),
        end_(std::move(end)),
        thread_(std::move(thread)) {}
  Socket link_;
  Fd cancel_, end_;
  std::thread thread_;
};

}  // namespace assay
