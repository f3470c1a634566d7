// The road of one image, step by step.
#include "agent/scan.h"

#include <algorithm>
#include <optional>

#include "agent/bundle.h"
#include "agent/describe.h"
#include "agent/guest.h"
#include "agent/harvest.h"
#include "agent/network.h"
#include "agent/sandbox.h"
#include "agent/scratch.h"
#include "agent/stage/stage.h"
#include "agent/trace/tracer.h"
#include "agent/world.h"
#include "common/clock.h"
#include "common/log.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kProgress{1000};  // a thousand agents tell of theirs too

// What the job says that it needs goes before what the agent grants by itself.
ScanLimits limits_of(const Job& job, ScanLimits limits) {
  if (job.cpu_millis > 0) limits.cgroup.cpus = job.cpu_millis / 1000.0;
  if (job.memory_bytes > 0) limits.cgroup.memory_bytes = job.memory_bytes;
  return limits;
}

// As docker names containers, and the same at every scan.
std::string hostname_of(const PulledImage& image) { return image.manifest_digest.hex().substr(0, 12); }

class Scan {
 public:
  Scan(const wire::Lease& lease, const ImageRef& ref, const ScanPlace& place, const ScanLimits& limits,
       int cancel_fd, Ship& ship)
      : lease_(lease),
        ref_(ref),
        place_(place),
        limits_(limits_of(lease.job, limits)),
        name_(AttemptKey{lease.scan_id, lease.attempt}.str()),
        cancel_fd_(cancel_fd),
        ship_(ship) {}
  Status run();

 private:
  Result<PulledImage> pull_image();
  Result<std::vector<fs::path>> unpack_layers(const PulledImage& image);
  Status detonate(const PulledImage& image, const ScratchDir& scratch, Rootfs& rootfs, const Stage& stage);
  Result<Tracer> open_tracer(const fs::path& dir, const Cgroup& cgroup, const Rootfs& rootfs,
                             const Network* network);
  Status run_in(const SandboxConfig& config, Tracer& tracer, World* world, Provenance& provenance,
                int stop_signal);
  Status gather(Tracer& tracer, World* world, Provenance& provenance, const Rootfs& rootfs);
  SourceCount own_count(const Provenance& provenance) const;
  Status record(Provenance& provenance, std::vector<Event> events);
  Status gather_files(Tracer& tracer, const Rootfs& rootfs);
  void begin(const std::string& phase);
  void end_phase();
  void report_progress(milliseconds left);

  const wire::Lease& lease_;
  const ImageRef& ref_;
  const ScanPlace& place_;
  const ScanLimits limits_;
  const std::string name_;  // of its directory, cgroup and container: no two attempts share one
  const int cancel_fd_;
  Ship& ship_;
  TraceHeader header_;
  TraceFooter footer_;
  bool guest_started_ = false, forced_ = false;
  uint64_t agent_events_ = 0;
  std::string phase_;
  steady_clock::time_point phase_start_, reported_;
};

Status Scan::run() {
  ASSAY_TRY(ScratchDir scratch, ScratchDir::make(place_.run_dir / name_));
  begin("pull");
  ASSAY_TRY(PulledImage image, pull_image());
  begin("unpack");
  ASSAY_TRY(std::vector<fs::path> layers, unpack_layers(image));
  begin("wait");
  ASSAY_CHECK(ship_.wait_for_permit());
  begin("start");
  ASSAY_TRY(header_, describe_scan(lease_, image, place_.agent_id));
  ASSAY_TRY(fs::path rootfs_dir, scratch.sub("rootfs"));
  Stage stage;
  auto lay_out = [&](const fs::path& image_root) -> Result<fs::path> {
    ASSAY_TRY(fs::path stage_dir, scratch.sub("stage"));
    ASSAY_TRY(stage, set_stage(image.config, image_root, stage_dir,
                               {lease_.job.persona, lease_.job.network == NetworkMode::sinkhole,
                                hostname_of(image)}));
    return stage.layer;
  };
  ASSAY_TRY(Rootfs rootfs,
            Rootfs::mount(layers, rootfs_dir, limits_.rootfs, mount_points(image.config), lay_out));
  header_.tokens = lure::planted(stage.lures.tokens);
  ASSAY_CHECK(detonate(image, scratch, rootfs, stage));
  end_phase();
  return ship_.done(header_, footer_);
}

