// wire: what agents, clients and the scheduler say to each other, as plain structs; encode and decode are in
// wire.cc beside the codec (schema/wire.capnp). One message is one ZeroMQ frame. Decoding takes hostile
// bytes. The conversation is told in docs/wire.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"
#include "common/submission.h"
#include "common/trace.h"

namespace assay::wire {

/// The versions that this release speaks, all between too: its own and the one before (docs/wire.md,
/// Versions).
inline constexpr uint32_t kVersion = 5, kOldestVersion = 4;
inline constexpr size_t kMaxFrameBytes = 4 << 20;
inline constexpr size_t kMaxSubmissions = 1000;  // in one message
inline constexpr size_t kMaxHeld = 1024;         // leases of one agent
inline constexpr size_t kMaxPlatforms = 8;
inline constexpr size_t kMaxCached = 1024;  // repositories that an agent says it has cached

// ---- client -> scheduler: only on the clients' socket (inproc), never from the network

/// Answered with Accepted (all of them) or Refused (none of them).
struct Submit {
  std::vector<Submission> submissions;
  bool follow = false;  // send the client Progress and Finished of each
};
/// A question or an order, JSON both ways: see scheduler/ask.h. Answered with Answer.
struct Ask {
  std::string op;
  std::string body;
};
/// From now on send this client a Notice for every change of state of one scan, of the scans of one batch, or
/// of all (both empty). Until its connection ends.
struct Watch {
  std::string scan_id;
  std::string batch;
};

// ---- scheduler -> client

struct Accepted {
  std::vector<std::string> scan_ids;  // in the order submitted; on disk
  std::vector<uint32_t> taken{};      // of these, which had been before (Submission::once): places, ascending
};
/// Also to agents, whose version or key will not do.
struct Refused {
  std::string code;  // to_string(Errc): "no_space", "invalid", "limit"...
  std::string reason;
};
struct Finished {
  std::string scan_id;
  bool ok = false;
  std::string error;   // when not ok: the one line that says why
  std::string report;  // when ok: assay.report/1 JSON; empty when it is too large for a frame
};
struct Answer {
  uint32_t status = 200;  // HTTP's
  std::string body;       // JSON
};
struct Notice {
  std::string scan_id;
  std::string batch;
  std::string state;  // to_string(ScanState), or "progress"
  std::string phase;  // of a progress
  std::string verdict;
  int32_t score = 0;
  std::string error;
  uint64_t missed = 0;  // notices that this client did not get since the last one: it was too slow
};

// ---- agent -> scheduler -> client

struct Progress {
  std::string scan_id;
  std::string phase;          // "queued", "pull", "unpack", "wait", "start", "run", "harvest", "score"
  int64_t time_left_ms = -1;  // of the run; -1: not known
  uint64_t events = 0;
  uint64_t lost = 0;
  uint32_t attempt = 0;
};

// ---- agent -> scheduler

struct Capacity {
  uint32_t slots = 0;         // scans at once
  uint32_t cpu_millis = 0;    // 1000 is one CPU
  uint64_t memory_bytes = 0;  // for guests
};
struct Held {
  std::string scan_id;
  uint32_t attempt = 0;
};
/// First on every connection, and after Who. Answered with Welcome or Refused.
struct Hello {
  uint32_t version = kOldestVersion;  // the oldest that it speaks
  std::string agent_id;               // on CURVE connections the scheduler takes the name of the key instead
  std::string instance;        // random; new with every process: a lease not in `held` died with the old one
  std::string tracer_version;  // ours: a result of another version is not used again
  Capacity capacity;
  std::vector<Held> held;                // what it runs, or has spooled and not yet shipped
  std::vector<uint64_t> cached;          // affinity_key() of repositories whose layers it has
  std::vector<std::string> platforms{};  // that it can run: "linux/amd64"; at most kMaxPlatforms
  uint32_t newest = kVersion;            // version that it speaks
};
/// What it can take now; replaces what it said before. Also a sign of life.
struct Want {
  uint32_t credit = 0;  // leases
  uint32_t cpu_millis = 0;
  uint64_t memory_bytes = 0;
  std::string why;  // credit is 0 for another reason than that all slots are taken: "disk full", "stopping"
};
struct Heartbeat {};
/// The reference means this image. Before the layers are fetched; answered with Proceed, or with Cancel when
/// the scheduler has a result of it already.
struct Resolved {
  std::string scan_id;
  uint32_t attempt = 0;
  std::string digest;  // of the manifest, "sha256:..."
};
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
/// There is no trace. Final for what the image is to blame for; else the job goes back to the queue:
/// see is_retryable().
struct Failed {
  std::string scan_id;
  uint32_t attempt = 0;
  std::string code;  // to_string(Errc)
  std::string error;
  uint64_t retry_after_ms = 0;  // code busy: the registry is to be left alone for so long; 0: not said
};
/// The sandbox of this attempt did on its host what the runtime never does: the agent finishes nothing more
/// but the trace that tells of it. Said until Unfence; a fencing is named by its attempt.
struct Fenced {
  std::string scan_id;
  uint32_t attempt = 0;
  std::string reason;  // what was seen, one line
};

// ---- scheduler -> agent

struct Welcome {
  uint32_t oldest = kOldestVersion, newest = kVersion;  // versions that the scheduler speaks
};
/// "I do not know you (any more)": say Hello again.
struct Who {};
struct Lease {
  std::string scan_id;
  uint32_t attempt = 0;
  Job job;
  std::string registry_auth{};  // of a job with a login of its own; see registry_auth.h
};
struct Proceed {
  std::string scan_id;
  uint32_t attempt = 0;
};
struct ChunkAck {
  std::string scan_id;
  uint32_t attempt = 0;
  uint32_t index = 0;
};  // the chunk is in the store, synced
struct DoneAck {
  std::string scan_id;
  uint32_t attempt = 0;
};  // forget it: it is kept, or nobody wants it any more
/// Also client -> scheduler (attempt 0: whichever).
struct Cancel {
  std::string scan_id;
  uint32_t attempt = 0;
};
/// An operator trusts the agent again after this fencing; others of it stand.
struct Unfence {
  std::string scan_id;
  uint32_t attempt = 0;
};

using Message = std::variant<Submit, Ask, Watch, Accepted, Refused, Finished, Answer, Notice, Progress, Hello,
                             Want, Heartbeat, Resolved, Chunk, Done, Failed, Welcome, Who, Lease, Proceed,
                             ChunkAck, DoneAck, Cancel, Fenced, Unfence>;

/// The newest version that both sides speak, where the other one's are these; 0: there is none.
constexpr uint32_t common_version(uint32_t oldest, uint32_t newest) {
  uint32_t both = newest < kVersion ? newest : kVersion;
  return both >= oldest && both >= kOldestVersion ? both : 0;
}
/// "4", "4 to 5".
std::string versions_text(uint32_t oldest, uint32_t newest);

std::string encode(const Message& message);
Result<Message> decode(std::string_view bytes);

/// Whether a job that failed with this code may go better elsewhere or later: what the host, the network or
/// the registry is to blame for (no_space, io, timeout, unreachable, busy, limit, cancelled), not the image.
bool is_retryable(std::string_view code);

/// What a reference's layers are likely to be shared by: a hash of registry and repository, or of the path
/// for local images. Never 0.
uint64_t affinity_key(const std::string& ref);

}  // namespace assay::wire
