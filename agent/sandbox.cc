// `runsc run`, attached: its sentry, gofer and stubs carry PDEATHSIG down from it, and it down from us, so
// that a killed agent leaves no process. It removes its own state when the container ends.
#include "agent/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/text.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kGracefulEnd{2000};
constexpr size_t kMaxHelpers = 16;
constexpr size_t kMaxLogBytes = 4 << 20;
constexpr size_t kMaxErrorBytes = 500;

// Both files that releases of runsc have taken for the mark of the root network namespace.
constexpr const char* kRootNetNsMarks[] = {"/proc/sys/net/core/rmem_default",
                                           "/proc/sys/net/core/dev_weight"};

// This runsc takes every network namespace for the root's, and refuses to run, where the kernel shows the
// file that it looks for in all of them. Then it gets an empty /proc/sys/net. Which file that is, its binary
// says.
Result<bool> needs_cover() {
  std::vector<std::string> shown;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    for (const char* mark : kRootNetNsMarks)
      if (::access(mark, F_OK) == 0) shown.push_back(mark);
  }).join();
  if (shown.empty()) return false;
  ASSAY_TRY(std::string program, find_program("runsc"));
  ASSAY_TRY(Fd file, open_file(program, O_RDONLY));
  struct stat st {};
  if (::fstat(file.get(), &st) != 0 || st.st_size <= 0) return errno_error("look at " + program);
  size_t size = static_cast<size_t>(st.st_size);
  void* binary = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file.get(), 0);
  if (binary == MAP_FAILED) return errno_error("map " + program);
  bool found = std::any_of(shown.begin(), shown.end(), [&](const std::string& mark) {
    return ::memmem(binary, size, mark.data(), mark.size()) != nullptr;
  });
  ::munmap(binary, size);
  return found;
}

struct Pipe {
  Fd read_end, write_end;
};

// Readable and writable by any user: an unprivileged guest may open /dev/stdout anew.
Result<Pipe> output_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return errno_error("pipe");
  Pipe pipe{Fd(fds[0]), Fd(fds[1])};
  if (::fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0 || ::fchmod(fds[1], 0666) != 0)
    return errno_error("set up a pipe");
  return pipe;
}

}  // namespace

struct Sandbox::State {
  SandboxConfig config;
  std::filesystem::path log;
  Child run;
  Fd out, err;
  std::optional<ExitStatus> status;
  std::vector<Child> helpers;  // `runsc kill`s under way

  std::vector<std::string> runsc(std::vector<std::string> args) const {
    std::vector<std::string> argv = {"runsc", "--root", config.runtime_root.string()};
    argv.insert(argv.end(), args.begin(), args.end());
    return argv;
  }
  std::vector<std::string> run_arguments() const {
    std::vector<std::string> args = {"--platform=systrap",
                                     "--ignore-cgroups",  // it starts inside of ours
                                     "--overlay2=none",  // what the guest writes lands in our overlay's upper
                                     "--net-raw",  // as Docker grants it; confined to the simulated internet
                                     std::string("--network=") + (config.network ? "sandbox" : "none"),
                                     "--log=" + log.string(),
                                     "--log-format=json"};
    if (config.host_sockets) args.push_back("--host-uds=open");
    if (!config.pod_init_config.empty())
      args.push_back("--pod-init-config=" + config.pod_init_config.string());
    args.insert(args.end(), config.options.begin(), config.options.end());
    for (const std::string& last :
         {std::string("run"), std::string("--bundle"), config.bundle_dir.string(), config.id})
      args.push_back(last);
    return runsc(std::move(args));
  }
  void drop_finished_helpers() {
    std::erase_if(helpers, [](Child& child) { return child.wait_until(steady_clock::now()).has_value(); });
  }
  void note_end(ExitStatus how) {
    status = how;
    if (config.cgroup) config.cgroup->reap_orphans(0);
  }
  // What runsc would remove if it had not been killed itself. (`runsc delete --force` waits for seconds on a
  // container that was killed while it was being created, and then fails.) Nothing but files is left by now:
  // its mounts were in its own namespace.
  void remove_runtime_state() const {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(config.runtime_root, error))
      if (entry.path().filename().string().find(config.id) != std::string::npos)
        std::filesystem::remove(entry.path(), error);
  }
  void destroy();
};

