// Go-back-N, with a window that shrinks to one chunk while nobody answers.
#include "agent/shipment.h"

#include <algorithm>

namespace assay {

void Shipment::spooled(uint32_t chunks) { total_ = std::max(total_, chunks); }

std::optional<uint32_t> Shipment::next(Time now) {
  // One chunk only: a scheduler that cannot write for hours must not be sent sixteen each time.
  if (waiting() && now - heard_ >= kPatience) rewind(1);
  while (acked_.contains(next_)) ++next_;
  if (next_ < total_ && next_ - base_ < window_) return next_;
  if (ended_ && !end_sent_ && base_ == total_) return kEnd;
  return std::nullopt;
}

void Shipment::sent(uint32_t part, Time now) {
  bool first = part == base_ || part == kEnd;
  if (first) heard_ = now;
  if (part == kEnd) {
    end_sent_ = true;
    return;
  }
  next_ = part + 1;
  sent_ = std::max(sent_, next_);
}

bool Shipment::acked(uint32_t index, Time now) {
  if (index < base_ || index >= sent_ || !acked_.insert(index).second) return false;
  while (acked_.erase(base_) > 0) ++base_;
  next_ = std::max(next_, base_);
  window_ = kWindow;
  heard_ = now;
  return true;
}

void Shipment::restart() { rewind(kWindow); }

void Shipment::rewind(uint32_t window) {
  next_ = base_;
  end_sent_ = false;
  window_ = window;
}

Shipment::Time Shipment::wake() const { return waiting() ? heard_ + kPatience : Time::max(); }

std::string Shipment::render() const {
  return "base=" + std::to_string(base_) + " next=" + std::to_string(next_) +
         " total=" + std::to_string(total_) + (ended_ ? " ended" : "");
}

}  // namespace assay
