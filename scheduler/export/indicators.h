// indicators: what of a report another system can look for: names, addresses, URLs, files. The one list that
// CSV, MISP and STIX are made of. Pure.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/report.h"

namespace assay {

struct Indicator {
  enum class Kind { domain, ipv4, ipv6, url, file } kind = Kind::domain;
  std::string value;         // name, address, URL; of a file its SHA-256
  std::string path;          // of a file, in the guest
  uint64_t size_bytes = 0;   // of a file
  uint32_t port = 0;         // of an address, that was contacted; 0: several, or none
  std::string proto;         // "tcp", "udp"
  std::string context;       // one sentence: "contacted over stratum", "dropped, and run"
  std::vector<Technique> techniques;  // of findings whose evidence names it
  bool suspicious = false;   // a finding of weight names it, or the image brought it from outside
};
const char* to_string(Indicator::Kind kind);

/// In the order of the report, each value once. What every image has (resolvers, the sinkhole's own names)
/// and files that are the image's own are left out.
std::vector<Indicator> indicators_of(const Report& report);

}  // namespace assay
