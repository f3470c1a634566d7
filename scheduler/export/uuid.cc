// Hash, version and variant, text.
#include "scheduler/export/uuid.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "common/digest.h"

namespace assay {
namespace {

using Bytes = std::array<uint8_t, 16>;

std::string text(Bytes bytes, uint8_t version) {
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | version << 4);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string hex = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), out;
  for (size_t at = 0; at < hex.size(); ++at) {
    if (at == 8 || at == 12 || at == 16 || at == 20) out += '-';
    out += hex[at];
  }
  return out;
}

std::string bytes_of(std::string_view uuid) {
  std::string out;
  int high = -1;
  for (char c : uuid) {
    if (c == '-') continue;
    int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
    if (high < 0) {
      high = digit;
      continue;
    }
    out += static_cast<char>(high * 16 + digit);
    high = -1;
  }
  assert(out.size() == 16);
  return out;
}

}  // namespace

std::string uuid5(std::string_view space, std::string_view name) {
  std::string input = bytes_of(space).append(name);
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  [[maybe_unused]] int done =
      EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr);
  assert(done == 1 && size == 20);
  Bytes bytes;
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return text(bytes, 5);
}

std::string uuid4_of(std::string_view seed) {
  Digest digest = Digest::of(seed);
  Bytes bytes;
  std::copy_n(digest.bytes.begin(), bytes.size(), bytes.begin());
  return text(bytes, 4);
}

}  // namespace assay
