#include "agent/provoke/bodies.h"

#include <sys/mman.h>

namespace assay {

void Bodies::note(const Event& event) {
  if (!done_ || event.kind != EventKind::exec || event.origin != "memfd" || event.pid <= 0) return;
  if (asked_.size() < kMaxBodies && asked_.insert(event.path).second)
    waiting_.push_back({event.path, event.pid});
}

void Bodies::ask(StarterLink& link, const std::function<uint32_t()>& id) {
  if (id_ != 0 || waiting_.empty()) return;
  id_ = id();
  path_ = std::move(waiting_.front().path);
  bytes_.clear();
  link.read_body(id_, waiting_.front().pid, kMaxBodyBytes);
  waiting_.pop_front();
}

bool Bodies::take(const StarterWord& word) {
  if (!word.body) return false;
  if (word.id != id_ || id_ == 0) return true;
  if (!word.output.empty() && bytes_.size() + word.output.size() <= kMaxBodyBytes) {
    bytes_ += word.output;
    return true;
  }
  if (word.output.empty() && !bytes_.empty()) {
    Fd file(::memfd_create("assay-body", MFD_CLOEXEC));
    if (file && write_all(file.get(), bytes_, "a memory file")) done_(path_, std::move(file));
  }
  id_ = 0;
  std::string().swap(bytes_);
  return true;
}

void Bodies::forget() {
  waiting_.clear();
  id_ = 0;
  std::string().swap(bytes_);
}

}  // namespace assay
