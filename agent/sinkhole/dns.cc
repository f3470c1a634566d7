// Parser, table and answers in one place: a query has one question and no compression, so there is no more to
// DNS than this here.
#include "agent/sinkhole/dns.h"

#include <algorithm>
#include <cstdio>

namespace assay::sinkhole {
namespace {

constexpr size_t kHeaderBytes = 12;
constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxQueryBytes = 4096;
constexpr uint32_t kTtlSeconds = 60;
constexpr uint16_t kIn = 1, kAny = 255;
enum Type : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41
};
enum Rcode : uint8_t { kNoError = 0, kFormErr = 1, kNxDomain = 3, kNotImp = 4, kRefused = 5 };

uint16_t get16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 | static_cast<uint8_t>(bytes[at + 1]));
}
void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}
void put32(std::string& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

void append_label(std::string& name, std::string_view label) {
  if (!name.empty()) name += '.';
  for (char c : label) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 'A' && byte <= 'Z') {
      name += static_cast<char>(byte + ('a' - 'A'));
    } else if (byte > ' ' && byte < 0x7f && c != '.' && c != '\\') {
      name += c;
    } else {
      char escape[5];
      std::snprintf(escape, sizeof escape, "\\%03u", byte);
      name += escape;
    }
  }
}

// "mail." + name on the wire; the question's name is pointed to (RFC 1035 section 4.1.4): it always stands
// right after the header.
std::string prefixed_name(std::string_view label) {
  std::string out;
  if (!label.empty()) {
    out += static_cast<char>(label.size());
    out += label;
  }
  put16(out, 0xc000 | kHeaderBytes);
  return out;
}

std::string wire_name(const std::string& name) {
  std::string out;
  for (size_t begin = 0; begin < name.size();) {
    size_t end = std::min(name.find('.', begin), name.size());
    std::string label;
    for (size_t i = begin; i < end; ++i) {
      if (name[i] == '\\' && i + 3 < end) {
        label +=
            static_cast<char>((name[i + 1] - '0') * 100 + (name[i + 2] - '0') * 10 + (name[i + 3] - '0'));
        i += 3;
      } else {
        label += name[i];
      }
    }
    out += static_cast<char>(label.size());
    out += label;
    begin = end + 1;
  }
  return out + '\0';
}

// "7.3.18.198.in-addr.arpa" as an address.
std::optional<uint32_t> reverse_address(const std::string& name) {
  unsigned b[4];
  int consumed = 0;
  if (std::sscanf(name.c_str(), "%3u.%3u.%3u.%3u.in-addr.arpa%n", &b[3], &b[2], &b[1], &b[0], &consumed) !=
          4 ||
      static_cast<size_t>(consumed) != name.size())
    return std::nullopt;
  for (unsigned part : b)
    if (part > 255) return std::nullopt;
  return b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

struct Records {
  std::string wire;
  unsigned count = 0;
  std::vector<std::string> text;

  void add(uint16_t type, const std::string& data, std::string shown) {
    put16(wire, 0xc000 | kHeaderBytes);
    put16(wire, type);
    put16(wire, kIn);
    put32(wire, kTtlSeconds);
    put16(wire, static_cast<unsigned>(data.size()));
    wire += data;
    ++count;
    text.push_back(std::move(shown));
  }
};

std::string soa_data() {
  std::string data = prefixed_name("ns1") + prefixed_name("hostmaster");
  for (uint32_t value : {2024010101u, 7200u, 3600u, 1209600u, 300u}) put32(data, value);
  return data;
}

Rcode make_records(const DnsQuestion& question, NameTable& names, Records& records) {
  switch (question.type) {
    case kA:
    case kAny: {
      uint32_t address = names.address_of(question.name);
      std::string data;
      put32(data, address);
      records.add(kA, data, ipv4_text(address));
      return kNoError;
    }
    case kPtr: {
      auto address = reverse_address(question.name);
      const std::string* name = address ? names.name_of(Address::v4(*address)) : nullptr;
      if (!name) return kNxDomain;
      records.add(kPtr, wire_name(*name), *name);
      return kNoError;
    }
    case kMx: {
      std::string data;
      put16(data, 10);
      records.add(kMx, data + prefixed_name("mail"), "10 mail." + question.name);
      return kNoError;
    }
    case kTxt: {
      std::string text = "v=spf1 -all";
      records.add(kTxt, static_cast<char>(text.size()) + text, text);
      return kNoError;
    }
    case kNs:
      records.add(kNs, prefixed_name("ns1"), "ns1." + question.name);
      return kNoError;
    case kSoa:
      records.add(kSoa, soa_data(), "ns1." + question.name);
      return kNoError;
    default:
      return kNoError;  // the name exists, the record does not; AAAA too: IPv6 is off
  }
}

std::string encode_reply(const DnsQuestion& question, uint8_t rcode, const Records& records) {
  std::string out;
  put16(out, question.id);
  // QR, the query's opcode and RD, and RA.
  put16(out, 0x8080u | (question.flags & 0x7900u) | rcode);
  put16(out, question.wire.empty() ? 0 : 1);
  put16(out, records.count);
  put16(out, 0);
  put16(out, question.edns ? 1 : 0);
  out += question.wire + records.wire;
  if (question.edns) {
    out += '\0';
    put16(out, kOpt);
    put16(out, 1232);
    put32(out, 0);
    put16(out, 0);
  }
  return out;
}

}  // namespace

