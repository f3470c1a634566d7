// int_column: a column of integers as few bytes that zstd then makes fewer. Knows nothing of events. Internal
// to the codec. First byte: the encoding; then, with every number a LEB128 varint:
//   0 constant  the value
//   1 dense     every value
//   2 sparse    how many are not 0, then for each: zeros skipped before it, value
//   3 delta     every difference to the one before (the first: to 0), modulo 2^64, zigzag
//   4 planes    width 1..8, then the lowest byte of every value, then the next byte of every value...
//   5 delta planes
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

constexpr uint64_t zigzag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

constexpr size_t varint_size(uint64_t value) {
  size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}
void put_varint(std::string& out, uint64_t value);
/// False at the end or at a varint of more than 64 bits; otherwise `bytes` moves on.
bool take_varint(std::string_view& bytes, uint64_t& value);

/// `smallest`: the fewest bytes as such (dense or sparse, never more than either); otherwise the fewest after
/// an entropy coder.
std::string encode_ints(std::span<const uint64_t> values, bool smallest);
/// Exactly `count` values, or Errc::corrupt (Errc::unsupported for an encoding of a later version).
Result<std::vector<uint64_t>> decode_ints(std::string_view bytes, size_t count);

}  // namespace assay
