// The chamber's parts in the order in which each needs the one before, and one sandbox after the other in it.
#include "agent/detonate.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "agent/bundle.h"
#include "agent/guest.h"
#include "agent/harvest.h"
#include "agent/network.h"
#include "agent/provoke/provoker.h"
#include "agent/provoke/retry.h"
#include "agent/sandbox.h"
#include "agent/trace/merge.h"
#include "agent/trace/tracer.h"
#include "agent/world.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/starter.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSettle{2000};        // before anything is provoked
constexpr milliseconds kSecondPass{10'000};  // at most
constexpr milliseconds kLeastPass{3000};
constexpr milliseconds kLeastRun{1500};  // no further sandbox is started for less

constexpr milliseconds kReorder{kReorderWindowNs / 1'000'000 + 120};  // and a batch's way

// One sandbox of several.
struct Run {
  InitProcess init;
  bool alone = false;  // the starter keeps it running, nothing of the image
};

class Chamber {
 public:
  explicit Chamber(const Detonation& in) : in_(in) {}
  Status run();

 private:
  Status set_up();
  Status open_tracer(const fs::path& dir);
  Status set_up_provoker();
  Result<GuestEnd> run_sandbox(const Run& run);
  Status hear_the_rest();
  Status provoke_further(EarlyEnd end);
  Status gather();
  Status gather_files();
  SourceCount own_count() const;
  Status record(std::vector<Event> events);
  void tell_run(const char* kind, const std::string& why, const InitProcess& init, const GuestEnd& end,
                steady_clock::time_point begun);
  milliseconds left() const {
    return std::chrono::duration_cast<milliseconds>(deadline_ - steady_clock::now());
  }

  const Detonation& in_;
  InitProcess init_;
  BundleOptions bundle_;
  fs::path bundle_dir_;
  int stop_signal_ = 15;
  // Taken down in the opposite order.
  std::optional<Provenance> provenance_;
  std::optional<Network> network_;
  std::optional<Cgroup> cgroup_;
  std::optional<World> world_;
  std::optional<Tracer> tracer_;
  std::optional<ImageFiles> files_;
  std::optional<Provoker> provoker_;
  steady_clock::time_point deadline_;
  std::string first_output_;
  bool guest_started_ = false, forced_ = false;
  uint64_t agent_events_ = 0, output_left_out_bytes_ = 0, output_bytes_ = 0;
  size_t sandboxes_ = 0;
};

// Beside this program, wherever it was built or installed.
Result<fs::path> starter_program() {
  std::error_code error;
  auto path = fs::read_symlink("/proc/self/exe", error).parent_path() / "assay-starter";
  if (fs::exists(path, error)) return path;
  return Error{Errc::not_found, "no assay-starter beside this program (looked for " + path.string() +
                                    "); build or install it there"};
}

Status Chamber::run() {
  ASSAY_CHECK(set_up());
  if (in_.lease.job.provoke) ASSAY_CHECK(set_up_provoker());
  deadline_ = steady_clock::now() + in_.lease.job.duration;
  auto begun = steady_clock::now();
  in_.begin("run");
  ASSAY_TRY(GuestEnd end, run_sandbox({init_, false}));
  in_.footer.reason = end.reason;
  in_.footer.exit_status = end.status.shell_code();
  if (provoker_ && (guest_started_ || in_.footer.detail.empty())) {
    tell_run("entrypoint", init_.argv[0], init_, end, begun);
    auto lived = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun);
    if (end.reason == EndReason::exited && !end.forced)
      ASSAY_CHECK(provoke_further({end.status, lived, first_output_}));
    provoker_->finish();
    in_.footer.coverage = provoker_->coverage();
  }
  in_.begin("harvest");
  in_.footer.memory_peak_bytes = cgroup_->memory_peak_bytes();
  in_.footer.cpu_ns = cgroup_->cpu_ns();
  return gather();
}

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
  if (network_) {
    config.world_ns_fd = network_->world_ns();
    config.world_ifindex = network_->world_ifindex();
    config.guest_addr = network_->guest_addr();
  }
  ASSAY_TRY(tracer_, Tracer::open(config));
  return Status();
}

