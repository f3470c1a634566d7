// Fixed order, little endian, fixed width.
#include "agent/egress/report.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "common/byte_codec.h"

namespace assay::egress {
namespace {

constexpr const char* kEndingNames[kEndingCount] = {"", "closed", "reset", "unanswered", "cut"};

// One walk over all fields, for both directions.
template <class R, class Visit>
void each_field(R& report, Visit&& visit) {
  visit(report.kind);
  visit(report.transport);
  visit(report.reason);
  visit(report.ending);
  visit(report.time_ns);
  visit(report.seen);
  visit(report.lost);
  for (auto* end : {&report.guest, &report.peer}) {
    for (auto& byte : end->addr.bytes) visit(byte);
    visit(end->port);
  }
  visit(report.bytes_out);
  visit(report.bytes_in);
  visit(report.duration_ns);
  visit(report.moved);
  visit(report.rate_held);
  visit(report.connections_refused);
  visit(report.bytes_refused);
}

}  // namespace

const char* to_string(Ending ending) {
  auto index = static_cast<size_t>(ending);
  return index < kEndingCount ? kEndingNames[index] : "unknown";
}

std::string encode_report(const Report& report) {
  ByteWriter w;
  each_field(report, [&](auto value) { w.number(value); });
  return w.out;
}

Result<Report> decode_report(std::string_view bytes) {
  Error wrong{Errc::corrupt, "egress report is malformed"};
  ByteReader r{bytes};
  Report report;
  each_field(report, [&](auto& value) { r.number(value); });
  if (!r.whole()) return wrong;
  auto kind = static_cast<uint8_t>(report.kind);
  if (kind < 1 || kind > 3 || report.transport > Transport::udp ||
      static_cast<size_t>(report.reason) >= kReasonCount ||
      static_cast<size_t>(report.ending) >= kEndingCount)
    return wrong;
  return report;
}

Reporter::Reporter(int fd, std::chrono::steady_clock::time_point now) : fd_(fd), filled_(now) {}

bool Reporter::put(const Report& report) {
  std::string bytes = encode_report(report);
  return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

void Reporter::send(Report report, std::chrono::steady_clock::time_point now) {
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - filled_).count();
  if (uint64_t fresh = static_cast<uint64_t>(std::max<int64_t>(elapsed, 0)) * kPerSecond / 1000; fresh > 0) {
    tokens_ = std::min(kBurst, tokens_ + fresh);
    filled_ = now;
  }
  report.seen = ++seen_;
  report.lost = lost_;
  if (tokens_ == 0) {
    ++lost_;
    return;
  }
  --tokens_;
  if (!put(report)) ++lost_;
}

void Reporter::send_counters(Report counters, std::chrono::milliseconds patience) {
  pollfd room{fd_, POLLOUT, 0};
  if (patience.count() > 0) ::poll(&room, 1, static_cast<int>(patience.count()));
  counters.kind = ReportKind::counters;
  counters.seen = seen_;
  counters.lost = lost_;
  put(counters);
}

}  // namespace assay::egress
