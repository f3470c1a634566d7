// The loop over stream, stop signal and clock.
#include "cli/follow.h"

#include <poll.h>

#include <algorithm>
#include <optional>

#include "cli/farm_text.h"
#include "cli/sse.h"
#include "cli/terminal.h"
#include "common/text.h"

namespace assay::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kRedraw{200};  // a block over many scans is some work
constexpr unsigned kPageScans = 1000;

// What another try will not change.
bool is_final(const Error& error) {
  return error.code != Errc::unreachable && error.code != Errc::timeout && error.code != Errc::busy &&
         error.code != Errc::io;
}

class Follower {
 public:
  Follower(const Remote& remote, const std::string& path, const LoadScans& load, Watched& watched, Live& live,
           const FollowLimits& limits)
      : remote_(remote), path_(path), load_(load), watched_(watched), live_(live), limits_(limits) {}
  Status run();

 private:
  Status connect(Clock::time_point now);
  Status take(Clock::time_point now);
  Status handle(const std::vector<SseEvent>& events);
  Status reload();
  Status lost(const Error& error, Clock::time_point now);
  void show(Clock::time_point now);

  const Remote& remote_;
  const std::string& path_;
  const LoadScans& load_;
  Watched& watched_;
  Live& live_;
  const FollowLimits& limits_;

  std::optional<EventStream> stream_;
  SseParser parser_;
  bool open_ = false;  // the server has said yes to this stream
  std::string trouble_;
  milliseconds retry_{0};
  Clock::time_point began_ = Clock::now(), heard_ = began_, next_try_ = began_, noted_ = began_, drawn_;
};

Status Follower::run() {
  for (;;) {
    auto now = Clock::now();
    if (!stream_ && now >= next_try_) ASSAY_CHECK(connect(now));
    pollfd fds[] = {{stream_ ? stream_->fd() : -1, POLLIN, 0}, {remote_.stop_fd(), POLLIN, 0}};
    auto until = stream_ ? heard_ + limits_.reload : next_try_;
    auto left = std::clamp(std::chrono::duration_cast<milliseconds>(until - now), milliseconds(1), kRedraw);
    int ready = ::poll(fds, 2, static_cast<int>(left.count()));
    if (ready > 0 && fds[1].revents != 0) return Error{Errc::cancelled, "interrupted"};
    now = Clock::now();
    if (ready > 0 && fds[0].revents != 0) {
      ASSAY_CHECK(take(now));
    } else if (stream_ && open_ && now - heard_ >= limits_.reload) {
      heard_ = now;
      if (Status loaded = reload(); !loaded) ASSAY_CHECK(lost(loaded.error(), now));
    }
    if (open_ && watched_.all_ended()) return Status();
    show(now);
  }
}

Status Follower::connect(Clock::time_point now) {
  stream_.emplace(remote_, path_);
  parser_ = SseParser();
  open_ = false;
  if (retry_.count() == 0) heard_ = now;
  return Status();
}

Status Follower::take(Clock::time_point now) {
  auto bytes = stream_->read();
  if (!bytes) return lost(bytes.error(), now);
  if (bytes->empty()) return Status();
  heard_ = now;
  retry_ = milliseconds(0);
  trouble_.clear();
  bool first = !open_;
  open_ = true;
  // After the stream has begun, so that nothing falls between the record and the first event.
  if (first)
    if (Status loaded = reload(); !loaded) return lost(loaded.error(), now);
  auto events = parser_.feed(*bytes);
  if (!events) return events.error();
  Status handled = handle(*events);
  return handled ? Status() : lost(handled.error(), now);
}

Status Follower::handle(const std::vector<SseEvent>& events) {
  bool missed = false;
  for (const SseEvent& message : events) {
    if (message.name != "state" && message.name != "progress") continue;
    ASSAY_TRY(FarmEvent event, read_event(message.name, message.data));
    missed = missed || event.missed > 0;
    if (watched_.apply(event)) live_.line(scan_line(watched_.find(event.scan_id)->scan, table_width()));
  }
  return missed ? reload() : Status();
}

Status Follower::reload() {
  if (!load_) return Status();
  ASSAY_TRY(std::vector<ScanView> scans, load_());
  for (const ScanView& scan : scans)
    if (watched_.set(scan)) live_.line(scan_line(scan, table_width()));
  return Status();
}

Status Follower::lost(const Error& error, Clock::time_point now) {
  if (is_final(error)) return error;
  stream_.reset();
  open_ = false;
  if (now - heard_ >= limits_.give_up) return error.context("given up");
  if (trouble_.empty()) live_.note("assay: " + still_printable(error.what, 500) + "; trying again");
  trouble_ = error.what;
  retry_ = retry_.count() == 0 ? limits_.first_retry : std::min(retry_ * 2, limits_.longest_retry);
  next_try_ = now + retry_;
  return Status();
}

void Follower::show(Clock::time_point now) {
  if (live_.terminal()) {
    if (now - drawn_ < kRedraw) return;
    drawn_ = now;
    auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - began_);
    auto block = watch_block(watched_, elapsed.count(), live_.width());
    if (!trouble_.empty()) block.push_back("  the scheduler does not answer; trying again");
    live_.block(block);
  } else if (now - noted_ >= limits_.note && !watched_.all_ended()) {
    noted_ = now;
    live_.note(watch_line(watched_));
  }
}

}  // namespace

Status follow(const Remote& remote, const std::string& events_path, const LoadScans& load, Watched& watched,
              Live& live, const FollowLimits& limits) {
  Status ended = Follower(remote, events_path, load, watched, live, limits).run();
  live.clear();
  return ended;
}

Result<std::vector<ScanView>> load_each(const Remote& remote, const std::vector<std::string>& ids) {
  std::vector<ScanView> out;
  for (const std::string& id : ids) {
    ASSAY_TRY(std::string body, remote.get("/v1/scans/" + id));
    ASSAY_TRY(ScanView scan, read_scan(body));
    if (scan.scan_id != id)
      return Error{Errc::corrupt, "the server answered scan " + scan.scan_id + " for " + id};
    out.push_back(std::move(scan));
  }
  return out;
}

Result<std::vector<ScanView>> load_pages(const Remote& remote, const std::string& query, size_t limit,
                                         const std::string& oldest) {
  std::vector<ScanView> out;
  std::string start;
  for (;;) {
    ASSAY_TRY(std::string body, remote.get("/v1/scans?limit=" + std::to_string(kPageScans) + query +
                                           (start.empty() ? "" : "&start=" + start)));
    ASSAY_TRY(ScanPage page, read_scans(body));
    for (ScanView& scan : page.scans) {
      if (scan.scan_id < oldest) return out;
      if (out.size() == limit)
        return Error{Errc::limit, "the server answers more than " + std::to_string(limit) + " scans"};
      out.push_back(std::move(scan));
    }
    if (page.next.empty()) return out;
    // Ids go down from page to page, or this would never end.
    if (!start.empty() && page.next >= start)
      return Error{Errc::corrupt, "the server's list of scans does not go on from " + start};
    start = page.next;
  }
}

}  // namespace assay::cli
