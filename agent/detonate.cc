// One sandbox after the other in the chamber: the image's own start, further ones, and that of our starter.
#include "agent/detonate.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "agent/chamber.h"
#include "agent/trace/merge.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/starter.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSettle{2000};        // before anything is provoked
constexpr milliseconds kSecondPass{10'000};  // at most
constexpr milliseconds kLeastPass{3000};
constexpr milliseconds kLeastRun{1500};  // no further sandbox is started for less

constexpr milliseconds kWorthMakingUp{100};
constexpr milliseconds kLongestStart{60'000};  // of the runtime on a busy host

constexpr milliseconds kReorder{kReorderWindowNs / 1'000'000 + 120};  // and a batch's way

}  // namespace

Status Chamber::run() {
  ASSAY_CHECK(set_up());
  if (in_.lease.job.provoke) ASSAY_CHECK(set_up_provoker());
  auto begun = begun_ = steady_clock::now();
  deadline_ = begun_ + in_.lease.job.duration + kLongestStart;  // until the guest starts: see guest_starts()
  patience_.emplace(wall_ns() - in_.header.start_time_ns + nanoseconds(in_.lease.job.duration).count(),
                    nanoseconds(in_.lease.job.extension).count());
  in_.begin("run");
  ASSAY_TRY(GuestEnd end, run_sandbox({init_, false}));
  in_.footer.reason = end.reason;
  in_.footer.exit_status = end.status.shell_code();
  if (provoker_ && (guest_started_ || in_.footer.detail.empty())) {
    tell_run("entrypoint", init_.argv[0], init_, end, begun);
    auto lived = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun);
    if (end.reason == EndReason::exited && !end.forced && guard_hit_.empty())
      ASSAY_CHECK(provoke_further({end.status, lived, first_output_}));
    provoker_->finish();
  }
  in_.begin("harvest");
  in_.footer.extension_ns = patience_->granted_ns();
  patience_.reset();
  in_.footer.memory_peak_bytes = cgroup_->memory_peak_bytes();
  in_.footer.cpu_ns = cgroup_->cpu_ns();
  return gather();
}

Result<Sandbox> Chamber::start_sandbox(const Run& run) {
  if (sandboxes_++ > 0 && network_) ASSAY_CHECK(network_->restore_guest());
  ASSAY_CHECK(write_file(bundle_dir_ / "config.json", runtime_config(in_.image.config, run.init, bundle_)));
  SandboxConfig config;
  config.id = in_.name;
  config.bundle_dir = bundle_dir_;
  config.runtime_root = in_.place.run_dir / "runsc";
  config.pod_init_config = tracer_->pod_init_config();
  config.options = tracer_->runtime_options();
  config.network = network_.has_value();
  config.host_sockets = !in_.stage.sockets.empty();
  config.cgroup = &*cgroup_;
  return Sandbox::start(config);
}

Status Chamber::attach_provoker(const Sandbox& sandbox, const Run& run) {
  if (!provoker_) return Status();
  fs::path starter = bundle_dir_ / "starter.json";
  ASSAY_CHECK(write_file(starter, exec_config(run.init, bundle_, {std::string(kStarterPath)})));
  provoker_->attach(sandbox.exec_command(starter), provoke_times(run.alone));
  return Status();
}

ProvokeTimes Chamber::provoke_times(bool alone) const {
  milliseconds time = left();
  milliseconds pass = std::clamp(time / 3, std::min(time, kLeastPass), kSecondPass);
  return {.steps = steady_clock::now() + (alone ? milliseconds(0) : std::min(kSettle, time / 6)),
          .second_pass = deadline_ - pass,
          .second_pass_time = pass,
          .end = deadline_,
          .alone = alone};
}

// The time of a run is the guest's: what a busy host takes of it, while the runtime starts and after, is
// added.
void Chamber::guest_starts() {
  guest_started_ = true;
  if (!patience_) return;
  begin_later(steady_clock::now() - begun_);
  starvation_.emplace(*cgroup_, std::vector<pid_t>{::gettid(), tracer_->reader()}, steady_clock::now());
}

void Chamber::begin_later(nanoseconds by) {
  begun_ += by;
  patience_->begins_later(by.count());
  move_end();
}

// At most as much again as was asked for: what is missing beyond that makes the trace incomplete.
void Chamber::make_up() {
  if (!patience_ || !starvation_) return;
  TraceFooter& footer = in_.footer;
  Starvation::Taken taken = starvation_->look(steady_clock::now());
  footer.starved_ns = taken.sandbox.count();
  nanoseconds due = std::min<nanoseconds>(taken.all, in_.lease.job.duration);
  nanoseconds by = due - nanoseconds(footer.made_up_ns);
  if (by < kWorthMakingUp) return;
  footer.made_up_ns = due.count();
  begin_later(by);
}

void Chamber::move_end() {
  deadline_ = begun_ + in_.lease.job.duration + nanoseconds(patience_->granted_ns());
  if (provoker_) provoker_->move_end(provoke_times(false));
}

// Patience has moved the end, or has not enough of it.
void Chamber::heed(const PatienceWord& word) {
  move_end();
  Event note;
  note.plane = Plane::host;
  note.time_ns = wall_ns() - in_.header.start_time_ns;
  note.call = word.call;
  note.data = word.why;
  note.duration_ns = word.duration_ns;
  note.pid = word.pid;
  tracer_->add(std::move(note));
}

Result<GuestEnd> Chamber::run_sandbox(const Run& run) {
  ASSAY_TRY(Sandbox sandbox, start_sandbox(run));
  ASSAY_CHECK(attach_provoker(sandbox, run));
  first_output_.clear();
  GuestRun guest{
      .sandbox = sandbox,
      .tracer = *tracer_,
      .world = world_ ? &*world_ : nullptr,
      .egress = egress_ ? &*egress_ : nullptr,
      .provoker = provoker_ ? &*provoker_ : nullptr,
      .until_provoked = run.alone,
      .start_time_ns = in_.header.start_time_ns,
      .deadline = [this] { return deadline_; },
      .stop_signal = run.alone ? SIGKILL : stop_signal_,
      .output_limit_bytes = in_.limits.output_bytes - std::min(in_.limits.output_bytes, output_bytes_),
      .first_output = &first_output_,
      .cancel_fd = in_.cancel_fd,
      .record = [&](std::vector<Event> events) { return record(std::move(events)); },
      .over_limit = [&] { return over_limit(); },
      .guard_hit = [&] { return !guard_hit_.empty(); },
      .tick =
          [&](milliseconds rest) {
            in_.progress(rest);
            limits_->look();
            make_up();
            return in_.ship.poll();
          }};
  auto end = run_guest(std::move(guest));
  if (provoker_) provoker_->detach();
  if (!end) return end;
  if (end->reason == EndReason::exited) ASSAY_CHECK(hear_the_rest());
  output_bytes_ += end->output_bytes;
  output_left_out_ += end->output_left_out_bytes;
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
    if (again.reason != EndReason::exited || again.forced || !guard_hit_.empty()) return Status();
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

std::string hostname_of(const PulledImage& image) { return image.manifest_digest.hex().substr(0, 12); }

Status detonate(const Detonation& detonation) { return Chamber(detonation).run(); }

}  // namespace assay
