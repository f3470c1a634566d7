// Every report carries the totals, so that a lost one shows in the next.
#include "agent/sinkhole/reporter.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace assay::sinkhole {

bool Reporter::put(const Report& report) {
  std::string bytes = encode_report(report);
  bool sent = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
              static_cast<ssize_t>(bytes.size());
  if (sent) told_ = report.lost + report.pushed_out + report.cut;
  return sent;
}

void Reporter::put_totals(Report& report) const {
  report.seen = seen_;
  report.lost = lost_;
  report.dropped = dropped_;
  report.pushed_out = pushed_out_;
  report.cut = cut_;
}

void Reporter::send(Report report, Clock::time_point now) {
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled_);
  if (uint64_t fresh = static_cast<uint64_t>(std::max<int64_t>(elapsed.count(), 0)) * kPerSecond / 1000;
      fresh > 0) {
    tokens_ = std::min(kBurst, tokens_ + fresh);
    refilled_ = now;
  }
  ++seen_;
  put_totals(report);
  if (tokens_ == 0) {
    ++lost_;
    ++dropped_;
    return;
  }
  --tokens_;
  if (!put(report)) ++lost_;
}

void Reporter::send_counters(int64_t wall_ns, std::chrono::milliseconds patience) {
  if (lost_ + pushed_out_ + cut_ == told_) return;
  pollfd room{fd_, POLLOUT, 0};
  if (patience.count() > 0) ::poll(&room, 1, static_cast<int>(patience.count()));
  Report report;
  report.time_ns = wall_ns;
  put_totals(report);
  put(report);
}

}  // namespace assay::sinkhole
