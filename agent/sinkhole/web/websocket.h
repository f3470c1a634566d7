// websocket: what a client says in a WebSocket once it is open: its frames are masked, so that neither a
// person nor the recogniser of honeytokens could read them as they are (RFC 6455 section 5). Pure, streaming.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::sinkhole {

class WebSocketReader {
 public:
  /// The payload in the next bytes, unmasked; of control frames too.
  std::string take(std::string_view bytes);

 private:
  std::string head_;   // an unfinished frame's head
  uint64_t left_ = 0;  // of the payload
  char mask_[4] = {};
  uint64_t at_ = 0;
};

}  // namespace assay::sinkhole