Status Chamber::set_up_provoker() {
  ASSAY_TRY(bundle_.starter, starter_program());
  ASSAY_TRY(files_, ImageFiles::open(in_.rootfs.image()));
  ProvokerConfig config;
  config.steps = make_plan({in_.image.config, init_, *files_});
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

Result<GuestEnd> Chamber::run_sandbox(const Run& run) {
  if (sandboxes_++ > 0 && network_) ASSAY_CHECK(network_->restore_guest());
  ASSAY_CHECK(write_file(bundle_dir_ / "config.json", runtime_config(in_.image.config, run.init, bundle_)));
  SandboxConfig config;
  config.id = in_.name;
  config.bundle_dir = bundle_dir_;
  config.runtime_root = in_.place.run_dir / "runsc";
  config.pod_init_config = tracer_->pod_init_config();
  config.network = network_.has_value();
  config.host_sockets = !in_.stage.sockets.empty();
  config.cgroup = &*cgroup_;
  ASSAY_TRY(Sandbox sandbox, Sandbox::start(config));
  milliseconds time = left();
  if (provoker_) {
    fs::path starter = bundle_dir_ / "starter.json";
    ASSAY_CHECK(write_file(starter, exec_config(run.init, bundle_, {std::string(kStarterPath)})));
    milliseconds pass = std::clamp(time / 3, std::min(time, kLeastPass), kSecondPass);
    provoker_->attach(
        sandbox.exec_command(starter),
        {.steps = steady_clock::now() + (run.alone ? milliseconds(0) : std::min(kSettle, time / 6)),
         .second_pass = deadline_ - pass,
         .second_pass_time = pass,
         .end = deadline_,
         .alone = run.alone});
  }
  first_output_.clear();
  GuestRun guest{
      .sandbox = sandbox,
      .tracer = *tracer_,
      .world = world_ ? &*world_ : nullptr,
      .provoker = provoker_ ? &*provoker_ : nullptr,
      .until_provoked = run.alone,
      .start_time_ns = in_.header.start_time_ns,
      .duration = time,
      .stop_signal = run.alone ? SIGKILL : stop_signal_,
      .output_limit_bytes = in_.limits.output_bytes - std::min(in_.limits.output_bytes, output_bytes_),
      .first_output = &first_output_,
      .cancel_fd = in_.cancel_fd,
      .record = [&](std::vector<Event> events) { return record(std::move(events)); },
      .over_limit =
          [&] {
            return in_.ship.events() >= in_.limits.events || in_.ship.bytes() >= in_.limits.trace_bytes;
          },
      .tick =
          [&](milliseconds rest) {
            in_.progress(rest);
            return in_.ship.poll();
          }};
  auto end = run_guest(std::move(guest));
  if (provoker_) provoker_->detach();
  if (!end) return end;
  if (end->reason == EndReason::exited) ASSAY_CHECK(hear_the_rest());
  output_bytes_ += end->output_bytes;
  forced_ = forced_ || end->forced;
  if (sandboxes_ == 1) in_.footer.detail = sandbox.runtime_error();
  return end;
}

// What a sandbox did last is told a little later; it must not be taken for the next one's doing.
Status Chamber::hear_the_rest() {
  auto until = steady_clock::now() + kReorder;
  while (provoker_ && steady_clock::now() < until) {
    pollfd waits[] = {{tracer_->fd(), POLLIN, 0}, {in_.cancel_fd, POLLIN, 0}};
    ::poll(waits, 2, 20);
    if (waits[1].revents != 0) return Error{Errc::cancelled, "cancelled"};
    ASSAY_CHECK(record(tracer_->take()));
  }
  return Status();
}

// The image has ended by itself and there is time left: again with what it may have lacked; then what else
// there is to be provoked, in a container that our starter keeps running.
Status Chamber::provoke_further(EarlyEnd end) {
  in_.begin("provoke");
  provoker_->by_itself_no_more();
  std::string script;
  for (const std::string& argument : init_.argv) script += argument + "\n";
  if (auto text = files_->read(files_->find_program(init_.argv[0], init_.env));
      text && text->starts_with("#!"))
    script += *text;
  Retries retries(init_.argv, init_.env, script, Digest::of(in_.name).hex().substr(0, 20));
  while (left() >= kLeastRun) {
    auto retry = retries.next(end);
    if (!retry) break;
    InitProcess init = init_;
    init.argv = retry->argv;
    for (const std::string& setting : retry->env) {
      std::string name = setting.substr(0, setting.find('=') + 1);
      std::erase_if(init.env, [&](const std::string& earlier) { return earlier.starts_with(name); });
      init.env.push_back(setting);
    }
    auto begun = steady_clock::now();
    ASSAY_TRY(GuestEnd again, run_sandbox({init, false}));
    tell_run("retry", retry->why, init, again, begun);
    if (again.reason != EndReason::exited || again.forced) return Status();
    end = {again.status, std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun),
           first_output_};
  }
  if (left() < kLeastRun || !provoker_->has_work()) return Status();
  InitProcess starter = init_;
  starter.argv = {std::string(kStarterPath), "hold"};
  starter.uid = starter.gid = 0;
  starter.groups.clear();
  starter.cwd.assign(1, '/');
  ASSAY_TRY([[maybe_unused]] GuestEnd held, run_sandbox({starter, true}));
  return Status();
}

