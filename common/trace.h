// A trace: header, events (in chunks), footer. Plain structs; codec.h turns them into bytes and back.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/event.h"
#include "common/job.h"

namespace assay {

struct LayerInfo {
  std::string digest;   // of the compressed blob, "sha256:..."
  std::string diff_id;  // of the tar
  uint64_t size_bytes = 0;
  std::string created_by;  // its history line
};

/// What was run. From the OCI image config (image-spec config.md).
struct ImageInfo {
  std::string digest;        // of the manifest that was run
  std::string index_digest;  // of the index that the reference named, if it named one
  std::string config_digest;
  std::string architecture, os;
  std::vector<std::string> entrypoint, cmd, env;
  std::string user, working_dir, stop_signal;
  std::vector<std::string> exposed_ports;
  std::vector<LayerInfo> layers;
};

/// A honeytoken of this scan. Its value is not kept: what was seen of it is proved by `token` events.
struct PlantedToken {
  std::string id;     // unique within the scan: "aws_key:/root/.aws/credentials"
  std::string kind;   // "aws_key", "ssh_key"...: see agent/lure/lures.h
  std::string place;  // a path in the guest, "env:NAME", or the URL that serves it
};

struct TraceHeader {
  std::string scan_id;
  uint32_t attempt = 1;
  Job job;
  ImageInfo image;
  int64_t start_time_ns = 0;    // wall clock, Unix epoch
  std::string tracer_version;   // ours
  std::string runtime_version;  // runsc's
  std::string kernel;           // host uname -r
  std::string agent_id;
  std::string guest_addr;   // the sandbox's IPv4 address, or empty
  std::string guest_addr6;  // and its IPv6 address
  std::vector<PlantedToken> tokens;
};

/// One source's account of itself. lost > 0 makes a trace incomplete.
struct SourceCount {
  Source source = Source::agent;
  uint64_t seen = 0;
  uint64_t lost = 0;
  std::string detail;    // why events were lost, or why the source was off
  bool required = true;  // a verdict of clean needs this source
  bool attached = true;  // it ran
};

enum class EndReason : uint8_t {
  exited = 0,        // its first process ended by itself
  deadline = 1,      // we stopped it when its time was up
  limit = 2,         // a bound was hit: events, trace bytes
  start_failed = 3,  // the image cannot be started (missing entrypoint, wrong format): exit says why
  cancelled = 4,
  guard = 5,  // the sandbox did on its host what the runtime never does, and was killed for it
};
const char* to_string(EndReason reason);

struct PhaseTime {
  std::string phase;  // "pull", "unpack", "start", "run", "harvest"
  int64_t duration_ns = 0;
};

/// How much of the image ran. Executables are ELF files and scripts with an executable mode bit.
struct Coverage {
  uint64_t executables = 0;    // in the image; 0: not counted
  uint64_t ran_by_itself = 0;  // of these, before anything was provoked
  uint64_t ran = 0;            // in the end
};

/// A bound of the sandbox that the guest has run into.
struct LimitHit {
  std::string limit;   // "memory", "processes", "disk", "inodes", "output", "events", "trace", "connections",
                       // "bytes"...: docs/report.md
  std::string detail;  // its size, and what came of it
  uint64_t times = 0;  // how often, where that is counted; else 1
};

/// A file kept for download. It lies in the archive under `name`.
struct Artifact {
  std::string path;  // in the guest
  std::string name;
  std::string sha256;
  uint64_t size_bytes = 0;
};

struct TraceFooter {
  EndReason reason = EndReason::exited;
  int32_t exit_status = 0;  // of the first process: its code, or 128 + signal
  std::string detail;       // what the runtime said when it could not start
  uint64_t events = 0;      // in all chunks
  uint32_t chunks = 0;
  std::vector<SourceCount> sources;
  std::vector<PhaseTime> phases;
  uint64_t cpu_ns = 0;  // of the whole sandbox
  uint64_t memory_peak_bytes = 0;
  Coverage coverage;
  int64_t extension_ns = 0;  // run time granted beyond the job's duration
  int64_t starved_ns = 0;    // of the run: when all that the sandbox wanted to do waited for the host
  int64_t made_up_ns = 0;    // run time added for that, at most the job's duration
  std::vector<LimitHit> limits;
  std::vector<Artifact> artifacts;
  uint32_t artifact_chunks = 0;     // of the archive that holds them: stored behind the trace's own chunks
  uint64_t artifacts_left_out = 0;  // files beyond the bounds
};

}  // namespace assay
