// sse: server-sent events out of a stream of bytes (WHATWG HTML, 9.2.6 "Interpreting an event stream"). Pure;
// the bytes are hostile, so a line and an event are bounded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::cli {

struct SseEvent {
  std::string name;  // "message" when the stream names none
  std::string data;
};

class SseParser {
 public:
  static constexpr size_t kMaxEventBytes = 64 << 10;  // of one line, and of one event's data

  /// The events that `bytes` complete. Errc::limit when one is too large: the stream is of no use then.
  Result<std::vector<SseEvent>> feed(std::string_view bytes);

 private:
  Status line(std::string_view text, std::vector<SseEvent>& out);

  std::string line_, name_, data_;
  bool has_data_ = false;
  bool after_cr_ = false;  // a line feed right after it ends no second line
};

}  // namespace assay::cli
