// The chamber's parts, in the order in which each needs the one before.
#include "agent/chamber.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/harvest_file.h"
#include "common/clock.h"
#include "common/starter.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

// Beside this program, wherever it was built or installed.
Result<fs::path> starter_program() {
  std::error_code error;
  auto path = fs::read_symlink("/proc/self/exe", error).parent_path() / "assay-starter";
  if (fs::exists(path, error)) return path;
  return Error{Errc::not_found, "no assay-starter beside this program (looked for " + path.string() +
                                    "); build or install it there"};
}

}  // namespace

Status Chamber::set_up() {
  const Job& job = in_.lease.job;
  ASSAY_TRY(init_, init_process(in_.image.config, in_.rootfs.image()));
  ASSAY_TRY(stop_signal_, parse_signal(in_.image.config.stop_signal));
  ASSAY_TRY(provenance_, Provenance::open(in_.rootfs.image(), in_.rootfs.merged()));
  ASSAY_TRY(bundle_dir_, in_.scratch.sub("bundle"));
  ASSAY_TRY(fs::path etc_dir, in_.scratch.sub("etc"));
  ASSAY_TRY(fs::path trace_dir, in_.scratch.sub("trace"));
  bundle_.rootfs = in_.rootfs.merged();
  bundle_.hostname = hostname_of(in_.image);
  bundle_.env = in_.stage.env;
  for (const DecoySocket& socket : in_.stage.sockets)
    bundle_.binds.push_back({socket.host_path, socket.guest_path});
  bundle_.memory_bytes = in_.limits.cgroup.memory_bytes;
  if (job.network == NetworkMode::sinkhole) {
    ASSAY_TRY(network_, Network::create());
    ASSAY_CHECK(network_->write_etc(etc_dir, bundle_.hostname, in_.stage.hosts));
    bundle_.etc_dir = etc_dir;
    bundle_.net_ns_path = network_->guest_ns_path();
    in_.header.guest_addr = network_->guest_addr();
    in_.header.guest_addr6 = network_->guest_addr6();
  }
  ASSAY_TRY(cgroup_, Cgroup::create("assay/" + in_.place.instance + "/" + in_.name, in_.limits.cgroup));
  in_.header.start_time_ns = wall_ns();
  if (network_) {
    ASSAY_TRY(world_, World::start(*network_, in_.stage.lures, in_.stage.sockets, in_.header.start_time_ns));
  }
  return open_tracer(trace_dir);
}

Status Chamber::open_tracer(const fs::path& dir) {
  TracerConfig config;
  config.dir = dir;
  config.start_time_ns = in_.header.start_time_ns;
  config.cgroup_id = cgroup_->id();
  config.rootfs = in_.rootfs.merged();
  config.full_witness = in_.limits.full_witness;
  if (network_) {
    config.world_ns_fd = network_->world_ns();
    config.world_ifindex = network_->world_ifindex();
    config.guest_addr = network_->guest_addr();
  }
  ASSAY_TRY(tracer_, Tracer::open(config));
  return Status();
}

// What an image has where the starter is to be mounted would be hidden by it, or be what a link there leads
// to. It then runs as it is, and the report says that nothing was provoked.
bool Chamber::starter_has_no_place() {
  fs::path place = kStarterPath.substr(1);
  auto there = open_below(files_->root_fd(), place.string(), O_PATH | O_NOFOLLOW, Links::follow_in_root);
  bool free = !there && there.error().code == Errc::not_found;
  // A file where one of its directories would be leaves it none, either.
  for (place = place.parent_path(); free && !place.empty(); place = place.parent_path()) {
    auto dir = open_below(files_->root_fd(), place.string(), O_PATH, Links::follow_in_root);
    struct stat st {};
    free = !dir || (::fstat(dir->get(), &st) == 0 && S_ISDIR(st.st_mode));
  }
  if (free) return false;
  in_.header.job.provoke = false;
  Event note;
  note.plane = Plane::host;
  note.time_ns = wall_ns() - in_.header.start_time_ns;
  note.call = "not_provoked";
  note.data = "the image has something of its own at " + std::string(kStarterPath);
  tracer_->add(std::move(note));
  return true;
}

Status Chamber::set_up_provoker() {
  ASSAY_TRY(files_, ImageFiles::open(in_.rootfs.image()));
  if (starter_has_no_place()) return Status();
  ASSAY_TRY(bundle_.starter, starter_program());
  ProvokerConfig config;
  config.steps = make_plan({in_.image.config, init_, *files_});
  ASSAY_TRY(live_files_, ImageFiles::open(in_.rootfs.merged()));
  config.plan_again = [this] { return make_plan({in_.image.config, init_, *live_files_}); };
  config.exposed = exposed_ports(in_.image.config);
  config.env = container_env(init_, bundle_);
  config.cwd = init_.cwd;
  config.uid = init_.uid;
  config.gid = init_.gid;
  config.start_time_ns = in_.header.start_time_ns;
  config.emit = [this](Event event) { tracer_->add(std::move(event)); };
  if (network_) {
    config.guest_addr = network_->guest_addr();
    config.make_socket = [this](int type) -> Result<Fd> {
      Fd fd;
      ASSAY_CHECK(in_net_ns(network_->world_ns(), [&]() -> Status {
        ASSAY_TRY(fd, make_socket(type));
        return Status();
      }));
      return fd;
    };
  }
  provoker_.emplace(*files_, std::move(config));
  return Status();
}

}  // namespace assay