Result<PulledImage> Scan::pull_image() {
  PullOptions options;
  options.blobs_dir = place_.data_dir / "blobs";
  options.insecure = lease_.job.insecure;
  options.auth_file = lease_.job.auth_file;
  options.cancel_fd = cancel_fd_;
  options.resolved = [&](const Digest& manifest) {
    return ship_.resolved(manifest, limits_.resolve_patience);
  };
  options.leave_alone = [&](milliseconds pause) { ship_.retry_after = pause; };
  ASSAY_TRY(PulledImage image, pull(ref_, options));
  ++(image.cached ? ship_.stats.pull_cache_hits : ship_.stats.pulls);
  return image;
}

Result<std::vector<fs::path>> Scan::unpack_layers(const PulledImage& image) {
  ASSAY_TRY(LayerStore store, LayerStore::open(place_.data_dir / "layers"));
  std::vector<fs::path> paths;
  for (const PulledLayer& layer : image.layers) {
    report_progress(milliseconds(-1));
    ++(store.has(layer) ? ship_.stats.layers_reused : ship_.stats.layers_unpacked);
    ASSAY_TRY(fs::path path, store.unpack(layer, limits_.unpack, cancel_fd_));
    paths.push_back(std::move(path));
  }
  return paths;
}

Result<Tracer> Scan::open_tracer(const fs::path& dir, const Cgroup& cgroup, const Rootfs& rootfs,
                                 const Network* network) {
  TracerConfig config;
  config.dir = dir;
  config.start_time_ns = header_.start_time_ns;
  config.cgroup_id = cgroup.id();
  config.rootfs = rootfs.merged();
  if (network) {
    config.world_ns_fd = network->world_ns();
    config.world_ifindex = network->world_ifindex();
    config.guest_addr = network->guest_addr();
  }
  return Tracer::open(config);
}

// Declared in the order in which each needs the one before; taken down in the opposite one, the sandbox
// first.
Status Scan::detonate(const PulledImage& image, const ScratchDir& scratch, Rootfs& rootfs,
                      const Stage& stage) {
  ASSAY_TRY(InitProcess init, init_process(image.config, rootfs.image()));
  ASSAY_TRY(int stop_signal, parse_signal(image.config.stop_signal));
  ASSAY_TRY(Provenance provenance, Provenance::open(rootfs.image(), rootfs.merged()));
  ASSAY_TRY(fs::path bundle_dir, scratch.sub("bundle"));
  ASSAY_TRY(fs::path etc_dir, scratch.sub("etc"));
  ASSAY_TRY(fs::path trace_dir, scratch.sub("trace"));

  BundleOptions bundle;
  bundle.rootfs = rootfs.merged();
  bundle.hostname = hostname_of(image);
  bundle.env = stage.env;
  for (const DecoySocket& socket : stage.sockets)
    bundle.binds.push_back({socket.host_path, socket.guest_path});
  bundle.memory_bytes = limits_.cgroup.memory_bytes;
  std::optional<Network> network;
  if (lease_.job.network == NetworkMode::sinkhole) {
    ASSAY_TRY(network, Network::create());
    ASSAY_CHECK(network->write_etc(etc_dir, bundle.hostname, stage.hosts));
    bundle.etc_dir = etc_dir;
    bundle.net_ns_path = network->guest_ns_path();
    header_.guest_addr = network->guest_addr();
  }
  ASSAY_TRY(Cgroup cgroup, Cgroup::create("assay/" + place_.instance + "/" + name_, limits_.cgroup));
  header_.start_time_ns = wall_ns();
  std::optional<World> world;
  if (network) {
    ASSAY_TRY(world, World::start(*network, stage.lures, stage.sockets, header_.start_time_ns));
  }
  ASSAY_TRY(Tracer tracer, open_tracer(trace_dir, cgroup, rootfs, network ? &*network : nullptr));
  ASSAY_CHECK(write_file(bundle_dir / "config.json", runtime_config(image.config, init, bundle)));

  SandboxConfig config;
  config.id = name_;
  config.bundle_dir = bundle_dir;
  config.runtime_root = place_.run_dir / "runsc";
  config.pod_init_config = tracer.pod_init_config();
  config.network = network.has_value();
  config.host_sockets = !stage.sockets.empty();
  config.cgroup = &cgroup;
  ASSAY_CHECK(run_in(config, tracer, world ? &*world : nullptr, provenance, stop_signal));
  return gather(tracer, world ? &*world : nullptr, provenance, rootfs);
}

// What remains once the sandbox is gone: the last words of every source, and what the guest left behind.
Status Scan::gather(Tracer& tracer, World* world, Provenance& provenance, const Rootfs& rootfs) {
  // Before the harvest, which may take long: the sinkhole's reports wait in a buffer of limited size.
  if (world) {
    for (Event& event : world->finish()) tracer.add(std::move(event));
    footer_.sources.push_back({Source::sinkhole, world->seen(), world->lost(),
                               world->running() ? "" : "the sinkhole ended early", true, world->running()});
  }
  ASSAY_CHECK(gather_files(tracer, rootfs));
  ASSAY_CHECK(record(provenance, tracer.finish()));
  for (SourceCount& count : tracer.counts()) footer_.sources.push_back(std::move(count));
  footer_.sources.push_back(own_count(provenance));
  if (!guest_started_)
    return Error{Errc::invalid, "cannot be started: " +
                                    (footer_.detail.empty() ? "the runtime gave no reason" : footer_.detail)};
  return Status();
}

