// The chamber's parts, in the order in which each needs the one before.
#include "agent/chamber.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/child.h"
#include "agent/guest_looks.h"
#include "agent/harvest_file.h"
#include "agent/packages.h"
#include "common/clock.h"
#include "common/starter.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

const CgroupLimits kWorldLimits{.memory_bytes = 2ull << 30, .cpus = 0, .pids = 64};

}  // namespace

// Both parts of a scan below one group: its share of the processors is a scan's.
std::string Chamber::cgroup_name(const char* part) const {
  return "assay/" + in_.place.instance + "/" + in_.name + "/" + part;
}

Status Chamber::set_up() {
  const Job& job = in_.lease.job;
  ASSAY_TRY(init_, init_process(in_.image.config, in_.rootfs.image()));
  ASSAY_TRY(stop_signal_, parse_signal(in_.image.config.stop_signal));
  ASSAY_TRY(provenance_, Provenance::open(in_.rootfs.image(), in_.rootfs.merged()));
  ASSAY_CHECK(begin_context());
  if (in_.place.yara != nullptr) {
    InspectLimits inspect;
    inspect.cancel_fd = in_.cancel_fd;
    ASSAY_TRY(contents_, Contents::open(in_.rootfs, *in_.place.yara, inspect));
  }
  ASSAY_TRY(bundle_dir_, in_.scratch.sub("bundle"));
  ASSAY_TRY(fs::path etc_dir, in_.scratch.sub("etc"));
  ASSAY_TRY(fs::path trace_dir, in_.scratch.sub("trace"));
  bundle_.rootfs = in_.rootfs.merged();
  bundle_.hostname = hostname_of(in_.image);
  bundle_.env = in_.stage.env;
  for (const DecoySocket& socket : in_.stage.sockets)
    bundle_.binds.push_back({socket.host_path, socket.guest_path});
  bundle_.memory_bytes = in_.limits.cgroup.memory_bytes;
  if (job.network != NetworkMode::none) {
    ASSAY_TRY(network_, Network::create());
    ASSAY_CHECK(network_->write_etc(etc_dir, bundle_.hostname, in_.stage.hosts,
                                    resolver_lines(job.persona, in_.stage.env)));
    bundle_.etc_dir = etc_dir;
    bundle_.net_ns_path = network_->guest_ns_path();
    in_.header.guest_addr = network_->guest_addr();
    in_.header.guest_addr6 = network_->guest_addr6();
  }
  ASSAY_CHECK(dress_up());
  ASSAY_TRY(cgroup_, Cgroup::create(cgroup_name("sandbox"), in_.limits.cgroup));
  limits_.emplace(in_.limits.cgroup, in_.limits.rootfs, in_.rootfs.upper());
  in_.header.start_time_ns = wall_ns();
  if (job.network == NetworkMode::egress) {
    ASSAY_TRY(egress_,
              Egress::start(*network_, in_.stage.lures, in_.limits.egress, in_.header.start_time_ns));
  } else if (network_) {
    // Beside the sandbox, not in it: what a guest makes it do is the scan's share of the processors, too.
    ASSAY_TRY(world_cgroup_, Cgroup::create(cgroup_name("world"), kWorldLimits));
    ASSAY_TRY(world_, World::start(*network_, in_.stage.lures, in_.stage.sockets, in_.header.start_time_ns,
                                   world_cgroup_->procs_fds()));
  }
  return open_tracer(trace_dir);
}

// Package databases are read while the rest is set up: the first start waits for them.
Status Chamber::begin_context() {
  PackagesOrder order;
  order.image = in_.rootfs.image();
  order.kept_dir = in_.place.data_dir / "packages";
  for (const PulledLayer& layer : in_.image.layers) order.layers.push_back(layer.diff_id);
  if (in_.place.yara != nullptr) order.program = &in_.place.yara->program();
  order.cancel_fd = in_.cancel_fd;
  ASSAY_TRY(context_,
            FileContext::open(in_.rootfs.image(), in_.layers, packages_in_background(std::move(order))));
  return Status();
}

Status Chamber::dress_up() {
  ASSAY_TRY(fs::path dir, in_.scratch.sub("looks"));
  GuestMachine machine = host_machine();
  machine.persona = in_.lease.job.persona;
  machine.seed = in_.name;
  if (network_) machine.mac = Network::guest_mac();
  ASSAY_TRY(bundle_.looks, write_guest_looks(dir, in_.rootfs.merged(), machine));
  return Status();
}

Status Chamber::open_tracer(const fs::path& dir) {
  TracerConfig config;
  config.dir = dir;
  config.start_time_ns = in_.header.start_time_ns;
  config.cgroup_id = cgroup_->id();
  config.rootfs = in_.rootfs.merged();
  config.runtime_version = in_.header.runtime_version;
  config.learn_guard = in_.place.learn_guard;
  config.kept = contents_ ? &contents_->kept() : nullptr;
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
  ASSAY_TRY(bundle_.starter, program_beside("assay-starter"));
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
  if (contents_)
    config.body = [this](const std::string& path, Fd file) { contents_->note_body(path, std::move(file)); };
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
