#include "tests/farm/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "common/fd.h"

namespace assay::farm {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

fs::path bin_dir() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

Daemon::Daemon(std::vector<std::string> argv, fs::path log, int net_ns_fd)
    : argv_(std::move(argv)), log_(std::move(log)), net_ns_fd_(net_ns_fd) {}

Daemon::~Daemon() {
  if (child_.running()) (void)stop(std::chrono::seconds(10));
}

Status Daemon::start() {
  ASSAY_TRY(Fd log, open_file(log_, O_WRONLY | O_CREAT | O_APPEND));
  Command command;
  command.argv = argv_;
  command.stdout_fd = command.stderr_fd = log.get();
  command.net_ns_fd = net_ns_fd_;
  ASSAY_TRY(child_, spawn(command));
  return Status();
}

bool Daemon::running() { return child_.running() && !child_.wait_until(steady_clock::now()); }

void Daemon::kill_now() {
  if (!child_.running()) return;
  child_.kill(SIGKILL);
  (void)child_.wait();
}

Result<int> Daemon::stop(std::chrono::milliseconds timeout) {
  if (!child_.running()) return Error{Errc::not_found, argv_[0] + " is not running any more"};
  child_.kill(SIGTERM);
  if (auto status = child_.wait_until(steady_clock::now() + timeout)) return status->shell_code();
  kill_now();
  return Error{Errc::timeout, argv_[0] + " did not end on SIGTERM"};
}

std::string Daemon::log_text() const {
  std::ifstream in(log_);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

uint64_t Daemon::count_in_log(const std::string& text) const {
  std::ifstream in(log_);
  uint64_t out = 0;
  for (std::string line; std::getline(in, line);)
    if (line.find(text) != std::string::npos) ++out;
  return out;
}

namespace {

// Of a process or thread: utime and stime of proc(5)'s stat.
std::chrono::milliseconds cpu_of(const std::string& proc) {
  std::ifstream stat(proc + "/stat");
  std::string line;
  std::getline(stat, line);
  size_t end = line.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream rest(line.substr(end + 2));
  std::string skip;
  int64_t user = 0, system = 0;
  for (int i = 0; i < 11; ++i) rest >> skip;  // to utime, field 14
  rest >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::map<std::string, std::chrono::milliseconds> thread_usage(pid_t pid) {
  std::map<std::string, std::chrono::milliseconds> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
    std::ifstream comm(entry.path() / "comm");
    std::string name;
    std::getline(comm, name);
    if (entry.path().filename() == std::to_string(pid)) name = "loop";
    out[name] += cpu_of(entry.path());
  }
  return out;
}

Usage usage_of(pid_t pid) {
  Usage out;
  std::string proc = "/proc/" + std::to_string(pid), line;
  out.cpu = cpu_of(proc);
  std::ifstream status(proc + "/status");
  while (std::getline(status, line))
    if (line.starts_with("VmHWM:")) out.peak_bytes = std::stoull(line.substr(6)) * 1024;
  std::error_code ignored;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(proc + "/fd", ignored)) ++out.open_files;
  return out;
}

}  // namespace assay::farm
