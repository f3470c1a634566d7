// config: what the agent hands its forwarder at the start, as text in a memory file: where the guest may not
// go, the caps, and who answers names. One setting a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/egress/caps.h"
#include "agent/egress/policy.h"

namespace assay::egress {

struct ForwarderConfig {
  Policy policy;
  CapLimits caps;
  std::vector<Endpoint> resolvers;  // the host's own; any address
};

inline constexpr size_t kMaxConfigBytes = 1 << 20;
inline constexpr size_t kMaxResolvers = 8;

std::string encode_config(const ForwarderConfig& config);
/// Errc::corrupt: names the line.
Result<ForwarderConfig> decode_config(std::string_view text);

}  // namespace assay::egress
