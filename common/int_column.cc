// Encodings tried one after the other; the one with the least order-0 entropy wins, which is what zstd gets
// out of columns of numbers.
#include "common/int_column.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace assay {
namespace {

enum Encoding : char { kConstant = 0, kDense = 1, kSparse = 2, kDelta = 3, kPlanes = 4, kDeltaPlanes = 5 };

Error corrupt(const char* rule) { return {Errc::corrupt, std::string("integer column: ") + rule}; }

std::vector<uint64_t> deltas(std::span<const uint64_t> values) {
  std::vector<uint64_t> out(values.size());
  uint64_t before = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    out[i] = zigzag(static_cast<int64_t>(values[i] - before));
    before = values[i];
  }
  return out;
}

void undo_deltas(std::vector<uint64_t>& values) {
  uint64_t before = 0;
  for (uint64_t& value : values) value = before += static_cast<uint64_t>(unzigzag(value));
}

std::string dense(Encoding encoding, std::span<const uint64_t> values) {
  std::string out(1, encoding);
  out.reserve(values.size() * 2);
  for (uint64_t value : values) put_varint(out, value);
  return out;
}

std::string sparse(std::span<const uint64_t> values) {
  std::string out(1, kSparse);
  put_varint(out, static_cast<uint64_t>(values.size() -
                                        static_cast<size_t>(std::count(values.begin(), values.end(), 0u))));
  uint64_t skipped = 0;
  for (uint64_t value : values) {
    if (value == 0) {
      ++skipped;
      continue;
    }
    put_varint(out, skipped);
    put_varint(out, value);
    skipped = 0;
  }
  return out;
}

std::string planes(Encoding encoding, std::span<const uint64_t> values) {
  uint64_t all = 0;
  for (uint64_t value : values) all |= value;
  size_t width = 1;
  while (width < 8 && all >> (8 * width) != 0) ++width;
  std::string out(2 + values.size() * width, '\0');
  out[0] = encoding;
  out[1] = static_cast<char>(width);
  char* at = out.data() + 2;
  for (size_t plane = 0; plane < width; ++plane)
    for (uint64_t value : values) *at++ = static_cast<char>(value >> (8 * plane) & 0xff);
  return out;
}

// Bits that an ideal order-0 coder needs for `bytes`.
double entropy_bits(std::string_view bytes) {
  std::array<uint32_t, 256> counts{};
  for (char c : bytes) ++counts[static_cast<uint8_t>(c)];
  double bits = 0, total = static_cast<double>(bytes.size());
  for (uint32_t count : counts)
    if (count != 0) bits += count * std::log2(total / count);
  return bits + 16;  // a table of its own is not free
}

// Planes have a table each: zstd splits its blocks where the statistics change.
double entropy_bits_of_planes(std::string_view bytes, size_t count) {
  double bits = 0;
  for (size_t at = 2; at < bytes.size(); at += count) bits += entropy_bits(bytes.substr(at, count));
  return bits;
}

}  // namespace

void put_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

bool take_varint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::string encode_ints(std::span<const uint64_t> values, bool smallest) {
  if (std::all_of(values.begin(), values.end(), [&](uint64_t value) { return value == values.front(); })) {
    std::string out(1, kConstant);
    put_varint(out, values.empty() ? 0 : values.front());
    return out;
  }
  std::string best = dense(kDense, values);
  std::string other = sparse(values);
  if (smallest) return other.size() < best.size() ? other : best;
  double best_bits = entropy_bits(std::string_view(best).substr(1));
  auto offer = [&](std::string candidate, double bits) {
    if (bits >= best_bits) return;
    best = std::move(candidate);
    best_bits = bits;
  };
  double bits = entropy_bits(std::string_view(other).substr(1));
  offer(std::move(other), bits);
  std::vector<uint64_t> differences = deltas(values);
  other = dense(kDelta, differences);
  bits = entropy_bits(std::string_view(other).substr(1));
  offer(std::move(other), bits);
  other = planes(kPlanes, values);
  bits = entropy_bits_of_planes(other, values.size());
  offer(std::move(other), bits);
  other = planes(kDeltaPlanes, differences);
  bits = entropy_bits_of_planes(other, values.size());
  offer(std::move(other), bits);
  return best;
}

namespace {

Status read_dense(std::string_view bytes, std::vector<uint64_t>& out) {
  for (uint64_t& value : out)
    if (!take_varint(bytes, value)) return corrupt("ends early");
  if (!bytes.empty()) return corrupt("goes on after its last value");
  return Status();
}

Status read_sparse(std::string_view bytes, std::vector<uint64_t>& out) {
  uint64_t entries = 0, gap = 0, value = 0;
  if (!take_varint(bytes, entries) || entries > out.size()) return corrupt("more entries than events");
  size_t at = 0;
  for (uint64_t i = 0; i < entries; ++i) {
    if (!take_varint(bytes, gap) || !take_varint(bytes, value)) return corrupt("ends early");
    if (gap >= out.size() - at) return corrupt("an entry lies beyond the last event");
    at += static_cast<size_t>(gap);
    out[at++] = value;
  }
  if (!bytes.empty()) return corrupt("goes on after its last value");
  return Status();
}

Status read_planes(std::string_view bytes, std::vector<uint64_t>& out) {
  if (bytes.empty()) return corrupt("ends early");
  auto width = static_cast<uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  if (width < 1 || width > 8 || bytes.size() != width * out.size())
    return corrupt("planes of the wrong size");
  for (size_t plane = 0; plane < width; ++plane)
    for (size_t i = 0; i < out.size(); ++i)
      out[i] |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[plane * out.size() + i])) << (8 * plane);
  return Status();
}

}  // namespace

Result<std::vector<uint64_t>> decode_ints(std::string_view bytes, size_t count) {
  if (bytes.empty()) return corrupt("is empty");
  char encoding = bytes.front();
  bytes.remove_prefix(1);
  std::vector<uint64_t> out(count);
  switch (encoding) {
    case kConstant: {
      uint64_t value = 0;
      if (!take_varint(bytes, value) || !bytes.empty()) return corrupt("a constant that is not one number");
      std::fill(out.begin(), out.end(), value);
      return out;
    }
    case kDense:
      ASSAY_CHECK(read_dense(bytes, out));
      return out;
    case kSparse:
      ASSAY_CHECK(read_sparse(bytes, out));
      return out;
    case kPlanes:
      ASSAY_CHECK(read_planes(bytes, out));
      return out;
    case kDelta:
      ASSAY_CHECK(read_dense(bytes, out));
      break;
    case kDeltaPlanes:
      ASSAY_CHECK(read_planes(bytes, out));
      break;
    default:
      return Error{Errc::unsupported, "integer column: unknown encoding " + std::to_string(encoding)};
  }
  undo_deltas(out);
  return out;
}

}  // namespace assay
