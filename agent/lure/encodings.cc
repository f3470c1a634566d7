// Numbers and URLs; what is made of bits is in common/encodings.
#include "agent/lure/encodings.h"

#include <cstdint>

namespace assay::lure {

std::string percent_encode(std::string_view bytes, std::string_view kept) {
  constexpr std::string_view kUpperHex = "0123456789ABCDEF";
  std::string out;
  for (char c : bytes) {
    bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved || kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      auto byte = static_cast<uint8_t>(c);
      out += '%';
      out += kUpperHex[byte >> 4];
      out += kUpperHex[byte & 15];
    }
  }
  return out;
}

std::string in_base(uint64_t number, std::string_view alphabet, size_t digits) {
  std::string out(digits, alphabet[0]);
  for (size_t i = digits; i-- > 0; number /= alphabet.size()) out[i] = alphabet[number % alphabet.size()];
  return out;
}

}  // namespace assay::lure
