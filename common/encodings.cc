// One bit buffer serves hex, base32 and base64, at any alignment.
#include "common/encodings.h"

#include <bit>
#include <cassert>
#include <cstdint>

namespace assay {

std::string encode_bits(std::string_view bytes, std::string_view alphabet, size_t before, bool open_end) {
  assert(std::has_single_bit(alphabet.size()) && alphabet.size() <= 256);
  const size_t bits = static_cast<size_t>(std::bit_width(alphabet.size())) - 1;
  // The first whole character begins `skip` bits into what we know.
  const size_t skip = (bits - before * 8 % bits) % bits;
  const size_t total = bytes.size() * 8;
  std::string out;
  for (size_t at = skip; at < total; at += bits) {
    if (open_end && at + bits > total) break;
    unsigned value = 0;
    for (size_t bit = at; bit < at + bits; ++bit) {
      unsigned byte = bit < total ? static_cast<uint8_t>(bytes[bit / 8]) : 0;
      value = value << 1 | (byte >> (7 - bit % 8) & 1);
    }
    out += alphabet[value];
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string base64(std::string_view bytes) {
  std::string out = encode_bits(bytes, kBase64);
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::string base64_url(std::string_view bytes) { return encode_bits(bytes, kBase64Url); }

std::optional<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  uint32_t bits = 0;
  int have = 0;
  for (char c : text) {
    size_t at = kBase64.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(at);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out += static_cast<char>(bits >> have & 0xff);
  }
  return out;
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF", kPlain = "-._~";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 kPlain.find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      (out += '%') += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace assay
