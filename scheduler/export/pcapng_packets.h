// pcapng_packets: IP packets made up around bytes that were recorded: headers with right lengths, checksums
// and sequence numbers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scheduler/export/pcapng.h"

namespace assay::pcapng {

enum TcpFlag : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPush = 8, kAck = 16 };

struct Made {
  std::string bytes;           // header and what was seen of the payload
  uint32_t original_size = 0;  // with what was not
};

/// `key`: from whom, to whom. `unseen` bytes of payload follow `seen`; together they fit into one packet, or
/// are cut to what does.
Made tcp_packet(const FlowKey& key, uint8_t flags, uint32_t seq, uint32_t ack, std::string_view seen,
                uint32_t unseen = 0);
Made udp_packet(const FlowKey& key, std::string_view seen, uint32_t unseen = 0);
/// A ping, or its answer.
Made echo_packet(const FlowKey& key, bool reply, std::string_view seen, uint32_t unseen = 0);

/// The one's complement sum of RFC 1071 over `bytes`, begun with `sum`; not yet inverted.
uint16_t ones_sum(std::string_view bytes, uint32_t sum = 0);

}  // namespace assay::pcapng
