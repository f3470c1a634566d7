// detonate: one image, pulled and stacked, run in its chamber: network, simulated internet, tracer, sandbox.
// The image's own start first; then, if it is to be provoked and there is time left, what makes it act: see
// provoke/. Everything it makes is gone when it returns.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "agent/artifacts.h"
#include "agent/pull.h"
#include "agent/rootfs.h"
#include "agent/scan.h"
#include "agent/scratch.h"
#include "agent/ship.h"
#include "agent/stage/stage.h"
#include "common/result.h"
#include "common/trace.h"
#include "common/wire.h"

namespace assay {

/// All borrowed.
struct Detonation {
  const wire::Lease& lease;
  const ScanPlace& place;
  const ScanLimits& limits;
  const std::string& name;  // of its cgroup and container: no two attempts share one
  int cancel_fd;
  const PulledImage& image;
  const ScratchDir& scratch;
  const Rootfs& rootfs;
  const std::vector<std::filesystem::path>& layers;  // what it is made of, base first
  const Stage& stage;
  Ship& ship;
  TraceHeader& header;                                      // its times and addresses are filled in
  TraceFooter& footer;                                      // all but chunks, phases and artifacts
  ArtifactBook& artifacts;                                  // told of every event
  std::function<void(const std::string& phase)> begin;      // "run", "provoke", "harvest"
  std::function<void(std::chrono::milliseconds)> progress;  // called often, with the time left
};

/// Every event goes to `ship`. EndReason and exit status are those of the image's own start.
Status detonate(const Detonation& detonation);

/// As docker names containers, and the same at every scan.
std::string hostname_of(const PulledImage& image);

}  // namespace assay
