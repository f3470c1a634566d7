// flow_events: the records of bpf/flows.bpf.c turned into events: flow_start, payload, dns, tls, http,
// flow_end. Puts the first bytes of each direction together, bounded in flows and bytes. No I/O. Times stay
// CLOCK_MONOTONIC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/event.h"
#include "common/result.h"

namespace assay {

class FlowEvents {
 public:
  /// Errc::corrupt: lengths out of bounds.
  Result<std::vector<Event>> decode(std::string_view record);
  /// A farm_flow_key and its farm_flow: flow_end, and before it what was still waiting for more bytes.
  Result<std::vector<Event>> decode_total(std::string_view key_and_flow);
  size_t flows() const { return streams_.size(); }

 private:
  static constexpr size_t kMaxFlows = 8192;
  static constexpr size_t kMaxStream = 8192;
  struct Stream {
    std::string bytes;  // contiguous, from the first byte on
    uint32_t base = 0;  // offset of bytes[0]
    bool started = false;
    bool settled = false;  // what it speaks is known, or will not be
  };
  struct Flow {
    Stream streams[2];
  };
  void speak(Flow& flow, size_t direction, std::string_view data, uint32_t offset, const Event& base,
             std::vector<Event>& out);
  void settle(Stream& stream, bool at_end, const Event& base, std::vector<Event>& out);

  std::unordered_map<std::string, Flow> streams_;  // by the bytes of the key
};

}  // namespace assay
