// reader: the thread that reads the seccheck socket and the BPF rings into batches, and does nothing else: a
// slow reader makes points drop.
#pragma once

#include <sys/types.h>

#include <memory>

#include "agent/trace/batch.h"
#include "agent/trace/seccheck_socket.h"
#include "common/result.h"

namespace assay {

/// Borrowed descriptors; all of them outlive the reader. -1: that source is off.
struct ReaderSources {
  int guard_ring = -1, witness_ring = -1, flows_ring = -1, flows_map = -1, usage_map = -1;
  int strace_log = -1;  // non-blocking: the reading end of runsc's log
  int rootfs_dir = -1;  // the guest's root on the host: executables are opened there when an exec is reported
};

class Reader {
 public:
  static Result<std::unique_ptr<Reader>> start(SeccheckSocket socket, const ReaderSources& sources,
                                               BatchChannel& channel);
  ~Reader();  // abandons what was not read

  pid_t thread() const;  // its kernel id
  /// Reads on to the end of every connection and the bottom of every ring, but no longer than a few seconds,
  /// pushes the last batch and ends. The caller goes on popping until then.
  void finish();

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
