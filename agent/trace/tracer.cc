// The owner's side: opens the sources, starts the reader, decodes its batches into events, and merges them.
#include "agent/trace/tracer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <cstdlib>
#include <optional>

#include "agent/trace/batch.h"
#include "agent/trace/bpf_support.h"
#include "agent/trace/decode.h"
#include "agent/trace/flow_collector.h"
#include "agent/trace/flows.h"
#include "agent/trace/guard.h"
#include "agent/trace/merge.h"
#include "agent/trace/reader.h"
#include "agent/trace/seccheck_config.h"
#include "agent/trace/sleeps.h"
#include "agent/trace/strace.h"
#include "agent/trace/usage.h"
#include "agent/trace/witness.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/process.h"
#include "common/text.h"

namespace assay {
namespace {

constexpr int64_t kFinishWaitNs = 10'000'000'000;
constexpr int64_t kMaxDriftNs = 20'000'000;
constexpr size_t kMetadataBytes = 2 << 20;
constexpr size_t kBatchesAtOnce = 8;
constexpr int kLogPipeBytes = 1 << 20;

Result<SeccheckConfig> probe_seccheck(const std::string& socket_path) {
  Command command;
  command.argv = {"runsc", "trace", "metadata"};
  ASSAY_TRY(auto output, run(std::move(command), std::chrono::seconds(20), kMetadataBytes));
  if (output.status.shell_code() != 0)
    return Error{Errc::unsupported, "`runsc trace metadata` failed: install a runsc of 2023 or later: " +
                                        printable(output.err, 200)};
  ASSAY_TRY(auto offered, parse_trace_metadata(output.out));
  return make_seccheck_config(offered, socket_path);
}

// A named pipe: nothing of the log lies on a disk, and it is written no faster than it is read.
Result<Fd> open_log(const std::string& path) {
  if (::mkfifo(path.c_str(), 0600) != 0) return errno_error("make " + path);
  ASSAY_TRY(Fd fd, open_file(path, O_RDONLY | O_NONBLOCK));
  (void)::fcntl(fd.get(), F_SETPIPE_SZ, kLogPipeBytes);  // a smaller one is slower, and does as well
  return fd;
}

}  // namespace

namespace {

SourceCount strace_count(const Strace::Counts& counts, bool on) {
  SourceCount out{Source::strace, counts.matched, counts.bad + counts.ambiguous, "", false, on};
  auto say = [&](uint64_t count, const char* what) {
    if (count > 0) out.detail += (out.detail.empty() ? "" : "; ") + std::to_string(count) + what;
  };
  say(counts.bad, " lines that cannot be read");
  say(counts.ambiguous, " lines of more than one meaning");
  say(counts.left_over, " of calls that were not reported");
  return out;
}

}  // namespace

struct Tracer::State {
  TracerConfig config;
  SeccheckConfig seccheck;
  std::optional<Witness> witness;
  std::optional<Guard> guard;
  std::optional<Flows> flows;
  std::optional<Usage> usage;
  Fd rootfs, log;
  std::unique_ptr<BatchChannel> channel;
  std::unique_ptr<Reader> reader;  // after what it borrows
  std::unique_ptr<Decoder> decoder;
  Merge merge;
  std::optional<Sleeps> sleeps;
  int64_t drained_ns = 0;  // wall clock
  uint64_t seccheck_lost = 0, connections = 0, open_connections = 0;
  int64_t clock_drift_ns = 0;
  bool last_seen = false, finished = false;
  std::string learn_error;

