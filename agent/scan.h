// scan: one image through the whole road on this host: pull, unpack, a permit to run, root file system,
// network, tracer, sandbox, run, harvest. Every event goes to ship as it comes. Blocking, on a thread of its
// own; whatever happens, nothing of it is left on the host when it returns.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "agent/cgroup.h"
#include "agent/egress.h"
#include "agent/pull_login.h"
#include "agent/rootfs.h"
#include "agent/ship.h"
#include "agent/unpack.h"
#include "agent/yara_rules.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay {

struct ScanPlace {
  std::filesystem::path data_dir;  // blobs/ and layers/, kept across scans
  std::filesystem::path run_dir;   // this agent's RunDir
  std::string instance;            // names its cgroups
  std::string agent_id;
  std::filesystem::path learn_guard{};  // see TracerConfig
  const YaraRules* yara = nullptr;      // borrowed; none: files are not inspected
  RegistryAccess registries{};
  PullLogins* logins = nullptr;  // borrowed: its worker's
};

struct ScanLimits {
  CgroupLimits cgroup;
  RootfsLimits rootfs;
  UnpackLimits unpack;
  EgressLimits egress;
  uint64_t events = 2'000'000;
  uint64_t trace_bytes = 512ull << 20;
  uint64_t artifact_bytes = 32ull << 20;  // of files kept beside the trace; 0: none are
  bool full_witness = false;  // every call traps to the host's witness; slow, and not every runsc can
  uint64_t output_bytes = 1ull << 20;                  // of stdout and stderr together that become events
  std::chrono::milliseconds resolve_patience{10'000};  // for the scheduler's word whether to run an image
};

/// Runs `lease` and spools its trace up to and including Done. An Error means that there is no trace: the
/// scan failed, and `what` is the one line that its user reads; it names the image. Errc::cancelled soon
/// after `cancel_fd` becomes readable, or when the scheduler has a result of the image already.
Status scan(const wire::Lease& lease, const ScanPlace& place, const ScanLimits& limits, int cancel_fd,
            Ship& ship);

}  // namespace assay
