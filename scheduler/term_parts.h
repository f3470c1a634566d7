// term_parts: what traits' words are made of, for those who write them and those who ask for them. Internal
// to the terms files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/addresses.h"

namespace assay::term_parts {

/// Of a name, so many last labels make a word each, besides the whole.
inline constexpr size_t kMaxDomainLabels = 5;
/// Of a path, so many directories from the root on.
inline constexpr size_t kMaxDirectories = 8;

/// `text`, or a shorter one that stands for it alone.
std::string term(std::string_view text);

/// Prefixes of the networks under which an address stands, in bits, the widest first; the last is the whole.
const std::vector<unsigned>& levels(const IpAddress& address);
/// "10.1.0.0/16": of the first `bits` bits.
std::string network(const IpAddress& address, unsigned bits);

}  // namespace assay::term_parts
