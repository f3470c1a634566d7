// daemon: one of our daemons as a child, its log in a file; started, killed, started again.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/process.h"
#include "common/result.h"

namespace assay::farm {

/// build/<preset>/bin, where this program stands, too.
std::filesystem::path bin_dir();

class Daemon {
 public:
  /// `argv` with the whole path of the program; stdout and stderr are appended to `log`.
  Daemon(std::vector<std::string> argv, std::filesystem::path log, int net_ns_fd = -1);
  Daemon(Daemon&&) = default;
  Daemon& operator=(Daemon&&) = default;
  ~Daemon();  // SIGTERM, and SIGKILL after ten seconds

  Status start();
  bool running();
  pid_t pid() const { return child_.pid(); }
  void kill_now();
  void signal(int number) { child_.kill(number); }
  /// SIGTERM and its exit code; Errc::timeout (and SIGKILL) when it takes longer.
  Result<int> stop(std::chrono::milliseconds timeout);

  const std::filesystem::path& log() const { return log_; }
  std::string log_text() const;
  uint64_t count_in_log(const std::string& text) const;

 private:
  std::vector<std::string> argv_;
  std::filesystem::path log_;
  int net_ns_fd_;
  Child child_;
};

/// Of a running process, from /proc.
struct Usage {
  std::chrono::milliseconds cpu{0};  // since its start
  uint64_t peak_bytes = 0;           // VmHWM
  uint64_t open_files = 0;
};
Usage usage_of(pid_t pid);
/// Processor time of its threads by name; the first thread is "loop", whatever it is called.
std::map<std::string, std::chrono::milliseconds> thread_usage(pid_t pid);

}  // namespace assay::farm
