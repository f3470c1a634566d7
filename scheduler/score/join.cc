// Holding, matching and releasing of witness events.
#include "scheduler/score/join.h"

#include <algorithm>

namespace assay {

void Join::add(const Event& event, const Emit& emit) {
  while (!held_.empty() && (event.time_ns - held_.front().time_ns > kWindowNs || held_.size() >= kMaxHeld)) {
    emit(held_.front());
    held_.pop_front();
  }
  if (event.kind != EventKind::syscall) return emit(event);
  if (event.source == Source::witness) {
    held_.push_back(event);
    return;
  }
  auto other = std::find_if(held_.begin(), held_.end(), [&](const Event& witness) {
    return witness.call == event.call && witness.args == event.args;
  });
  if (other == held_.end()) return emit(event);
  Event whole = std::move(*other);
  held_.erase(other);
  whole.pid = event.pid;
  whole.tid = event.tid;
  whole.uid = event.uid;
  whole.gid = event.gid;
  whole.comm = event.comm;
  whole.cwd = event.cwd;
  if (!event.path.empty()) {  // made absolute there
    whole.path = event.path;
    if (!event.path2.empty()) whole.path2 = event.path2;
    if (whole.data.empty()) whole.data = event.data;
  }
  if (whole.fd_path.empty()) whole.fd_path = event.fd_path;
  whole.result = event.result;
  whole.error = event.error;
  emit(whole);
}

void Join::flush(const Emit& emit) {
  for (const auto& event : held_) emit(event);
  held_.clear();
}

}  // namespace assay
