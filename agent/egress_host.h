// egress_host: what of this host and its farm no guest may reach, and who answers names here. Asked anew for
// each scan: addresses come and go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/egress/policy.h"

namespace assay {

/// Every address of the calling thread's network namespace, and every subnet that is directly connected to
/// it.
Result<std::vector<egress::Range>> own_ranges();
/// Of "tcp://HOST:PORT", by the host's resolver; nothing for other endpoints. Errc::unreachable: no such
/// name.
Result<std::vector<egress::Range>> endpoint_ranges(const std::string& endpoint);
/// The `nameserver` lines of a resolv.conf, at most kMaxResolvers. Pure.
std::vector<egress::Endpoint> name_servers(std::string_view resolv_conf);
/// "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353".
Result<egress::Endpoint> parse_name_server(const std::string& text);

}  // namespace assay
