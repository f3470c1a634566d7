// raw: what ZeroMQ and RocksDB can do on this machine, in this minute, with the same sizes and none of our
// code between: the measure beside the farm's figures. Edge files: raw_zmq.cc, raw_rocksdb.cc.
#pragma once

#include <chrono>
#include <filesystem>

#include "common/result.h"

namespace assay::bench {

struct RawEcho {
  size_t frame_bytes = 256;
  size_t sockets = 64;     // clients, each a connection of its own
  size_t outstanding = 1;  // of each
  std::chrono::seconds time{2};
};
/// Round trips a second: DEALERs to one ROUTER over CURVE on TCP's loopback.
Result<double> raw_echo(const RawEcho& what);

struct RawCommit {
  size_t value_bytes = 200;
  size_t puts = 1000;  // in one synced batch
  std::chrono::seconds time{2};
};
struct RawCommits {
  double puts_per_s = 0, batches_per_s = 0;
};
Result<RawCommits> raw_commits(const std::filesystem::path& dir, const RawCommit& what);

}  // namespace assay::bench
