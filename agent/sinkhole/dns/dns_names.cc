// The table of names and addresses, and how both are written.
#include <algorithm>
#include <array>

#include "agent/sinkhole/dns/dns.h"

namespace assay::sinkhole {
namespace {

constexpr uint32_t kNetwork = (198u << 24) | (18u << 16);          // 198.18.0.0/15
constexpr std::array<uint8_t, 12> kNetwork6 = {0x20, 0x01, 0, 2};  // 2001:2::
constexpr uint32_t kOverflowNetwork = (198u << 24) | (19u << 16) | (255u << 8);

}  // namespace

uint32_t NameTable::address_of(const std::string& name) {
  if (auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  uint32_t hash = 2166136261u;  // FNV-1a
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  if (by_name_.size() >= kMaxNames) {
    ++overflows_;
    return kOverflowNetwork | (1 + hash % 254);
  }
  // 511 networks of 254 hosts: no .0 or .255, and not the overflow's.
  constexpr uint32_t kHosts = 511u * 254u;
  for (uint32_t probe = hash % kHosts;; probe = (probe + 1) % kHosts) {
    uint32_t address = kNetwork + ((probe / 254) << 8) + 1 + probe % 254;
    auto [slot, fresh] = by_address_.try_emplace(address, nullptr);
    if (!fresh) continue;
    slot->second = &by_name_.emplace(name, address).first->first;
    return address;
  }
}

Address NameTable::address6_of(const std::string& name) {
  Address out;
  std::copy(kNetwork6.begin(), kNetwork6.end(), out.bytes.begin());
  uint32_t four = address_of(name);
  for (size_t i = 0; i < 4; ++i) out.bytes[12 + i] = static_cast<uint8_t>(four >> (24 - 8 * i));
  return out;
}

const std::string* NameTable::name_of(const Address& address) const {
  uint32_t four = address.as_v4();
  if (std::equal(kNetwork6.begin(), kNetwork6.end(), address.bytes.begin()))
    for (size_t i = 12; i < 16; ++i) four = four << 8 | address.bytes[i];
  auto it = by_address_.find(four);
  return it == by_address_.end() ? nullptr : it->second;
}

std::string dns_type_name(uint16_t type) {
  struct Name {
    uint16_t type;
    const char* name;
  };
  static constexpr std::array<Name, 18> kNames = {{{1, "A"},
                                                   {2, "NS"},
                                                   {5, "CNAME"},
                                                   {6, "SOA"},
                                                   {10, "NULL"},
                                                   {12, "PTR"},
                                                   {15, "MX"},
                                                   {16, "TXT"},
                                                   {28, "AAAA"},
                                                   {33, "SRV"},
                                                   {35, "NAPTR"},
                                                   {43, "DS"},
                                                   {48, "DNSKEY"},
                                                   {64, "SVCB"},
                                                   {65, "HTTPS"},
                                                   {252, "AXFR"},
                                                   {255, "ANY"},
                                                   {257, "CAA"}}};
  for (const Name& entry : kNames)
    if (entry.type == type) return entry.name;
  return "TYPE" + std::to_string(type);
}

std::string ipv4_text(uint32_t a) {
  return std::to_string(a >> 24) + "." + std::to_string((a >> 16) & 255) + "." +
         std::to_string((a >> 8) & 255) + "." + std::to_string(a & 255);
}

}  // namespace assay::sinkhole
