// ship: the scan's side of shipping: events into chunks, chunks into the spool, and a word of each to the
// agent's loop, which sends them (shipper). A scan never waits for the scheduler, but for one answer: whether
// its image is to be run at all.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "agent/link.h"
#include "agent/spool.h"
#include "common/codec.h"
#include "common/digest.h"
#include "common/wire.h"

namespace assay {

class Ship {
 public:
  /// `link` is borrowed. Once `cancel_fd` is readable, whatever waits returns Errc::cancelled.
  Ship(Socket& link, SpoolWriter spool, AttemptKey key, int cancel_fd)
      : link_(link), spool_(std::move(spool)), key_(std::move(key)), cancel_fd_(cancel_fd) {}

  /// The reference means this image. Waits for the scheduler's word whether to go on, and goes on without
  /// one after `patience`. Errc::cancelled: it has a result of that image.
  Status resolved(const Digest& manifest, std::chrono::milliseconds patience);
  /// Waits for the agent's permit to run.
  Status wait_for_permit();

  /// Takes an event; writes a chunk when one is full. Errc::no_space when the spool or its disk is full.
  Status add(Event event);
  /// Writes what is left.
  Status flush();
  /// Behind the trace, of which nothing may come any more: an archive of `bytes`, from the start of `fd`, in
  /// pieces. Errc::no_space where it would take room from traces: then there is nothing of it.
  Status artifacts(int fd, uint64_t bytes);
  /// Flushes, then header and footer: the trace is whole.
  Status done(const TraceHeader& header, TraceFooter footer);
  /// There is no trace.
  Status failed(const Error& error);
  /// Its sandbox has hit the guard: told to the loop at once, before there is a trace of it.
  Status fence(const std::string& reason);
  /// Progress is advice: dropped without a word when the link is full.
  void progress(const wire::Progress& progress);
  /// Reads what the loop has sent, without blocking. Errc::no_space once the spool has reached its quota.
  Status poll();

  uint64_t events() const { return events_; }
  uint64_t bytes() const { return bytes_; }
  ScanStats stats;                           // told to the loop with the end
  std::chrono::milliseconds retry_after{0};  // told to the scheduler with a failure

 private:
  Status write_chunk();
  Status ask_room(uint64_t bytes);
  Result<uint64_t> spool_pieces(int fd, uint64_t bytes, uint32_t pieces);
  Status wait_until(const std::function<bool()>& reached, std::chrono::milliseconds patience);

  Socket& link_;
  SpoolWriter spool_;
  AttemptKey key_;
  int cancel_fd_;
  ChunkWriter writer_;
  uint32_t next_index_ = 0, artifact_chunks_ = 0;
  std::optional<bool> room_;
  bool proceed_ = false, permit_ = false, full_ = false;
  uint64_t events_ = 0, bytes_ = 0;
};

}  // namespace assay