// Its own start, or another try of it, as a step of the plan.
void Chamber::tell_run(const char* kind, const std::string& why, const InitProcess& init, const GuestEnd& end,
                       steady_clock::time_point begun) {
  Event event;
  event.kind = EventKind::provoke;
  event.time_ns = wall_ns() - in_.header.start_time_ns;
  event.call = kind;
  event.path = why;
  event.argv = init.argv;
  event.cwd = init.cwd;
  event.uid = init.uid;
  event.gid = init.gid;
  event.pid = 1;
  event.name = end.reason == EndReason::exited ? "exited" : "ran on";
  event.result = end.reason == EndReason::exited ? end.status.shell_code() : 0;
  event.duration_ns = std::chrono::nanoseconds(steady_clock::now() - begun).count();
  event.data = first_output_.substr(0, 1024);
  tracer_->add(std::move(event));
}

// What remains once the sandbox is gone: the last words of every source, and what the guest left behind.
Status Chamber::gather() {
  // Before the harvest, which may take long: the sinkhole's reports wait in a buffer of limited size.
  if (world_) {
    for (Event& event : world_->finish()) tracer_->add(std::move(event));
    in_.footer.sources.push_back({Source::sinkhole, world_->seen(), world_->lost(),
                                  world_->running() ? "" : "the sinkhole ended early", true,
                                  world_->running()});
  }
  ASSAY_CHECK(gather_files());
  ASSAY_CHECK(record(tracer_->finish()));
  if (provoker_) in_.footer.coverage = provoker_->coverage();
  for (SourceCount& count : tracer_->counts()) in_.footer.sources.push_back(std::move(count));
  in_.footer.sources.push_back(own_count());
  if (guest_started_) return Status();
  return Error{
      Errc::invalid,
      "cannot be started: " + (in_.footer.detail.empty() ? "the runtime gave no reason" : in_.footer.detail)};
}

// Output beyond its bound is no loss for a verdict, and stands in a note; these two are.
SourceCount Chamber::own_count() const {
  SourceCount out{Source::agent, agent_events_, provenance_->left_out(), "", false, true};
  if (out.lost > 0) out.detail = "executed files too large to be held against the image";
  if (forced_) {
    ++out.lost;
    out.detail +=
        std::string(out.detail.empty() ? "" : "; ") + "the sandbox did not heed its end and was killed";
  }
  out.required = out.lost > 0;
  return out;
}

Status Chamber::record(std::vector<Event> events) {
  for (Event& event : events) {
    if (event.kind == EventKind::start) guest_started_ = true;
    // Our own program lies over an empty file of the image's: it is neither changed nor dropped.
    bool ours = event.path == kStarterPath ||
                (event.kind == EventKind::start && !event.argv.empty() && event.argv[0] == kStarterPath);
    if (ours && (event.kind == EventKind::start || event.kind == EventKind::exec))
      event.path = kStarterPath;
    else
      provenance_->annotate(event);
    if (provoker_) provoker_->note(event);
    if (event.source == Source::agent) ++agent_events_;
    ASSAY_CHECK(in_.ship.add(std::move(event)));
  }
  return Status();
}

Status Chamber::gather_files() {
  int64_t now_ns = wall_ns() - in_.header.start_time_ns;
  HarvestLimits limits;
  limits.cancel_fd = in_.cancel_fd;
  auto count = harvest(in_.rootfs.upper(), in_.rootfs.image(), in_.rootfs.staged(), limits, [&](Event event) {
    event.time_ns = now_ns;
    tracer_->add(std::move(event));
  });
  if (!count) return count.error().context("harvest");
  SourceCount source{Source::harvest, count->listed, count->left_out, "", true, true};
  if (count->left_out > 0) source.detail = "more changed files than can be listed";
  in_.footer.sources.push_back(source);
  return Status();
}

}  // namespace

std::string hostname_of(const PulledImage& image) { return image.manifest_digest.hex().substr(0, 12); }

Status detonate(const Detonation& detonation) { return Chamber(detonation).run(); }

}  // namespace assay
