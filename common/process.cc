// fork and exec by hand: between the two only system calls happen (the parent may have threads), and the step
// that failed comes back through a pipe that exec closes.
#include "common/process.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

enum Step : int {
  kStepCgroup,
  kStepNetNs,
  kStepMountNs,
  kStepCover,
  kStepFds,
  kStepDrop,
  kStepDeathSignal,
  kStepExec
};
constexpr const char* kStepNames[] = {"join the cgroup of",         "enter the network namespace of",
                                      "make a mount namespace for", "cover a directory for",
                                      "pass descriptors to",        "drop privileges of",
                                      "bind to our life",           "exec"};
struct Failure {
  int step;
  int error;
};

const char* debian_package(const std::string& name) {
  static const std::map<std::string, const char*> kPackages = {
      {"runsc", "runsc from bookworm-backports"}, {"skopeo", "skopeo"}, {"ip", "iproute2"}};
  auto it = kPackages.find(name);
  return it == kPackages.end() ? nullptr : it->second;
}

// What the child needs, prepared before the fork: no allocation after it.
struct Plan {
  std::vector<char*> argv, envp;
  std::string program;
  std::vector<std::pair<int, int>> fds;  // source, target; targets ascending
  std::vector<int> cgroups;
  int error_fd = -1;
  pid_t parent = 0;
};

[[noreturn]] void fail(int error_fd, int step) {
  Failure failure{step, errno};
  [[maybe_unused]] ssize_t n = ::write(error_fd, &failure, sizeof failure);
  ::_exit(127);
}

void drop_privileges(const Plan& plan, uid_t uid, gid_t gid) {
  for (int cap = 0; cap <= 63; ++cap)
    if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EINVAL) fail(plan.error_fd, kStepDrop);
  if (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::syscall(SYS_setresgid, gid, gid, gid) != 0 ||
      ::syscall(SYS_setresuid, uid, uid, uid) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail(plan.error_fd, kStepDrop);
}

// Moves every descriptor out of the way first, so that no target overwrites a source that is still needed.
void arrange_fds(Plan& plan) {
  int floor = 3;
  for (auto& [source, target] : plan.fds) floor = std::max(floor, target + 1);
  int error_fd = ::fcntl(plan.error_fd, F_DUPFD_CLOEXEC, floor);
  if (error_fd < 0) fail(plan.error_fd, kStepFds);
  plan.error_fd = error_fd;
  for (int& fd : plan.cgroups)
    if ((fd = ::fcntl(fd, F_DUPFD_CLOEXEC, floor)) < 0) fail(plan.error_fd, kStepFds);
  for (auto& [source, target] : plan.fds) {
    source = source < 0 ? ::open("/dev/null", O_RDWR | O_CLOEXEC) : source;
    source = source < 0 ? -1 : ::fcntl(source, F_DUPFD_CLOEXEC, floor);
    if (source < 0) fail(plan.error_fd, kStepFds);
  }
  for (auto& [source, target] : plan.fds)
    if (::dup2(source, target) < 0) fail(plan.error_fd, kStepFds);
  // Everything that is not wanted closes at exec, whatever a library opened without O_CLOEXEC.
  if (::syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) != 0) fail(plan.error_fd, kStepFds);
  for (auto& [source, target] : plan.fds)
    if (::fcntl(target, F_SETFD, 0) < 0) fail(plan.error_fd, kStepFds);
}

[[noreturn]] void child_main(const Command& command, Plan& plan) {
  if (command.net_ns_fd >= 0 && ::setns(command.net_ns_fd, CLONE_NEWNET) != 0)
    fail(plan.error_fd, kStepNetNs);
  if (command.new_mount_ns) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      fail(plan.error_fd, kStepMountNs);
    for (const std::string& path : command.cover)
      if (::mount("tmpfs", path.c_str(), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k") !=
          0)
        fail(plan.error_fd, kStepCover);
  }
  arrange_fds(plan);
  // As late as it can be: who watches the group sees nothing of what we have done to ourselves.
  for (int fd : plan.cgroups)
    if (::write(fd, "0", 1) != 1) fail(plan.error_fd, kStepCgroup);
  if (command.drop_to) drop_privileges(plan, command.drop_to->first, command.drop_to->second);
  // After the change of uid, which clears it.
  if (command.death_signal != 0) {
    if (::prctl(PR_SET_PDEATHSIG, command.death_signal, 0, 0, 0) != 0) fail(plan.error_fd, kStepDeathSignal);
    if (::getppid() != plan.parent) ::_exit(127);
  }
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program.c_str(), plan.argv.data(), plan.envp.data());
  fail(plan.error_fd, kStepExec);
}

// Directories are executable too.
bool is_program(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) != 0) return errno_error("program " + name);
    if (!is_program(name)) return Error{Errc::not_found, "program " + name + ": not a program"};
    return name;
  }
  const char* path = std::getenv("PATH");
  std::string dirs = std::string(path ? path : "/usr/local/bin:/usr/bin:/bin") + ":/usr/sbin:/sbin";
  for (size_t begin = 0; begin <= dirs.size();) {
    size_t end = std::min(dirs.find(':', begin), dirs.size());
    std::string candidate = dirs.substr(begin, end - begin) + "/" + name;
    if (is_program(candidate)) return candidate;
    begin = end + 1;
  }
  std::string hint;
  if (const char* package = debian_package(name))
    hint = std::string("; install it: apt-get install ") + package;
  return Error{Errc::not_found, "no program '" + name + "' in PATH" + hint};
}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    if (running()) {
      kill(SIGKILL);
      wait();
    }
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
  }
  return *this;
}