void Sandbox::State::destroy() {
  if (run.running()) {
    // Gently first: runsc then unwinds by itself, and its trace is complete to the end. It refuses while the
    // container is being created.
    Command kill;
    kill.argv = runsc({"kill", config.id, "KILL"});
    auto killed = assay::run(std::move(kill), kGracefulEnd);
    bool unwinding = killed && killed->status.shell_code() == 0;
    auto how = run.wait_until(steady_clock::now() + (unwinding ? kGracefulEnd : milliseconds(0)));
    if (!how) run.kill(SIGKILL);
    note_end(how ? *how : run.wait());
  }
  helpers.clear();
  if (config.cgroup) {
    config.cgroup->kill_all();
    config.cgroup->reap_orphans(0);
  }
  remove_runtime_state();
}

Result<Sandbox> Sandbox::start(const SandboxConfig& config) {
  auto state = std::make_unique<State>();
  state->config = config;
  state->log = config.bundle_dir / "runsc.log";
  ASSAY_TRY(Pipe out, output_pipe());
  ASSAY_TRY(Pipe err, output_pipe());
  Command command;
  command.argv = state->run_arguments();
  command.stdout_fd = out.write_end.get();
  command.stderr_fd = err.write_end.get();
  command.new_mount_ns = true;
  if (config.cgroup) command.cgroup_procs_fds = config.cgroup->procs_fds();
  if (config.network) {
    ASSAY_TRY(bool cover, needs_cover());
    if (cover) command.cover = {"/proc/sys/net"};
  }
  ASSAY_TRY(state->run, spawn(command));
  state->out = std::move(out.read_end);
  state->err = std::move(err.read_end);
  return Sandbox(std::move(state));
}

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&& other) noexcept {
  if (this != &other) {
    if (state_) state_->destroy();
    state_ = std::move(other.state_);
  }
  return *this;
}
Sandbox::~Sandbox() {
  if (state_) state_->destroy();
}

int Sandbox::pidfd() const { return state_->run.pidfd(); }
int Sandbox::stdout_fd() const { return state_->out.get(); }
int Sandbox::stderr_fd() const { return state_->err.get(); }

void Sandbox::signal(int number) {
  state_->drop_finished_helpers();
  if (!state_->run.running() || state_->helpers.size() >= kMaxHelpers) return;
  Command kill;
  kill.argv = state_->runsc({"kill", state_->config.id, std::to_string(number)});
  if (auto child = spawn(kill)) state_->helpers.push_back(std::move(*child));
}

Command Sandbox::exec_command(const std::filesystem::path& process_json) const {
  Command command;
  command.argv = state_->runsc({"exec", "--process", process_json.string(), state_->config.id});
  return command;
}

std::optional<ExitStatus> Sandbox::ended() {
  state_->drop_finished_helpers();
  if (!state_->status)
    if (auto how = state_->run.wait_until(steady_clock::now())) state_->note_end(*how);
  return state_->status;
}

std::string Sandbox::runtime_error() const {
  auto log = read_file(state_->log, kMaxLogBytes);
  return log ? last_runtime_error(*log) : "";
}

std::string last_runtime_error(std::string_view log) {
  std::string found;
  // One JSON object after the other, without newlines between.
  for (size_t begin = log.find('{'); begin != std::string_view::npos;
       begin = log.find("{\"msg\"", begin + 1)) {
    size_t end = std::min(log.find("{\"msg\"", begin + 1), log.size());
    auto entry = nlohmann::json::parse(log.substr(begin, end - begin), nullptr, false);
    if (!entry.is_object() || !entry.contains("msg") || !entry["msg"].is_string()) continue;
    auto level = entry.find("level");
    if (level == entry.end() || *level == "error") found = entry["msg"].get<std::string>();
  }
  for (std::string_view prefix : {"running container: ", "creating container: ", "starting container: ",
                                  "starting root container: ", "starting sandbox: ", "creating process: "})
    if (std::string_view(found).starts_with(prefix)) found.erase(0, prefix.size());
  return printable(found, kMaxErrorBytes);
}

Status become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return errno_error("become a child subreaper");
  return Status();
}

}  // namespace assay
