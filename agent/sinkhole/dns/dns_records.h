// dns_records: the answer section of a reply: which records a question gets, and how they are written. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/dns/dns.h"

namespace assay::sinkhole {

inline constexpr size_t kDnsHeaderBytes = 12;  // behind which the question's name always stands
enum DnsType : uint16_t {
  kDnsA = 1,
  kDnsNs = 2,
  kDnsSoa = 6,
  kDnsPtr = 12,
  kDnsMx = 15,
  kDnsTxt = 16,
  kDnsAaaa = 28,
  kDnsSrv = 33,
  kDnsOpt = 41,
  kDnsAny = 255
};
enum DnsRcode : uint8_t { kNoError = 0, kFormErr = 1, kNxDomain = 3, kNotImp = 4, kRefused = 5 };

void put_be16(std::string& out, unsigned value);
void put_be32(std::string& out, uint32_t value);

struct DnsRecords {
  std::string wire;
  unsigned count = 0;
  std::vector<std::string> text;
  void add(uint16_t type, const std::string& data, std::string shown);
};

/// Adds to `records`; returns the reply's code.
uint8_t make_records(const DnsQuestion& question, Zone& zone, DnsRecords& records);

}  // namespace assay::sinkhole
