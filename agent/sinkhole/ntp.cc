// A stratum 2 server whose clock is the host's.
#include "agent/sinkhole/ntp.h"

namespace assay::sinkhole {
namespace {

constexpr uint64_t kUnixEpoch = 2'208'988'800;  // seconds from 1900

std::string timestamp(int64_t wall_ns) {
  uint64_t ns = static_cast<uint64_t>(wall_ns);
  uint64_t value = (ns / 1'000'000'000 + kUnixEpoch) << 32 | ((ns % 1'000'000'000) << 32) / 1'000'000'000;
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

}  // namespace

std::string answer_ntp(std::string_view packet, int64_t wall_ns) {
  if (packet.size() < 48 || (packet[0] & 7) != 3) return "";
  std::string out;
  out += static_cast<char>((packet[0] & 0x38) | 4);  // the client's version, mode server
  out += '\x02';                                     // stratum
  out += packet[2];                                  // poll
  out += '\xe8';                                     // precision: 2^-24 s
  out += std::string("\0\0\x01\x00", 4) + std::string("\0\0\x02\x00", 4) + "\x0a\x01\x01\x01";
  out += timestamp(wall_ns - 30'000'000'000);
  out += packet.substr(40, 8);
  return out + timestamp(wall_ns) + timestamp(wall_ns);
}

}  // namespace assay::sinkhole
