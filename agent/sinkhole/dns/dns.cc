// Messages: a query has one question and no compression. What is answered is in dns_records.cc.
#include "agent/sinkhole/dns/dns.h"

#include <cstdio>

#include "agent/sinkhole/dns/dns_records.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxQueryBytes = 4096;
constexpr uint16_t kIn = 1, kAnyClass = 255;

uint16_t get16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) << 8 | static_cast<uint8_t>(bytes[at + 1]));
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

std::string encode_reply(const DnsQuestion& question, uint8_t rcode, const DnsRecords& records) {
  std::string out;
  put_be16(out, question.id);
  // QR, the query's opcode and RD, and RA.
  put_be16(out, 0x8080u | (question.flags & 0x7900u) | rcode);
  put_be16(out, question.wire.empty() ? 0 : 1);
  put_be16(out, records.count);
  put_be16(out, 0);
  put_be16(out, question.edns ? 1 : 0);
  out += question.wire + records.wire;
  if (question.edns) {
    out += '\0';
    put_be16(out, kDnsOpt);
    put_be16(out, 1232);
    put_be32(out, 0);
    put_be16(out, 0);
  }
  return out;
}

}  // namespace

std::optional<DnsQuestion> parse_dns_query(std::string_view packet) {
  if (packet.size() < kDnsHeaderBytes || packet.size() > kMaxQueryBytes) return std::nullopt;
  DnsQuestion question;
  question.id = get16(packet, 0);
  question.flags = get16(packet, 2);
  if ((question.flags & 0x8000) != 0 || get16(packet, 4) != 1) return std::nullopt;
  size_t at = kDnsHeaderBytes;
  for (;;) {
    if (at >= packet.size()) return std::nullopt;
    size_t length = static_cast<uint8_t>(packet[at++]);
    if (length == 0) break;
    // A query's name is never compressed: nothing stands before it.
    if (length > 63 || at + length > packet.size() || at + length - kDnsHeaderBytes > kMaxNameBytes)
      return std::nullopt;
    append_label(question.name, packet.substr(at, length));
    at += length;
  }
  if (at + 4 > packet.size()) return std::nullopt;
  question.type = get16(packet, at);
  question.klass = get16(packet, at + 2);
  at += 4;
  question.wire = packet.substr(kDnsHeaderBytes, at - kDnsHeaderBytes);
  // An OPT record stands first among the additional ones, named by the root; that is where everybody puts it.
  bool first_is_additional = get16(packet, 6) == 0 && get16(packet, 8) == 0 && get16(packet, 10) > 0;
  question.edns = first_is_additional && at + 11 <= packet.size() && packet[at] == '\0' &&
                  get16(packet, at + 1) == kDnsOpt;
  return question;
}

DnsReply answer_dns(std::string_view packet, Zone& zone) {
  DnsReply reply;
  reply.question = parse_dns_query(packet);
  DnsRecords records;
  if (!reply.question) {
    reply.rcode = kFormErr;
    // Never answer what is an answer itself, or has no id to answer to.
    if (packet.size() < kDnsHeaderBytes || (get16(packet, 2) & 0x8000) != 0) return reply;
    DnsQuestion broken;
    broken.id = get16(packet, 0);
    broken.flags = get16(packet, 2);
    reply.packet = encode_reply(broken, kFormErr, records);
    return reply;
  }
  const DnsQuestion& question = *reply.question;
  if ((question.flags & 0x7800) != 0) {
    reply.rcode = kNotImp;
  } else if (question.klass != kIn && question.klass != kAnyClass) {
    reply.rcode = kRefused;
  } else {
    reply.rcode = make_records(question, zone, records);
  }
  reply.packet = encode_reply(question, reply.rcode, records);
  reply.answers = std::move(records.text);
  return reply;
}

}  // namespace assay::sinkhole
