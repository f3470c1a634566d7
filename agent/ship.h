// ship: events into chunks, chunks to the scheduler, a bounded number of them unacknowledged. Used by one
// scan on its own thread; the link is the slot's PAIR socket to the agent's loop, which passes messages on
// unread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/codec.h"
#include "common/loop.h"
#include "common/wire.h"

namespace assay {

class Ship {
 public:
  static constexpr size_t kWindow = 16;  // chunks on the way: at most 16 MiB

  /// `link` is borrowed. Once `cancel_fd` is readable, whatever waits returns Errc::cancelled.
  Ship(Socket& link, std::string scan_id, uint32_t attempt, int cancel_fd)
      : link_(link), scan_id_(std::move(scan_id)), attempt_(attempt), cancel_fd_(cancel_fd) {}

  /// Takes an event; sends a chunk when one is full. Blocks (bounded by kAckTimeout) while the window is
  /// full.
  Status add(Event event);
  /// Sends what is left and waits until every chunk is acknowledged.
  Status flush();
  /// Header and footer; returns once the scheduler has them.
  Status done(const TraceHeader& header, const TraceFooter& footer);
  Status failed(const Error& error);
  /// Progress is advice: dropped without a word when the link is full.
  void progress(const wire::Progress& progress);
  /// Reads what the scheduler has sent, without blocking: acknowledgements, and Errc::cancelled.
  Status poll();

  uint64_t events() const { return events_; }
  uint32_t chunks() const { return next_index_; }
  uint64_t bytes() const { return bytes_; }
  const Socket& link() const { return link_; }

 private:
  Status send_chunk();
  Status receive_until(const std::function<bool()>& reached);
  Status handle(const wire::Message& message);

  Socket& link_;
  std::string scan_id_;
  uint32_t attempt_;
  int cancel_fd_;
  ChunkWriter writer_;
  uint32_t next_index_ = 0;
  size_t unacked_ = 0;
  bool ended_ = false;
  uint64_t events_ = 0, bytes_ = 0;
};

}  // namespace assay
