// Notices to those whom they concern.
#include "scheduler/watchers.h"

namespace assay {

bool Watchers::add(const std::string& peer, const wire::Watch& watch) {
  if (watchers_.size() >= kMax) return false;
  watchers_.push_back({peer, watch});
  return true;
}

void Watchers::tell(wire::Notice notice,
                    const std::function<Sent(const std::string& peer, const wire::Notice&)>& send) {
  std::erase_if(watchers_, [&](Watcher& watcher) {
    if (!watcher.watch.scan_id.empty() && watcher.watch.scan_id != notice.scan_id) return false;
    if (!watcher.watch.batch.empty() && watcher.watch.batch != notice.batch) return false;
    notice.missed = watcher.missed;
    Sent sent = send(watcher.peer, notice);
    if (sent == Sent::full) {
      ++watcher.missed;
      ++missed_;
    }
    if (sent == Sent::yes) watcher.missed = 0;
    return sent == Sent::gone;
  });
}

}  // namespace assay