Child::~Child() {
  if (!running()) return;
  kill(SIGKILL);
  wait();
}

void Child::kill(int signal) {
  if (running()) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

std::optional<ExitStatus> Child::wait_until(steady_clock::time_point deadline) {
  assert(running());
  for (;;) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    pollfd p{pidfd_.get(), POLLIN, 0};
    int n = ::poll(&p, 1, static_cast<int>(std::clamp<long>(left, 0, 1'000'000)));
    if (n > 0) return wait();
    if (n == 0 && left <= 0) return std::nullopt;
  }
}

ExitStatus Child::wait() {
  assert(running());
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  if (WIFSIGNALED(status)) return {WTERMSIG(status), true};
  return {WEXITSTATUS(status), false};
}

Result<Child> spawn(const Command& command) {
  assert(!command.argv.empty());
  Plan plan;
  ASSAY_TRY(plan.program, find_program(command.argv[0]));
  for (const auto& arg : command.argv) plan.argv.push_back(const_cast<char*>(arg.c_str()));
  plan.argv.push_back(nullptr);
  if (command.env) {
    for (const auto& variable : *command.env) plan.envp.push_back(const_cast<char*>(variable.c_str()));
  } else {
    for (char** variable = environ; *variable; ++variable) plan.envp.push_back(*variable);
  }
  plan.envp.push_back(nullptr);
  plan.fds = {{command.stdin_fd, 0}, {command.stdout_fd, 1}, {command.stderr_fd, 2}};
  plan.fds.insert(plan.fds.end(), command.keep_fds.begin(), command.keep_fds.end());
  plan.cgroups = command.cgroup_procs_fds;
  plan.parent = ::getpid();

  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return errno_error("pipe");
  Fd error_read(pipe_fds[0]), error_write(pipe_fds[1]);
  plan.error_fd = error_write.get();

  pid_t pid = ::fork();
  if (pid < 0) return errno_error("fork " + command.argv[0]);
  if (pid == 0) child_main(command, plan);
  error_write.reset();
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {  // out of descriptors: without one the child could not be waited for
    Error error = errno_error("pidfd of " + command.argv[0]);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return error;
  }
  Child child(pid, std::move(pidfd));

  Failure failure{};
  ssize_t n;
  while ((n = ::read(error_read.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  if (n == sizeof failure) {
    child.wait();
    return errno_error(std::string("cannot ") + kStepNames[failure.step] + " " + command.argv[0],
                       failure.error);
  }
  return child;
}

namespace {

// One end of a child's output. Reads what is there; never blocks.
class Capture {
 public:
  explicit Capture(Fd fd) : fd_(std::move(fd)) { ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK); }
  int fd() const { return fd_.get(); }
  /// Up to `rounds` buffers; what is beyond `limit_bytes` is read and dropped.
  void read(std::string& text, size_t limit_bytes, int rounds) {
    char buffer[16384];
    while (fd_ && rounds-- > 0) {
      ssize_t n = ::read(fd_.get(), buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) return fd_.reset();
      text.append(buffer, std::min(static_cast<size_t>(n), limit_bytes - std::min(limit_bytes, text.size())));
    }
  }

 private:
  Fd fd_;
};

constexpr int kDrainRounds =
    128;  // more than a pipe holds: a grandchild that goes on writing does not hold us

}  // namespace

Result<Output> run(Command command, milliseconds timeout, size_t limit_bytes, int cancel_fd) {
  int out_fds[2], err_fds[2];
  if (::pipe2(out_fds, O_CLOEXEC) != 0) return errno_error("pipe");
  Capture out{Fd(out_fds[0])};
  Fd out_write(out_fds[1]);
  if (::pipe2(err_fds, O_CLOEXEC) != 0) return errno_error("pipe");
  Capture err{Fd(err_fds[0])};
  Fd err_write(err_fds[1]);
  command.stdout_fd = out_write.get();
  command.stderr_fd = err_write.get();
  ASSAY_TRY(Child child, spawn(command));
  out_write.reset();
  err_write.reset();

  Output output;
  auto deadline = steady_clock::now() + timeout;
  for (;;) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0)
      return Error{Errc::timeout,
                   command.argv[0] + " took longer than " + std::to_string(timeout.count()) + " ms"};
    pollfd polls[] = {
        {out.fd(), POLLIN, 0}, {err.fd(), POLLIN, 0}, {child.pidfd(), POLLIN, 0}, {cancel_fd, POLLIN, 0}};
    if (::poll(polls, std::size(polls), static_cast<int>(std::min<long>(left, 1'000'000))) < 0) {
      if (errno == EINTR) continue;
      return errno_error("poll");
    }
    if (polls[3].revents != 0) return Error{Errc::cancelled, command.argv[0] + " was cancelled"};
    // The child's end is the end, though a grandchild may still hold the pipes.
    int rounds = polls[2].revents != 0 ? kDrainRounds : 1;
    out.read(output.out, limit_bytes, rounds);
    err.read(output.err, limit_bytes, rounds);
    if (polls[2].revents != 0) break;
  }
  output.status = child.wait();
  return output;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace assay
