// wire: what agents, clients and the scheduler say to each other, as plain structs; encode and decode are in
// wire.cc beside the codec (schema/wire.capnp). One message is one ZeroMQ frame. Decoding takes hostile
// bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/result.h"
#include "common/trace.h"

namespace assay::wire {

inline constexpr uint32_t kVersion = 1;
inline constexpr size_t kMaxFrameBytes = 4 << 20;

// client -> scheduler
struct Submit {
  Job job;
};
// scheduler -> client
struct Accepted {
  std::string scan_id;
};
struct Refused {
  std::string reason;
};
struct Finished {
  std::string scan_id;
  bool ok = false;
  std::string error;   // when not ok: the one line that says why
  std::string report;  // when ok: assay.report/1 JSON
};
// agent -> scheduler -> client
struct Progress {
  std::string scan_id;
  std::string phase;          // "queued", "pull", "unpack", "start", "run", "harvest", "score"
  int64_t time_left_ms = -1;  // of the run; -1: not known
  uint64_t events = 0;
  uint64_t lost = 0;
};

// agent -> scheduler
struct Hello {
  uint32_t version = kVersion;
  std::string agent_id;
};
struct Want {
  uint32_t credit = 0;
};  // leases the agent can take now
struct Chunk {
  std::string scan_id;
  uint32_t attempt = 0;
  uint32_t index = 0;
  std::string bytes;
};
struct Done {
  std::string scan_id;
  uint32_t attempt = 0;
  TraceHeader header;
  TraceFooter footer;
};
struct Failed {
  std::string scan_id;
  uint32_t attempt = 0;
  std::string code;
  std::string error;
};
struct Heartbeat {
  std::string agent_id;
};
// scheduler -> agent
struct Lease {
  std::string scan_id;
  uint32_t attempt = 0;
  Job job;
};
struct ChunkAck {
  std::string scan_id;
  uint32_t attempt = 0;
  uint32_t index = 0;
};  // the chunk is in the store, synced
struct DoneAck {
  std::string scan_id;
  uint32_t attempt = 0;
};
struct Cancel {
  std::string scan_id;
};

using Message = std::variant<Submit, Accepted, Refused, Finished, Progress, Hello, Want, Chunk, Done, Failed,
                             Heartbeat, Lease, ChunkAck, DoneAck, Cancel>;

std::string encode(const Message& message);
Result<Message> decode(std::string_view bytes);

}  // namespace assay::wire
