// Chunks on disk first, words of them after.
#include "agent/ship.h"

#include <algorithm>

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kForever{-1};

}  // namespace

Status Ship::resolved(const Digest& manifest, milliseconds patience) {
  wire::Resolved message{key_.scan_id, key_.attempt, manifest.str()};
  ASSAY_CHECK(tell(link_, {.kind = LinkNote::Kind::resolved, .frame = wire::encode(message)}));
  return wait_until([&] { return proceed_; }, patience);
}

Status Ship::wait_for_permit() {
  ASSAY_CHECK(tell(link_, {.kind = LinkNote::Kind::ready}));
  return wait_until([&] { return permit_; }, kForever);
}

Status Ship::add(Event event) {
  assert(artifact_chunks_ == 0);
  ++events_;
  writer_.add(std::move(event));
  if (writer_.full()) return write_chunk();
  return poll();
}

Status Ship::write_chunk() {
  std::string chunk = writer_.take();
  bytes_ += chunk.size();
  ASSAY_CHECK(spool_.chunk(next_index_, chunk));
  ++next_index_;
  // The loop lives as long as this thread, and reads: it is far behind only if it hangs.
  ASSAY_CHECK(tell(link_, {.kind = LinkNote::Kind::chunk, .bytes = chunk.size()}));
  return poll();
}

Status Ship::flush() {
  if (writer_.empty()) return Status();
  return write_chunk();
}

Status Ship::done(const TraceHeader& header, TraceFooter footer) {
  ASSAY_CHECK(flush());
  footer.events = events_;
  footer.chunks = next_index_;
  footer.artifact_chunks = artifact_chunks_;
  stats.events = events_;
  for (const SourceCount& source : footer.sources)
    stats.lost[std::min<size_t>(static_cast<size_t>(source.source), stats.lost.size() - 1)] += source.lost;
  ASSAY_CHECK(spool_.done({key_.scan_id, key_.attempt, header, std::move(footer)}));
  return tell(link_, {.kind = LinkNote::Kind::ended, .stats = stats});
}

Status Ship::failed(const Error& error) {
  stats.events = events_;
  stats.failed = true;
  ASSAY_CHECK(spool_.failed({key_.scan_id, key_.attempt, to_string(error.code), error.what,
                             static_cast<uint64_t>(retry_after.count())}));
  return tell(link_, {.kind = LinkNote::Kind::ended, .stats = stats});
}

Status Ship::fence(const std::string& reason) {
  return tell(link_, {.kind = LinkNote::Kind::fenced, .frame = reason});
}

void Ship::progress(const wire::Progress& progress) {
  (void)tell(link_, {.kind = LinkNote::Kind::forward, .frame = wire::encode(progress)});
}

Status Ship::wait_until(const std::function<bool()>& reached, milliseconds patience) {
  auto deadline = steady_clock::now() + patience;
  for (;;) {
    ASSAY_CHECK(poll());
    if (reached()) return Status();
    auto left = kForever;
    if (patience != kForever) {
      left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
      if (left.count() <= 0) return Status();
    }
    std::vector<WaitFor> items{link_, WaitFor(cancel_fd_)};
    ASSAY_CHECK(wait(items, left));
    if (items[1].ready) return Error{Errc::cancelled, "cancelled"};
  }
}

Status Ship::poll() {
  for (;;) {
    ASSAY_TRY(auto note, hear(link_));
    if (!note) break;
    if (note->kind == LinkNote::Kind::proceed) proceed_ = true;
    if (note->kind == LinkNote::Kind::permit) permit_ = true;
    if (note->kind == LinkNote::Kind::full) full_ = true;
    if (note->kind == LinkNote::Kind::room) room_ = note->bytes > 0;
  }
  if (full_)
    return Error{Errc::no_space, "the spool " + spool_.dir().parent_path().string() +
                                     " has reached its quota: the scheduler is away or slow, or the quota is "
                                     "too small (spool-quota)"};
  return Status();
}

}  // namespace assay
