// indicators: what of a report another system can look for: names, addresses, URLs, files. The one list that
// CSV, MISP and STIX are made of; docs/exports.md says what is left out of it and why. Pure.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/report.h"

namespace assay {

struct Indicator {
  enum class Kind { domain, ipv4, ipv6, url, file } kind = Kind::domain;
  std::string value;        // name (lower case), address, URL (printable ASCII); of a file its SHA-256
  std::string path;         // of a file, in the guest, as printable() has it; the first of several
  uint64_t size_bytes = 0;  // of a file; 0: not known
  uint32_t port = 0;        // at which a name or an address was contacted; 0: several, or none
  std::string proto;        // "tcp", "udp", with a port
  std::string context;      // a few words, printable: "contacted over stratum", "dropped, executed"
  std::vector<Technique> techniques;  // of the findings whose evidence names it; each once
  /// The score is at least kSuspiciousScore, and a finding that is not weak names it, or the image ran it or
  /// sent a honeytoken there. It says where to look; whether to block it is for whoever knows their network.
  bool suspicious = false;
};
/// "domain", "ipv4", "ipv6", "url", "file".
const char* to_string(Indicator::Kind kind);

/// Domains, then addresses, URLs and files, in each kind in the order of the report; each value once.
std::vector<Indicator> indicators_of(const Report& report);

}  // namespace assay
