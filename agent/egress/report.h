// report: what the forwarder tells the agent, one datagram of fixed size a report, over a SOCK_SEQPACKET
// pair. The decoder trusts nothing: the forwarder faces the guest and the internet.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/egress/policy.h"
#include "agent/sinkhole/report.h"

namespace assay::egress {

using sinkhole::Transport;

enum class ReportKind : uint8_t { session = 1, refused = 2, counters = 3 };

/// How a session ended.
enum class Ending : uint8_t {
  none = 0,
  closed = 1,      // by both sides, or quiet for long (UDP)
  reset = 2,       // by one of them
  unanswered = 3,  // the peer could not be reached: refused, no route, no answer in time
  cut = 4,         // by us: a cap, or the scan's end
};
inline constexpr size_t kEndingCount = 5;
const char* to_string(Ending ending);

struct Report {
  ReportKind kind = ReportKind::counters;
  int64_t time_ns = 0;  // wall clock; of a session: its end
  uint64_t seen = 0;    // reports made so far, this one and lost ones included
  uint64_t lost = 0;    // of these, not sent; and datagrams that never became one
  // session, refused
  Transport transport = Transport::tcp;
  Endpoint guest, peer;
  Reason reason = Reason::none;          // refused
  Ending ending = Ending::none;          // session
  uint64_t bytes_out = 0, bytes_in = 0;  // payload; out: from the guest
  int64_t duration_ns = 0;
  bool name_service = false;  // not sent
  // counters
  uint64_t moved = 0, rate_held = 0, connections_refused = 0, bytes_refused = 0;
};

inline constexpr size_t kReportBytes = 120;
std::string encode_report(const Report& report);
/// Errc::corrupt.
Result<Report> decode_report(std::string_view bytes);

/// The forwarder's end: never blocks, limits the rate, counts what could not be told. Each report carries the
/// totals, so that a lost one shows in the next.
class Reporter {
 public:
  static constexpr uint64_t kPerSecond = 1000;
  static constexpr uint64_t kBurst = 8000;

  Reporter(int fd, std::chrono::steady_clock::time_point now);
  void send(Report report, std::chrono::steady_clock::time_point now);
  void lose(uint64_t count) { seen_ += count, lost_ += count; }
  /// The totals. `patience`: how long to wait for room in the channel.
  void send_counters(Report counters, std::chrono::milliseconds patience);

 private:
  bool put(const Report& report);
  int fd_;
  std::chrono::steady_clock::time_point filled_;
  uint64_t tokens_ = kBurst;
  uint64_t seen_ = 0, lost_ = 0;
};

}  // namespace assay::egress
