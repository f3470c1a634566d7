// inspector: the agent's end of assay-inspect, one a scan: hands it file after file, and starts it anew when
// one of them has killed it. What it cannot tell of a file it says so, and counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/inspect/wire/messages.h"
#include "agent/yara_rules.h"
#include "common/process.h"
#include "common/result.h"

namespace assay {

struct InspectLimits {
  uint64_t file_bytes = 64ull << 20;            // of a larger file its beginning is inspected
  uint64_t total_bytes = 4ull << 30;            // of one scan
  std::chrono::milliseconds file_time{30'000};  // after that the child is killed
  std::chrono::milliseconds time{60'000};       // of one scan, while files are inspected
  size_t restarts = 8;
  int cancel_fd = -1;  // readable: Errc::cancelled
};

struct Inspection {
  std::string mime, similarity;
  std::vector<std::string> matches;
  uint64_t matches_left_out = 0;
  bool partial = false;  // of its beginning only: no similarity
  bool skipped = false;  // not shown to the child: a bound of the scan was reached
  std::string why_not;   // not inspected, or not to the end: "out of time", "it killed the inspector"...
};

struct InspectCount {
  uint64_t files = 0, matched = 0, partial = 0;
  uint64_t failed = 0;   // not inspected, or not to the end
  uint64_t skipped = 0;  // of these, not even shown to the child
  uint64_t restarts = 0;
};

class Inspector {
 public:
  /// Starts a child whose other end of a SOCK_SEQPACKET pair is `socket`. Tests have their own.
  using Start = std::function<Result<Child>(int socket)>;

  /// `rules` is borrowed. The child is started with the first file.
  Inspector(const YaraRules& rules, const InspectLimits& limits);
  Inspector(Start start, const InspectLimits& limits) : start_(std::move(start)), limits_(limits) {}

  /// `fd`: a regular file, open for reading; `path` and `owner_uid` are what rules may ask of it. Errors:
  /// cancelled; or the child cannot be started at all. `similarity`: wanted even where nothing matches.
  Result<Inspection> inspect(int fd, const std::string& path, uint32_t owner_uid, bool similarity = true);
  const InspectCount& count() const { return count_; }

 private:
  Status start();
  Inspection give_up(const char* why);
  Inspection skip(const char* why);
  Inspection child_failed(const char* why);
  Status send(const inspect::Ask& ask, int fd);
  Result<Inspection> ask(int fd, const std::string& path, uint32_t owner_uid, bool similarity);
  Result<Inspection> hear(uint32_t id);

  Start start_;
  InspectLimits limits_;
  Child child_;
  Fd socket_;
  uint32_t last_id_ = 0;
  uint64_t bytes_ = 0;
  size_t starts_ = 0;
  std::chrono::steady_clock::duration spent_{0};
  InspectCount count_;
};

}  // namespace assay
