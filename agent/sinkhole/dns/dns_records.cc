// One function a type of record, and the few names whose addresses are fixed.
#include "agent/sinkhole/dns/dns_records.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

namespace assay::sinkhole {
namespace {

constexpr uint32_t kTtlSeconds = 60;
constexpr uint16_t kIn = 1;

constexpr uint32_t ipv4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// Names that are known to have one address, in the persona that has them or in all.
struct FixedName {
  std::string_view name;
  uint32_t address;
  std::optional<Persona> persona;
};
constexpr std::array kFixed = {
    FixedName{"localhost", ipv4(127, 0, 0, 1), {}},
    FixedName{"metadata.google.internal", ipv4(169, 254, 169, 254), {}},
    FixedName{"metadata", ipv4(169, 254, 169, 254), Persona::cloud},
    FixedName{"instance-data.ec2.internal", ipv4(169, 254, 169, 254), {}},
    FixedName{"instance-data", ipv4(169, 254, 169, 254), Persona::cloud},
    FixedName{"host.docker.internal", ipv4(172, 17, 0, 1), {}},
    FixedName{"gateway.docker.internal", ipv4(172, 17, 0, 1), {}},
    FixedName{"kubernetes.default.svc.cluster.local", ipv4(10, 96, 0, 1), Persona::kubernetes},
    FixedName{"kubernetes.default.svc", ipv4(10, 96, 0, 1), Persona::kubernetes},
    FixedName{"kubernetes.default", ipv4(10, 96, 0, 1), Persona::kubernetes},
    FixedName{"kubernetes", ipv4(10, 96, 0, 1), Persona::kubernetes},
    FixedName{"kube-dns.kube-system.svc.cluster.local", ipv4(10, 96, 0, 10), Persona::kubernetes},
};

const FixedName* fixed_name(std::string_view name, Persona persona) {
  auto at = std::find_if(kFixed.begin(), kFixed.end(), [&](const FixedName& fixed) {
    return fixed.name == name && fixed.persona.value_or(persona) == persona;
  });
  return at == kFixed.end() ? nullptr : &*at;
}

size_t dots(std::string_view text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '.')); }

// A resolver with search domains asks for evil.com.svc.cluster.local before it asks for evil.com. Not here:
// what names a namespace as often (dev, app, test, shop).
bool is_top_level(std::string_view label) {
  constexpr std::string_view kKnown[] = {"com",   "net",  "org",  "info", "biz",    "xyz",  "top",
                                         "site",  "club", "live", "pro",  "online", "icu",  "tech",
                                         "onion", "edu",  "gov",  "mil",  "int",    "arpa", "example"};
  return label.size() == 2 || std::find(std::begin(kKnown), std::end(kKnown), label) != std::end(kKnown);
}

// SERVICE.NAMESPACE.svc.cluster.local, with _PORT._PROTOCOL before it or not.
bool is_service(std::string_view name) {
  constexpr std::string_view kServices = ".svc.cluster.local";
  if (!name.ends_with(kServices)) return false;
  name.remove_suffix(kServices.size());
  while (name.starts_with('_') && name.find('.') != std::string_view::npos)
    name.remove_prefix(name.find('.') + 1);
  return dots(name) == 1 && !is_top_level(name.substr(name.find('.') + 1)) &&
         !name.starts_with("kubernetes.");
}

// In one of the resolver's search domains, or inside of a cluster that is not there: not all names exist.
bool belongs_elsewhere(std::string_view name, Persona persona) {
  if (name.ends_with(".compute.internal") || name.ends_with(".ec2.internal")) return !name.starts_with("ip-");
  if (persona == Persona::kubernetes) return name.ends_with(".cluster.local") && !is_service(name);
  return name.ends_with(".cluster.local") || name.ends_with(".svc") || name == "kubernetes.default";
}

// "mail." + the question's name: that one is pointed to (RFC 1035 section 4.1.4).
std::string prefixed_name(std::string_view label) {
  std::string out;
  out += static_cast<char>(label.size());
  out += label;
  put_be16(out, 0xc000 | kDnsHeaderBytes);
  return out;
}

