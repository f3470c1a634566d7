// pcapng_blocks: the blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, one section, one
// interface of raw IP with times in nanoseconds. Pure: values in, bytes out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::pcapng {

/// A block's option: code and value, at most 65,535 bytes.
struct Option {
  uint16_t code;
  std::string value;
};
inline constexpr uint16_t kComment = 1;

std::string section_header(std::string_view comment, std::string_view os, std::string_view application);
std::string interface_description(std::string_view name, std::string_view description);
/// Address (4 or 16 bytes) and name, which is printable ASCII. Of as many as one block is to hold.
std::string name_resolution(std::span<const std::pair<std::string, std::string>> names);

struct Packet {
  uint64_t time_ns = 0;        // Unix epoch
  std::string bytes;           // as far as they were seen, with headers
  uint32_t original_size = 0;  // of the whole packet
  bool outbound = false;       // from the guest
  std::vector<std::string> comments;
};
std::string enhanced_packet(const Packet& packet);
std::string interface_statistics(uint64_t time_ns, uint64_t packets, std::string_view comment);

}  // namespace assay::pcapng
