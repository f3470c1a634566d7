// bench-sources: one command under some of a scan's sources, for bench/overhead --sources. No claim of its
// own.
//
//   bench-sources SOURCES DIRECTORY runsc [OPTIONS] run ...      SOURCES: of seccheck,witness,usage,strace
//
// Reads, decodes and merges what the sources say as the agent does, and drops it. Says on stderr how much
// that was. The command's options are completed by those that its sources take.
#include <fcntl.h>
#include <poll.h>
#include <spdlog/fmt/fmt.h>
#include <sys/stat.h>

#include <filesystem>

#include "agent/trace/decode.h"
#include "agent/trace/merge.h"
#include "agent/trace/reader.h"
#include "agent/trace/seccheck_config.h"
#include "agent/trace/usage.h"
#include "agent/trace/witness.h"
#include "common/clock.h"
#include "common/process.h"

namespace {

namespace fs = std::filesystem;
using namespace assay;

// A v2 cgroup for the time of the run.
struct Group {
  fs::path path;
  ~Group() { ::rmdir(path.c_str()); }
  uint64_t id() const {
    struct stat st {};
    ::stat(path.c_str(), &st);
    return st.st_ino;
  }
};

struct Watched {
  std::string sources;
  fs::path dir;
  Command command;
  std::optional<Witness> witness;
  std::optional<Usage> usage;
  Fd log;
  ReaderSources from;
  SeccheckConfig seccheck;

  bool has(const char* name) const {
    return ("," + sources + ",").find(std::string(",") + name + ",") != std::string::npos;
  }
  void option(std::string text) { command.argv.insert(command.argv.begin() + 1, std::move(text)); }
  Status open(uint64_t cgroup_id);
};

Status Watched::open(uint64_t cgroup_id) {
  Command metadata;
  metadata.argv = {"runsc", "trace", "metadata"};
  ASSAY_TRY(Output offered, run(std::move(metadata), std::chrono::seconds(20), 2 << 20));
  ASSAY_TRY(auto points, parse_trace_metadata(offered.out));
  seccheck = make_seccheck_config(points, (dir / "seccheck.sock").string());
  if (has("seccheck")) {
    ASSAY_CHECK(write_file((dir / "pod-init.json").string(), seccheck.json));
    option("--pod-init-config=" + (dir / "pod-init.json").string());
  }
  if (has("witness")) {
    ASSAY_TRY(witness, Witness::open(cgroup_id));
    from.witness_ring = witness->ring_fd();
  }
  if (has("usage")) {
    ASSAY_TRY(usage, Usage::open(cgroup_id));
    from.usage_map = usage->map_fd();
  }
  if (has("strace")) {
    std::string pipe = (dir / "runsc.pipe").string();
    if (::mkfifo(pipe.c_str(), 0600) != 0) return errno_error("make " + pipe);
    ASSAY_TRY(log, open_file(pipe, O_RDONLY | O_NONBLOCK));
    (void)::fcntl(log.get(), F_SETPIPE_SZ, 1 << 20);
    from.strace_log = log.get();
    for (std::string text : {"--strace", "--debug-command=boot", "--debug-log-format=json"}) option(text);
    option("--strace-syscalls=" + strace_calls());
    option("--debug-log=" + pipe);
  }
  return Status();
}

Result<int> watch(Watched& watched, const Group& group) {
  ASSAY_CHECK(watched.open(group.id()));
  ASSAY_TRY(auto socket, SeccheckSocket::listen((watched.dir / "seccheck.sock").string()));
  ASSAY_TRY(auto channel, BatchChannel::open());
  int64_t start = wall_ns();
  Decoder decoder(start, -1, watched.seccheck.calls);
  ASSAY_TRY(auto reader, Reader::start(std::move(socket), watched.from, *channel));
  ASSAY_TRY(Fd procs, open_file((group.path / "cgroup.procs").string(), O_WRONLY));
  watched.command.cgroup_procs_fds = {procs.get()};
  watched.command.stdout_fd = 1;
  watched.command.stderr_fd = 2;
  watched.command.new_mount_ns = true;
  ASSAY_TRY(Child child, spawn(watched.command));
  Merge merge;
  uint64_t events = 0, lost = 0;
  bool last = false, ended = false;
  auto take = [&] {
    clear_event(channel->ready_fd());
    while (auto batch = channel->pop()) {
      decoder.decode(*batch, [&](Event event) { merge.add(std::move(event)); });
      lost = batch->seccheck_lost;
      last = batch->last;
      events += merge.release(batch->drained_ns - start - kReorderWindowNs).size();
    }
  };
  while (!last) {
    pollfd waits[] = {{ended ? -1 : child.pidfd(), POLLIN, 0}, {channel->ready_fd(), POLLIN, 0}};
    ::poll(waits, 2, 100);
    take();
    if (!ended && waits[0].revents != 0) {
      ended = true;
      reader->finish();
    }
  }
  events += merge.release(INT64_MAX).size();
  if (watched.witness) lost += watched.witness->lost();
  fmt::print(stderr, "sources events {} lost {} in {} ms\n", events, lost, (wall_ns() - start) / 1'000'000);
  return child.wait().shell_code();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print("bench-sources is driven by bench/overhead --sources\n");
    return 0;
  }
  fs::path root =
      fs::exists("/sys/fs/cgroup/unified/cgroup.procs") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
  Group group{root / ("assay-bench-" + std::to_string(::getpid()))};
  fs::create_directory(group.path);
  Watched watched;
  watched.sources = argv[1];
  watched.dir = argv[2];
  watched.command.argv.assign(argv + 3, argv + argc);
  auto code = watch(watched, group);
  if (!code) fmt::print(stderr, "bench-sources: {}\n", code.error().what);
  return code ? *code : 1;
}