std::optional<DnsQuestion> parse_dns_query(std::string_view packet) {
  if (packet.size() < kHeaderBytes || packet.size() > kMaxQueryBytes) return std::nullopt;
  DnsQuestion question;
  question.id = get16(packet, 0);
  question.flags = get16(packet, 2);
  if ((question.flags & 0x8000) != 0 || get16(packet, 4) != 1) return std::nullopt;
  size_t at = kHeaderBytes;
  for (;;) {
    if (at >= packet.size()) return std::nullopt;
    size_t length = static_cast<uint8_t>(packet[at++]);
    if (length == 0) break;
    // A query's name is never compressed: nothing stands before it.
    if (length > 63 || at + length > packet.size() || at + length - kHeaderBytes > kMaxNameBytes)
      return std::nullopt;
    append_label(question.name, packet.substr(at, length));
    at += length;
  }
  if (at + 4 > packet.size()) return std::nullopt;
  question.type = get16(packet, at);
  question.klass = get16(packet, at + 2);
  at += 4;
  question.wire = packet.substr(kHeaderBytes, at - kHeaderBytes);
  // An OPT record stands first among the additional ones, named by the root; that is where everybody puts it.
  bool first_is_additional = get16(packet, 6) == 0 && get16(packet, 8) == 0 && get16(packet, 10) > 0;
  question.edns =
      first_is_additional && at + 11 <= packet.size() && packet[at] == '\0' && get16(packet, at + 1) == kOpt;
  return question;
}

DnsReply answer_dns(std::string_view packet, NameTable& names) {
  DnsReply reply;
  reply.question = parse_dns_query(packet);
  Records records;
  if (!reply.question) {
    reply.rcode = kFormErr;
    // Never answer what is an answer itself, or has no id to answer to.
    if (packet.size() < kHeaderBytes || (get16(packet, 2) & 0x8000) != 0) return reply;
    DnsQuestion broken;
    broken.id = get16(packet, 0);
    broken.flags = get16(packet, 2);
    reply.packet = encode_reply(broken, kFormErr, records);
    return reply;
  }
  const DnsQuestion& question = *reply.question;
  if ((question.flags & 0x7800) != 0) {
    reply.rcode = kNotImp;
  } else if (question.klass != kIn && question.klass != kAny) {
    reply.rcode = kRefused;
  } else {
    reply.rcode = make_records(question, names, records);
  }
  reply.packet = encode_reply(question, reply.rcode, records);
  reply.answers = std::move(records.text);
  return reply;
}

}  // namespace assay::sinkhole
