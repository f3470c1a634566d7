// What is known of the forms: GitHub's and npm's announcements of their token formats, libmacaroons' binary
// format, and what others found out of AWS key ids.
#include "agent/lure/forms.h"

#include <zlib.h>

#include <algorithm>

#include "agent/lure/encodings.h"
#include "common/digest.h"

namespace assay::lure {
namespace {

constexpr uint64_t kFirstAccount = 100'000'000'000, kAccounts = 900'000'000'000;

}  // namespace

uint8_t Draw::byte() {
  constexpr size_t kBlockBytes = 512;
  if (at_ == block_.size()) {
    block_ = derive(seed_, purpose_ + '\n' + std::to_string(blocks_++), kBlockBytes);
    at_ = 0;
  }
  return static_cast<uint8_t>(block_[at_++]);
}

std::string Draw::bytes(size_t count) {
  std::string out;
  while (out.size() < count) out += static_cast<char>(byte());
  return out;
}

uint64_t Draw::below(uint64_t limit) {
  uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | byte();
  return number % limit;  // its bias is nothing here
}

std::string Draw::of(std::string_view alphabet, size_t count) {
  std::string out;
  while (out.size() < count) out += alphabet[below(alphabet.size())];
  return out;
}

std::string Draw::digits(size_t count) { return of("123456789", 1) + of("0123456789", count - 1); }

std::string Draw::uuid() {
  std::string raw = bytes(16);
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  std::string out = to_hex(raw);
  for (size_t at : {20u, 16u, 12u, 8u}) out.insert(at, "-");
  return out;
}

std::string aws_key_id(Draw& draw, std::string_view prefix) {
  // 80 bits: one that newer keys have set, the account in 40, then random ones.
  uint64_t account = kFirstAccount + draw.below(kAccounts);
  std::string raw = draw.bytes(10);
  uint64_t head = uint64_t{1} << 47 | account << 7 | draw.below(128);
  for (size_t i = 0; i < 6; ++i) raw[i] = static_cast<char>(head >> (40 - 8 * i));
  return std::string(prefix) + encode_bits(raw, kBase32);
}

std::string aws_account(std::string_view key_id) {
  constexpr size_t kPrefixChars = 4, kCharsOfAccount = 9;  // the first 45 of 80 bits
  uint64_t bits = 0;
  for (char c : key_id.substr(std::min(key_id.size(), kPrefixChars), kCharsOfAccount))
    bits = bits << 5 | (kBase32.find(c) & 31);
  return std::to_string(bits >> 4 & ((uint64_t{1} << 40) - 1));
}

std::string checked_token(Draw& draw, std::string_view prefix) {
  std::string random = draw.of(kBase62, 30);
  uint64_t sum = ::crc32(0, reinterpret_cast<const Bytef*>(random.data()), static_cast<uInt>(random.size()));
  return std::string(prefix) + random + in_base(sum, kBase62, 6);
}

std::string pypi_token(Draw& draw) {
  auto field = [](char type, const std::string& bytes) {
    return std::string(1, type) + static_cast<char>(bytes.size()) + bytes;
  };
  const std::string end(1, '\0');
  std::string location("pypi.org"), caveat = "[3,\"" + draw.uuid() + "\"]";
  std::string raw = std::string(1, 2) + field(1, location) + field(2, draw.uuid()) + end + field(2, caveat) +
                    end + end + field(6, draw.bytes(32));
  return "pypi-" + base64_url(raw);
}

std::string jwt(Draw& draw, std::string_view header, std::string_view payload) {
  return base64_url(header) + "." + base64_url(payload) + "." + base64_url(draw.bytes(256));
}

std::string jwt_signature(const std::string& token) { return token.substr(token.rfind('.') + 1); }

std::string company(const Seed& seed) {
  Draw draw(seed, "company");
  constexpr const char* kFirst[] = {"nor", "vel", "tri", "lum", "kes", "bran", "ost", "mer", "cal", "fen"};
  constexpr const char* kMiddle[] = {"da", "ti", "ro", "ne", "lo", "vi", "ga", "mu"};
  constexpr const char* kLast[] = {"tech", "soft",  "data", "labs", "works",
                                   "pay",  "cloud", "net",  "med",  "log"};
  std::string out = draw.one_of(kFirst);
  out += draw.one_of(kMiddle);
  return out + draw.one_of(kLast);
}

// ".internal" is reserved for private use.
std::string domain(const Seed& seed) { return company(seed) + ".internal"; }

}  // namespace assay::lure
