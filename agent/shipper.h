// shipper: the agent's loop's side of shipping: what is in the spool goes to the scheduler, a window of
// chunks an attempt at a time, and leaves the disk when it is acknowledged. Which part is next, shipment
// says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/shipment.h"
#include "agent/spool.h"
#include "common/loop.h"
#include "common/wire.h"

namespace assay {

class Shipper {
 public:
  using Time = Shipment::Time;

  /// What the spool's last owner left is shipped too.
  explicit Shipper(Spool spool);

  /// A scan begins to spool. Its chunks, then its end, come one by one.
  void begin(const AttemptKey& key);
  void chunk(const AttemptKey& key, uint64_t bytes, uint32_t count = 1);
  /// `failed`: by a failure, which has no chunks.
  void ended(const AttemptKey& key, bool failed);
  /// There is no trace of it, and will be none: instead of what is there.
  void fail(const wire::Failed& failed);
  /// Nobody wants it any more.
  void drop(const AttemptKey& key);
  /// Likewise every attempt that is whole, but for this one.
  void drop_whole_but(const AttemptKey& key);

  bool holds(const AttemptKey& key) const { return attempts_.contains(key); }
  bool whole(const AttemptKey& key) const;
  std::vector<wire::Held> held() const;  // at most wire::kMaxHeld
  size_t attempts() const { return attempts_.size(); }
  uint64_t bytes() const { return bytes_; }
  uint64_t chunks() const { return chunks_; }
  const std::filesystem::path& dir() const { return spool_.dir(); }

  void acked(const wire::ChunkAck& ack, Time now);
  /// After a Welcome: the scheduler may have missed anything.
  void restart();
  /// Sends what may go now. Errors are the socket's; a full one is none. Returns the chunks sent.
  Result<unsigned> ship(Socket& scheduler, Time now);
  /// When ship() may have something to do without a word from anyone.
  Time wake(Time now) const;

 private:
  struct Attempt {
    Shipment shipment{};
    uint32_t chunks = 0;
    uint64_t bytes = 0;
    bool whole = false;
  };
  Result<std::string> part(const AttemptKey& key, uint32_t index) const;
  Result<unsigned> ship(const AttemptKey& key, Attempt& attempt, Socket& scheduler, Time now);
  void forget(const AttemptKey& key);

  Spool spool_;
  std::map<AttemptKey, Attempt> attempts_;
  uint64_t bytes_ = 0, chunks_ = 0;  // in the spool
  bool blocked_ = false;             // the socket was full
};

}  // namespace assay