// Output beyond its bound is no loss for a verdict, and stands in a note; these two are.
SourceCount Scan::own_count(const Provenance& provenance) const {
  SourceCount out{Source::agent, agent_events_, provenance.left_out(), "", false, true};
  if (out.lost > 0) out.detail = "executed files too large to be held against the image";
  if (forced_) {
    ++out.lost;
    out.detail +=
        std::string(out.detail.empty() ? "" : "; ") + "the sandbox did not heed its end and was killed";
  }
  out.required = out.lost > 0;
  return out;
}

Status Scan::run_in(const SandboxConfig& config, Tracer& tracer, World* world, Provenance& provenance,
                    int stop_signal) {
  ASSAY_TRY(Sandbox sandbox, Sandbox::start(config));
  begin("run");
  GuestRun run{
      .sandbox = sandbox,
      .tracer = tracer,
      .world = world,
      .start_time_ns = header_.start_time_ns,
      .duration = lease_.job.duration,
      .stop_signal = stop_signal,
      .output_limit_bytes = limits_.output_bytes,
      .cancel_fd = cancel_fd_,
      .record = [&](std::vector<Event> events) { return record(provenance, std::move(events)); },
      .over_limit = [&] { return ship_.events() >= limits_.events || ship_.bytes() >= limits_.trace_bytes; },
      .tick =
          [&](milliseconds left) {
            if (steady_clock::now() - reported_ >= kProgress) report_progress(left);
            return ship_.poll();
          }};
  ASSAY_TRY(GuestEnd end, run_guest(std::move(run)));
  footer_.reason = end.reason;
  footer_.exit_status = end.status.shell_code();
  forced_ = end.forced;
  begin("harvest");
  footer_.memory_peak_bytes = config.cgroup->memory_peak_bytes();
  footer_.cpu_ns = config.cgroup->cpu_ns();
  footer_.detail = sandbox.runtime_error();
  return Status();
}

Status Scan::record(Provenance& provenance, std::vector<Event> events) {
  for (Event& event : events) {
    if (event.kind == EventKind::start) guest_started_ = true;
    if (event.kind == EventKind::start || event.kind == EventKind::exec) provenance.annotate(event);
    if (event.source == Source::agent) ++agent_events_;
    ASSAY_CHECK(ship_.add(std::move(event)));
  }
  return Status();
}

Status Scan::gather_files(Tracer& tracer, const Rootfs& rootfs) {
  int64_t now_ns = wall_ns() - header_.start_time_ns;
  HarvestLimits limits;
  limits.cancel_fd = cancel_fd_;
  auto count = harvest(rootfs.upper(), rootfs.image(), limits, [&](Event event) {
    event.time_ns = now_ns;
    tracer.add(std::move(event));
  });
  if (!count) return count.error().context("harvest");
  SourceCount source{Source::harvest, count->listed, count->left_out, "", true, true};
  if (count->left_out > 0) source.detail = "more changed files than can be listed";
  footer_.sources.push_back(source);
  return Status();
}

void Scan::begin(const std::string& phase) {
  end_phase();
  phase_ = phase;
  phase_start_ = steady_clock::now();
  report_progress(milliseconds(-1));
}

void Scan::end_phase() {
  if (phase_.empty()) return;
  auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now() - phase_start_);
  footer_.phases.push_back({phase_, took.count()});
  spdlog::debug("event=phase scan={} phase={} ms={}", lease_.scan_id, phase_, took.count() / 1'000'000);
  phase_.clear();
}

void Scan::report_progress(milliseconds left) {
  reported_ = steady_clock::now();
  ship_.progress({lease_.scan_id, phase_, left.count(), ship_.events(), 0, lease_.attempt});
}

}  // namespace

Status scan(const wire::Lease& lease, const ScanPlace& place, const ScanLimits& limits, int cancel_fd,
            Ship& ship) {
  ASSAY_TRY(ImageRef ref, ImageRef::parse(lease.job.ref));
  Status done = Scan(lease, ref, place, limits, cancel_fd, ship).run();
  if (done || done.error().code == Errc::cancelled) return done;
  // The one place where an error learns which image it is about.
  return done.error().context(ref.str());
}

}  // namespace assay
