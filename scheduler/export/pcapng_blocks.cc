// Type, length, body, options, length again.
#include "scheduler/export/pcapng_blocks.h"

namespace assay::pcapng {
namespace {

constexpr uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kNames = 4, kStatistics = 5, kPacket = 6;
constexpr uint16_t kLinkRaw = 101;  // LINKTYPE_RAW: the packet begins with its IP header
constexpr size_t kMaxOption = 0xffff;

template <class T>
void put(std::string& out, T value) {
  for (size_t i = 0; i < sizeof value; ++i)
    out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i) & 0xff);
}

void pad(std::string& out) { out.append((4 - out.size() % 4) % 4, '\0'); }

void put_option(std::string& out, uint16_t code, std::string_view value) {
  value = value.substr(0, kMaxOption);
  put<uint16_t>(out, code);
  put<uint16_t>(out, static_cast<uint16_t>(value.size()));
  out += value;
  pad(out);
}

void put_text(std::string& out, uint16_t code, std::string_view text) {
  if (!text.empty()) put_option(out, code, text);
}

void end_options(std::string& out) { put<uint32_t>(out, 0); }

std::string block(uint32_t type, std::string body) {
  pad(body);
  std::string out;
  auto size = static_cast<uint32_t>(body.size() + 12);
  put(out, type);
  put(out, size);
  out += body;
  put(out, size);
  return out;
}

void put_time(std::string& out, uint64_t time_ns) {
  put(out, static_cast<uint32_t>(time_ns >> 32));
  put(out, static_cast<uint32_t>(time_ns));
}

std::string eight(uint64_t value) {
  std::string out;
  put(out, value);
  return out;
}

}  // namespace

std::string section_header(std::string_view comment, std::string_view os, std::string_view application) {
  std::string body;
  put<uint32_t>(body, 0x1a2b3c4d);  // byte order
  put<uint16_t>(body, 1);           // version 1.0
  put<uint16_t>(body, 0);
  put<uint64_t>(body, ~0ull);  // the section's length: not known while it is written
  put_text(body, kComment, comment);
  put_text(body, 3, os);
  put_text(body, 4, application);
  end_options(body);
  return block(kSection, std::move(body));
}

std::string interface_description(std::string_view name, std::string_view description) {
  std::string body;
  put<uint16_t>(body, kLinkRaw);
  put<uint16_t>(body, 0);
  put<uint32_t>(body, 0);  // no snap length: what was cut is told packet by packet
  put_text(body, 2, name);
  put_text(body, 3, description);
  put_option(body, 9, "\x09");  // if_tsresol: 10^-9 s
  end_options(body);
  return block(kInterface, std::move(body));
}

std::string name_resolution(std::span<const std::pair<std::string, std::string>> names) {
  std::string body;
  for (const auto& [address, name] : names) {
    put<uint16_t>(body, address.size() == 4 ? 1 : 2);
    put<uint16_t>(body, static_cast<uint16_t>(address.size() + name.size() + 1));
    body += address + name + '\0';
    pad(body);
  }
  put<uint32_t>(body, 0);  // nrb_record_end
  return block(kNames, std::move(body));
}

std::string enhanced_packet(const Packet& packet) {
  std::string body;
  put<uint32_t>(body, 0);  // the one interface
  put_time(body, packet.time_ns);
  put(body, static_cast<uint32_t>(packet.bytes.size()));
  put(body, packet.original_size);
  body += packet.bytes;
  pad(body);
  for (const std::string& comment : packet.comments) put_text(body, kComment, comment);
  std::string flags;
  put<uint32_t>(flags, packet.outbound ? 2 : 1);
  put_option(body, 2, flags);
  end_options(body);
  return block(kPacket, std::move(body));
}

std::string interface_statistics(uint64_t time_ns, uint64_t packets, std::string_view comment) {
  std::string body;
  put<uint32_t>(body, 0);
  put_time(body, time_ns);
  put_text(body, kComment, comment);
  put_option(body, 4, eight(packets));  // isb_ifrecv
  end_options(body);
  return block(kStatistics, std::move(body));
}

}  // namespace assay::pcapng
