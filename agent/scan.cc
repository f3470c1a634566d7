// The road of one image, step by step.
#include "agent/scan.h"

#include "agent/artifacts_pack.h"
#include "agent/bundle.h"
#include "agent/describe.h"
#include "agent/detonate.h"
#include "agent/scratch.h"
#include "agent/stage/stage.h"
#include "common/log.h"
#include "common/starter.h"
#include "common/text.h"

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
  Result<PulledImage> pull_image(const ScratchDir& scratch);
  Result<std::vector<fs::path>> unpack_layers(const PulledImage& image);
  Status keep_artifacts(const ArtifactBook& book, const Rootfs& rootfs, const ScratchDir& scratch);
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
  std::string phase_;
  steady_clock::time_point phase_start_, reported_;
};

// Whoever runs an agent decides whether strangers' programs may use its network.
Status allow_network(const Job& job, const EgressLimits& egress) {
  if (job.network != NetworkMode::egress || egress.allowed) return Status();
  return Error{Errc::unsupported,
               "network egress is not allowed on this agent: its assay-agent.conf must say `egress = on`"};
}

Status Scan::run() {
  ASSAY_CHECK(allow_network(lease_.job, limits_.egress));
  ASSAY_TRY(ScratchDir scratch, ScratchDir::make(place_.run_dir / name_));
  begin("pull");
  ASSAY_TRY(PulledImage image, pull_image(scratch));
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
  std::vector<std::string> stubs = mount_points(image.config);
  if (lease_.job.provoke) stubs.emplace_back(kStarterPath);
  ASSAY_TRY(Rootfs rootfs, Rootfs::mount(layers, rootfs_dir, limits_.rootfs, stubs, lay_out));
  header_.tokens = lure::planted(stage.lures.tokens);
  ArtifactBook artifacts;
  ASSAY_CHECK(detonate({.lease = lease_,
                        .place = place_,
                        .limits = limits_,
                        .name = name_,
                        .cancel_fd = cancel_fd_,
                        .image = image,
                        .scratch = scratch,
                        .rootfs = rootfs,
                        .layers = layers,
                        .stage = stage,
                        .ship = ship_,
                        .header = header_,
                        .footer = footer_,
                        .artifacts = artifacts,
                        .begin = [this](const std::string& phase) { begin(phase); },
                        .progress =
                            [this](milliseconds left) {
                              if (steady_clock::now() - reported_ >= kProgress) report_progress(left);
                            }}));
  if (limits_.artifact_bytes > 0) ASSAY_CHECK(keep_artifacts(artifacts, rootfs, scratch));
  end_phase();
  return ship_.done(header_, footer_);
}

Result<PulledImage> Scan::pull_image(const ScratchDir& scratch) {
  PullOptions options;
  options.registry_auth = lease_.registry_auth;
  if (!lease_.registry_auth.empty()) {
    ASSAY_TRY(options.login_dir, scratch.sub("login"));
  }
  options.blobs_dir = place_.data_dir / "blobs";
  options.insecure = lease_.job.insecure;
  options.auth_file = lease_.job.auth_file;
  options.platform = lease_.job.platform;
  options.logins = place_.logins;
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

// The trace goes before: where there is no room for them, it goes on without.
Status Scan::keep_artifacts(const ArtifactBook& book, const Rootfs& rootfs, const ScratchDir& scratch) {
  ArtifactOrder order;
  order.upper = rootfs.upper();
  ASSAY_TRY(order.dir, scratch.sub("artifacts"));
  order.scan_id = lease_.scan_id;
  order.image = header_.image.digest;
  order.limits.total_bytes = limits_.artifact_bytes;
  order.cancel_fd = cancel_fd_;
  auto packed = pack_artifacts(book, order);
  Status shipped = packed ? Status() : Status(packed.error());
  if (packed && packed->bytes > 0) shipped = ship_.artifacts(packed->file.get(), packed->bytes);
  if (!shipped && shipped.error().code == Errc::cancelled) return shipped;
  footer_.artifacts_left_out = shipped ? packed->left_out : book.candidates();
  if (shipped) footer_.artifacts = std::move(packed->artifacts);
  if (!shipped)
    spdlog::warn("event=artifacts_left_out scan={} why=\"{}\"", lease_.scan_id,
                 printable(shipped.error().what, 300));
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
