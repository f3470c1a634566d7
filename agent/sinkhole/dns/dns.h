// dns: the simulated internet's name service. Every name exists and has an address of its own, but for bursts
// of random-looking ones and for what belongs to a cluster that is not there; a pure function from packet to
// packet. Queries are hostile: whatever does not parse gets FORMERR, or nothing. Format: RFC 1035 section 4,
// EDNS(0) RFC 6891.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/sinkhole/address.h"
#include "agent/sinkhole/dns/dns_dga.h"
#include "common/job.h"

namespace assay::sinkhole {

/// Names and the addresses they were given: of IPv4 out of 198.18.0.0/15 (RFC 2544), of IPv6 the same bits
/// below 2001:2:: (RFC 5180). A name's address follows from its spelling alone unless it collides with one
/// that was asked for earlier, so it is the same in the next scan. Bounded: beyond kMaxNames, names share
/// addresses out of 198.19.255.0/24 that map back to nothing, and are counted.
class NameTable {
 public:
  static constexpr size_t kMaxNames = 50'000;
  uint32_t address_of(const std::string& name);  // host byte order
  Address address6_of(const std::string& name);
  const std::string* name_of(const Address& address) const;  // null: not given out
  uint64_t overflows() const { return overflows_; }

 private:
  std::unordered_map<std::string, uint32_t> by_name_;
  std::unordered_map<uint32_t, const std::string*> by_address_;  // into by_name_'s keys, which do not move
  uint64_t overflows_ = 0;
};

/// What answers depend on.
struct Zone {
  NameTable& names;
  DgaWatch& dga;
  Persona persona = Persona::bare;
  int64_t now_ns = 0;
};

struct DnsQuestion {
  uint16_t id = 0;
  uint16_t flags = 0;
  std::string name;  // lower case, without the root's dot; a byte that is not printable, or a dot inside of a
                     // label, as \DDD
  uint16_t type = 0;
  uint16_t klass = 0;
  bool edns = false;
  std::string wire;  // the question section as it was asked, to be repeated
};

struct DnsReply {
  std::string packet;                   // empty: no answer at all
  std::optional<DnsQuestion> question;  // what was asked, if it parsed
  uint8_t rcode = 0;
  std::vector<std::string> answers;  // "198.18.3.7", "10 mail.example.com", ...
};

/// Nullopt: not a query with exactly one well-formed question.
std::optional<DnsQuestion> parse_dns_query(std::string_view packet);
DnsReply answer_dns(std::string_view packet, Zone& zone);

/// "A", "AAAA", ... or "TYPE<n>" (RFC 3597).
std::string dns_type_name(uint16_t type);
std::string ipv4_text(uint32_t address);

}  // namespace assay::sinkhole