  Status open();
  void absorb(const Batch& batch);
  void pop_some();
  void learn();
  SourceCount guard_count() const;
  std::vector<Event> release(int64_t until_ns);
};

Status Tracer::State::open() {
  sleeps.emplace(config.start_time_ns);
  auto socket_path = (config.dir / "seccheck.sock").string();
  ASSAY_TRY(seccheck, probe_seccheck(socket_path));
  ASSAY_CHECK(write_file((config.dir / "pod-init.json").string(), seccheck.json, 0600));
  ASSAY_TRY(auto socket, SeccheckSocket::listen(socket_path));
  ASSAY_TRY(witness, Witness::open(config.cgroup_id, config.full_witness));
  ASSAY_TRY(guard, Guard::open({config.cgroup_id, config.runtime_version, !config.learn_guard.empty()}));
  ASSAY_TRY(usage, Usage::open(config.cgroup_id));
  if (config.world_ns_fd >= 0) {
    ASSAY_TRY(flows, Flows::open(config.world_ns_fd, config.world_ifindex));
  }
  if (!config.rootfs.empty()) {
    ASSAY_TRY(rootfs, open_file(config.rootfs.string(), O_PATH | O_DIRECTORY));
  }
  if (!config.full_witness) {
    ASSAY_TRY(log, open_log((config.dir / "runsc.pipe").string()));
  }
  ASSAY_TRY(channel, BatchChannel::open());
  decoder = std::make_unique<Decoder>(config.start_time_ns, rootfs.get(), seccheck.calls, config.kept);
  ReaderSources sources;
  sources.witness_ring = witness->ring_fd();
  sources.guard_ring = guard->ring_fd();
  sources.usage_map = usage->map_fd();
  sources.strace_log = log ? log.get() : -1;
  sources.rootfs_dir = rootfs ? rootfs.get() : -1;
  if (flows) {
    sources.flows_ring = flows->ring_fd();
    sources.flows_map = flows->map_fd();
  }
  ASSAY_TRY(reader, Reader::start(std::move(socket), sources, *channel));
  drained_ns = wall_ns();
  return {};
}

void Tracer::State::absorb(const Batch& batch) {
  decoder->decode(batch, [&](Event event) { merge.add(std::move(event)); });
  drained_ns = batch.drained_ns;
  seccheck_lost = batch.seccheck_lost;
  connections = batch.connections;
  open_connections = batch.open_connections;
  last_seen = batch.last;
}

// Not all that there is: a guest that fills the channel as fast as it is emptied would keep us here beyond
// its end, and make us hold all of it.
void Tracer::State::pop_some() {
  clear_event(channel->ready_fd());
  for (size_t i = 0; i < kBatchesAtOnce; ++i) {
    auto batch = channel->pop();
    if (!batch) return;
    absorb(*batch);
  }
  raise_event(channel->ready_fd());  // there may be more
}

void Tracer::State::learn() {
  if (config.learn_guard.empty()) return;
  auto learned =
      learn_guard_profile(config.learn_guard, runtime_release(config.runtime_version), guard->seen());
  if (!learned) learn_error = "nothing learned: " + learned.error().what;
}

std::vector<Event> Tracer::State::release(int64_t until_ns) {
  std::vector<Event> out = merge.release(until_ns);
  for (Event& event : out) sleeps->note(event);
  return out;
}

Tracer::Tracer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() = default;

Result<Tracer> Tracer::open(const TracerConfig& config) {
  auto state = std::make_unique<State>();
  state->config = config;
  ASSAY_CHECK(state->open());
  return Tracer(std::move(state));
}

std::filesystem::path Tracer::pod_init_config() const { return state_->config.dir / "pod-init.json"; }
std::vector<std::string> Tracer::runtime_options() const {
  if (state_->config.full_witness) return {"--systrap-disable-syscall-patching"};
  return {"--strace", "--strace-syscalls=" + strace_calls(), "--debug-command=boot",
          "--debug-log-format=json", "--debug-log=" + (state_->config.dir / "runsc.pipe").string()};
}
int Tracer::fd() const { return state_->channel->ready_fd(); }
pid_t Tracer::reader() const { return state_->reader->thread(); }
void Tracer::add(Event event) { state_->merge.add(std::move(event)); }

std::vector<Event> Tracer::take() {
  state_->pop_some();
  return state_->release(state_->drained_ns - state_->config.start_time_ns - kReorderWindowNs);
}

std::vector<Event> Tracer::finish() {
  auto& s = *state_;
  s.witness->detach();
  s.guard->detach();
  if (s.flows) s.flows->detach();
  s.reader->finish();
  int64_t deadline = wall_ns() + kFinishWaitNs;
  while (!s.last_seen && wall_ns() < deadline) {
    s.pop_some();
    pollfd ready{s.channel->ready_fd(), POLLIN, 0};
    if (!s.last_seen) poll(&ready, 1, 100);
  }
  s.reader.reset();
  s.usage->detach();  // last: the sandbox's end, which may take a while to be torn down, is its time as well
  s.finished = true;
  s.learn();
  s.clock_drift_ns = s.decoder->clock_drift_ns();
  auto add = [&](Event event) { s.merge.add(std::move(event)); };
  if (s.flows)
    FlowCollector::collect_all(s.flows->map_fd(), [&](std::string_view key, std::string_view flow) {
      s.decoder->flow_total(std::string(key) + std::string(flow), wall_ns(), add);
    });
  int64_t now = wall_ns() - s.config.start_time_ns;
  uint64_t lost = s.seccheck_lost + s.decoder->counts().seccheck_bad + (s.last_seen ? 0 : 1);
  for (Event& concealed : s.decoder->cross_check().finish(now, lost)) s.merge.add(std::move(concealed));
  return s.release(INT64_MAX);
}

std::vector<SourceCount> Tracer::counts() const {
  const auto& s = *state_;
  const auto& seen = s.decoder->counts();
  SourceCount seccheck{Source::seccheck, seen.seccheck, s.seccheck_lost + seen.seccheck_bad, "", true,
                       s.connections > 0};
  auto say = [](SourceCount& count, const std::string& text) {
    count.detail += (count.detail.empty() ? "" : "; ") + text;
  };
  if (s.connections == 0) say(seccheck, "no sandbox connected");
  if (s.finished && !s.last_seen) {
    say(seccheck, "its reader did not come to an end");
    ++seccheck.lost;
  }
  if (s.last_seen && s.open_connections > 0) {
    say(seccheck, "a connection was still open at the end");
    ++seccheck.lost;
  }
  if (s.seccheck_lost > 0) say(seccheck, std::to_string(s.seccheck_lost) + " dropped by the Sentry");
  if (seen.seccheck_bad > 0) say(seccheck, std::to_string(seen.seccheck_bad) + " not decodable");
  if (!s.seccheck.missing.empty()) {
    std::string names;
    for (const auto& name : s.seccheck.missing) names += " " + name;
    say(seccheck, "not offered by this runsc:" + names);
  }
  SourceCount witness{Source::witness, seen.witness, s.witness->lost() + seen.witness_bad, "", true, true};
  say(witness, s.decoder->cross_check().text());
  if (s.witness->lost() > 0) say(witness, "ring full");
  if (s.witness->suppressed() > 0)
    say(witness, std::to_string(s.witness->suppressed()) + " repeats left out");
  SourceCount flows{Source::flows, seen.flows, 0, "", s.config.world_ns_fd >= 0, s.flows.has_value()};
  if (s.flows) flows.lost = s.flows->lost() + seen.flows_bad;
  if (flows.lost > 0) say(flows, "ring or flow table full");
  if (s.flows && s.flows->dropped() > 0) {
    flows.lost += s.flows->dropped();
    say(flows, std::to_string(s.flows->dropped()) + " packets dropped by the kernel on their way");
  }
  if (!s.flows) say(flows, "no network");
  if (std::abs(s.clock_drift_ns) > kMaxDriftNs)
    say(witness,
        "the wall clock moved by " + std::to_string(s.clock_drift_ns / 1'000'000) + " ms during the run");
  SourceCount usage{Source::usage, seen.usage, 0, "", true, true};
  if (s.merge.late() > 0)
    say(seccheck, std::to_string(s.merge.late()) + " events came after their place in the stream");
  return {seccheck,       witness, flows, usage, strace_count(s.decoder->strace().counts(), bool(s.log)),
          s.guard_count()};
}

SourceCount Tracer::State::guard_count() const {
  SourceCount out{Source::guard, guard->acts(), guard->lost() + decoder->counts().guard_bad, "", true, true};
  auto say = [&](const std::string& text) { out.detail += (out.detail.empty() ? "" : "; ") + text; };
  if (!guard->observing().empty()) {
    out.required = false;
    say(guard->observing());
  }
  if (out.lost > 0) say("ring or table full");
  if (guard->suppressed() > 0) say(std::to_string(guard->suppressed()) + " repeats left out");
  if (!learn_error.empty()) say(learn_error);
  return out;
}

}  // namespace assay
