// Head, payload, head, payload.
#include "agent/sinkhole/web/websocket.h"

#include <algorithm>
#include <cstring>

namespace assay::sinkhole {
namespace {

// How long a frame's head is, once its first two bytes are there.
size_t head_size(std::string_view head) {
  if (head.size() < 2) return 2;
  auto second = static_cast<uint8_t>(head[1]);
  size_t length = (second & 0x7f) == 126 ? 2 : (second & 0x7f) == 127 ? 8 : 0;
  return 2 + length + ((second & 0x80) != 0 ? 4 : 0);
}

}  // namespace

std::string WebSocketReader::take(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    if (left_ > 0) {
      auto size = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
      for (char c : bytes.substr(0, size)) out += static_cast<char>(c ^ mask_[at_++ % 4]);
      left_ -= size;
      bytes.remove_prefix(size);
      continue;
    }
    head_ += bytes[0];
    bytes.remove_prefix(1);
    if (head_.size() < head_size(head_)) continue;
    size_t masked = (head_[1] & 0x80) != 0 ? 4 : 0, end = head_.size() - masked;
    left_ = static_cast<uint8_t>(head_[1]) & 0x7f;
    if (end > 2) left_ = 0;
    for (size_t i = 2; i < end; ++i) left_ = left_ << 8 | static_cast<uint8_t>(head_[i]);
    std::memset(mask_, 0, sizeof mask_);
    std::memcpy(mask_, head_.data() + end, masked);
    at_ = 0;
    head_.clear();
  }
  return out;
}

}  // namespace assay::sinkhole
