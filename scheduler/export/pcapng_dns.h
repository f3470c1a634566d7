// pcapng_dns: the message that a `dns` event was parsed from, written anew (RFC 1035). Id and times to live
// were not recorded: the id follows from the question, so that an answer has its question's; the times are 0.
// Pure.
#pragma once

#include <optional>
#include <string>

#include "common/event.h"

namespace assay::pcapng {

struct DnsBytes {
  std::string bytes;
  size_t answers_left_out = 0;  // whose data cannot be written from their text
};
/// Nothing for a name that fits into no message, or a type that is none.
std::optional<DnsBytes> dns_message(const Event& event);

}  // namespace assay::pcapng