std::string wire_name(std::string_view name) {
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

// "7.3.18.198.in-addr.arpa", or 32 hex digits before "ip6.arpa" (RFC 3596 section 2.5), as an address.
std::optional<Address> reverse_address(const std::string& name) {
  constexpr std::string_view kSix = ".ip6.arpa";
  if (name.ends_with(kSix) && name.size() == 63 + kSix.size()) {
    Address out;
    for (size_t i = 0; i < 32; ++i) {
      size_t digit = std::string_view("0123456789abcdef").find(name[62 - 2 * i]);
      if (digit == std::string_view::npos || (i > 0 && name[63 - 2 * i] != '.')) return std::nullopt;
      uint8_t& byte = out.bytes[i / 2];
      byte = static_cast<uint8_t>(byte << 4 | digit);
    }
    return out;
  }
  unsigned b[4];
  int consumed = 0;
  if (std::sscanf(name.c_str(), "%3u.%3u.%3u.%3u.in-addr.arpa%n", &b[3], &b[2], &b[1], &b[0], &consumed) !=
          4 ||
      static_cast<size_t>(consumed) != name.size())
    return std::nullopt;
  for (unsigned part : b)
    if (part > 255) return std::nullopt;
  return Address::v4(ipv4(b[0], b[1], b[2], b[3]));
}

std::string_view name_at(const Address& address, const Zone& zone) {
  if (const std::string* name = zone.names.name_of(address)) return *name;
  for (const FixedName& fixed : kFixed)
    if (Address::v4(fixed.address) == address && fixed.persona.value_or(zone.persona) == zone.persona)
      return fixed.name;
  return {};
}

void add_address(const DnsQuestion& question, Zone& zone, DnsRecords& records) {
  const FixedName* fixed = fixed_name(question.name, zone.persona);
  if (question.name.ends_with(".localhost")) fixed = &kFixed.front();
  std::string data;
  if (question.type == kDnsAaaa) {
    Address six;
    if (fixed == &kFixed.front())
      six.bytes[15] = 1;
    else if (fixed)
      return;  // of IPv4 alone
    else
      six = zone.names.address6_of(question.name);
    data.assign(six.bytes.begin(), six.bytes.end());
    return records.add(kDnsAaaa, data, six.text());
  }
  uint32_t four = fixed ? fixed->address : zone.names.address_of(question.name);
  put_be32(data, four);
  records.add(kDnsA, data, ipv4_text(four));
}

// "_ldap._tcp.example.com": the domain itself, at the service's own port (RFC 2782). No compression in there.
void add_service(const DnsQuestion& question, DnsRecords& records) {
  struct Service {
    std::string_view name;
    uint16_t port;
  };
  constexpr std::array<Service, 12> kServices = {{{"_ldap", 389},
                                                  {"_kerberos", 88},
                                                  {"_sip", 5060},
                                                  {"_xmpp-client", 5222},
                                                  {"_xmpp-server", 5269},
                                                  {"_imaps", 993},
                                                  {"_submission", 587},
                                                  {"_mongodb", 27017},
                                                  {"_minecraft", 25565},
                                                  {"_etcd-client", 2379},
                                                  {"_http", 80},
                                                  {"_https", 443}}};
  std::string_view name = question.name;
  size_t first = name.find('.');
  size_t second = first == std::string_view::npos ? first : name.find('.', first + 1);
  if (second == std::string_view::npos || name[0] != '_' || name[first + 1] != '_') return;
  auto known = std::find_if(kServices.begin(), kServices.end(),
                            [&](const Service& service) { return service.name == name.substr(0, first); });
  uint16_t port = known == kServices.end() ? 443 : known->port;
  std::string data;
  for (unsigned value : {0u, 5u, static_cast<unsigned>(port)}) put_be16(data, value);
  std::string target(name.substr(second + 1));
  records.add(kDnsSrv, data + wire_name(target), "0 5 " + std::to_string(port) + " " + target);
}

void add_start_of_authority(const DnsQuestion& question, DnsRecords& records) {
  std::string data = prefixed_name("ns1") + prefixed_name("hostmaster");
  for (uint32_t value : {2024010101u, 7200u, 3600u, 1209600u, 300u}) put_be32(data, value);
  records.add(kDnsSoa, data, "ns1." + question.name);
}

void add_record(const DnsQuestion& question, Zone& zone, DnsRecords& records) {
  switch (question.type) {
    case kDnsA:
    case kDnsAaaa:
    case kDnsAny:
      return add_address(question, zone, records);
    case kDnsMx: {
      std::string data;
      put_be16(data, 10);
      return records.add(kDnsMx, data + prefixed_name("mail"), "10 mail." + question.name);
    }
    case kDnsTxt: {
      std::string text = question.name.starts_with("_dmarc.") ? "v=DMARC1; p=none" : "v=spf1 -all";
      return records.add(kDnsTxt, static_cast<char>(text.size()) + text, text);
    }
    case kDnsNs:
      return records.add(kDnsNs, prefixed_name("ns1"), "ns1." + question.name);
    case kDnsSoa:
      return add_start_of_authority(question, records);
    case kDnsSrv:
      return add_service(question, records);
    default:
      return;  // the name exists, the record does not: HTTPS, SVCB, CNAME, DS...
  }
}

}  // namespace

void put_be16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void put_be32(std::string& out, uint32_t value) {
  put_be16(out, value >> 16);
  put_be16(out, value & 0xffff);
}

void DnsRecords::add(uint16_t type, const std::string& data, std::string shown) {
  put_be16(wire, 0xc000 | kDnsHeaderBytes);
  put_be16(wire, type);
  put_be16(wire, kIn);
  put_be32(wire, kTtlSeconds);
  put_be16(wire, static_cast<unsigned>(data.size()));
  wire += data;
  ++count;
  text.push_back(std::move(shown));
}

uint8_t make_records(const DnsQuestion& question, Zone& zone, DnsRecords& records) {
  if (question.type == kDnsPtr) {
    auto address = reverse_address(question.name);
    std::string_view name = address ? name_at(*address, zone) : std::string_view();
    if (name.empty()) return kNxDomain;
    records.add(kDnsPtr, wire_name(name), std::string(name));
    return kNoError;
  }
  if (!fixed_name(question.name, zone.persona) &&
      (belongs_elsewhere(question.name, zone.persona) || zone.dga.refuses(question.name, zone.now_ns)))
    return kNxDomain;
  add_record(question, zone, records);
  return kNoError;
}

}  // namespace assay::sinkhole
