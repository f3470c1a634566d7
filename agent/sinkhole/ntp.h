// ntp: the answer to a client's request for the time (RFC 5905 section 7.3). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::sinkhole {

/// Empty: not a client's request (mode 3, at least 48 bytes).
std::string answer_ntp(std::string_view packet, int64_t wall_ns);

}  // namespace assay::sinkhole
