// A small reader of pcapng, of its own: blocks, options, packets of raw IP with their checksums looked at.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assay::test {

inline uint32_t little(std::string_view bytes, size_t at, size_t width) {
  uint32_t value = 0;
  for (size_t i = width; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes.at(at + i));
  return value;
}
inline uint32_t big(std::string_view bytes, size_t at, size_t width) {
  uint32_t value = 0;
  for (size_t i = 0; i < width; ++i) value = value << 8 | static_cast<uint8_t>(bytes.at(at + i));
  return value;
}

struct ReadPacket {
  uint64_t time_ns = 0;
  std::string bytes;
  uint32_t original = 0, flags = 0;
  std::vector<std::string> comments;

  bool v6() const { return static_cast<uint8_t>(bytes.at(0)) >> 4 == 6; }
  uint8_t protocol() const { return static_cast<uint8_t>(bytes.at(v6() ? 6 : 9)); }
  std::string_view transport() const { return std::string_view(bytes).substr(v6() ? 40 : 20); }
  uint32_t from_port() const { return big(transport(), 0, 2); }
  uint32_t to_port() const { return big(transport(), 2, 2); }
  uint32_t seq() const { return big(transport(), 4, 4); }
  uint32_t ack() const { return big(transport(), 8, 4); }
  uint8_t tcp_flags() const { return static_cast<uint8_t>(transport().at(13)); }
  std::string_view payload() const {
    size_t header =
        protocol() == 6 ? static_cast<size_t>(static_cast<uint8_t>(transport().at(12)) >> 4) * 4 : 8;
    return transport().substr(header);
  }
  uint32_t ip_length() const { return big(bytes, v6() ? 4 : 2, 2) + (v6() ? 40u : 0u); }
};

struct ReadFile {
  std::string wrong;  // empty: it is one
  std::string section_comment, statistics_comment;
  std::map<std::string, std::string> names;  // by address, as bytes
  std::vector<ReadPacket> packets;
};

inline std::multimap<uint32_t, std::string> read_options(std::string_view body) {
  std::multimap<uint32_t, std::string> out;
  for (size_t at = 0; at + 4 <= body.size();) {
    uint32_t code = little(body, at, 2), size = little(body, at + 2, 2);
    if (code == 0) break;
    out.emplace(code, std::string(body.substr(at + 4, size)));
    at += 4 + (size + 3) / 4 * 4;
  }
  return out;
}

inline void read_block(uint32_t type, std::string_view body, ReadFile& out) {
  auto first = [](const auto& options, uint32_t code) {
    auto found = options.find(code);
    return found == options.end() ? std::string() : found->second;
  };
  if (type == 0x0a0d0d0a) out.section_comment = first(read_options(body.substr(16)), 1);
  if (type == 1 && (little(body, 0, 2) != 101 || first(read_options(body.substr(8)), 9) != "\x09"))
    out.wrong = "interface";
  if (type == 5) out.statistics_comment = first(read_options(body.substr(12)), 1);
  if (type == 4)
    for (size_t at = 0; little(body, at, 2) != 0;) {
      uint32_t kind = little(body, at, 2), size = little(body, at + 2, 2), address = kind == 1 ? 4 : 16;
      out.names[std::string(body.substr(at + 4, address))] =
          body.substr(at + 4 + address, size - address - 1);
      at += 4 + (size + 3) / 4 * 4;
    }
  if (type != 6) return;
  ReadPacket packet;
  packet.time_ns = static_cast<uint64_t>(little(body, 4, 4)) << 32 | little(body, 8, 4);
  uint32_t size = little(body, 12, 4);
  packet.original = little(body, 16, 4);
  packet.bytes = body.substr(20, size);
  for (const auto& [code, value] : read_options(body.substr(20 + (size + 3) / 4 * 4))) {
    if (code == 1) packet.comments.push_back(value);
    if (code == 2) packet.flags = little(value, 0, 4);
  }
  out.packets.push_back(std::move(packet));
}

inline ReadFile read_pcapng(std::string_view bytes) {
  ReadFile out;
  for (size_t at = 0; at < bytes.size() && out.wrong.empty();) {
    if (at + 12 > bytes.size()) return out.wrong = "cut block", out;
    uint32_t type = little(bytes, at, 4), size = little(bytes, at + 4, 4);
    if (size % 4 != 0 || size < 12 || at + size > bytes.size() || little(bytes, at + size - 4, 4) != size)
      return out.wrong = "block size", out;
    if (at == 0 && type != 0x0a0d0d0a) return out.wrong = "no section", out;
    read_block(type, bytes.substr(at + 8, size - 12), out);
    at += size;
  }
  return out;
}

inline uint32_t summed(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/// "" or what is wrong with the packet's lengths and checksums.
inline std::string check(const ReadPacket& packet) {
  if (packet.ip_length() != packet.original) return "the IP length is not the original length";
  if (packet.bytes.size() > packet.original) return "more bytes than there were";
  if (!packet.v6() && summed(std::string_view(packet.bytes).substr(0, 20)) != 0xffff) return "IPv4 checksum";
  std::string_view transport = packet.transport();
  auto length = static_cast<uint32_t>(packet.original - (packet.v6() ? 40 : 20));
  if (packet.protocol() == 17 && big(transport, 4, 2) != length) return "UDP length";
  std::string pseudo;
  if (packet.protocol() != 1) {
    pseudo = packet.bytes.substr(packet.v6() ? 8 : 12, packet.v6() ? 32 : 8);
    pseudo += std::string("\0", 1) + static_cast<char>(packet.protocol());
    pseudo += static_cast<char>(length >> 8);
    pseudo += static_cast<char>(length & 0xff);
  }
  return summed(pseudo + std::string(transport)) == 0xffff ? "" : "checksum of the transport";
}

}  // namespace assay::test
