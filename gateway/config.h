// config: what the gateway's options say, read and checked. The options themselves are documented in
// docs/assay-gateway.conf.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/http_server.h"
#include "common/result.h"
#include "decisions/policy.h"
#include "gateway/farm_client.h"
#include "gateway/harbor/settings.h"
#include "sources/places.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay::gateway {

/// How registries are asked what a tag or an index means.
struct RegistrySettings {
  bool resolve_tags = false;
  bool resolve_indexes = true;
  std::vector<std::string> platforms;  // "linux/amd64": those that the cluster's nodes run, of an index
  std::vector<std::string> insecure;   // hosts asked by plain HTTP, or whose certificate is not checked
  std::string auth_file;               // docker config.json; empty: containers' and docker's own places
  sources::PlaceFiles places;
};

struct AdmissionSettings {
  decisions::Outcome unpinned = decisions::Outcome::fail;  // a tag, where tags are not resolved
  /// Where nobody answers in time, the scheduler or a registry; not set: what the policy says of unscanned.
  std::optional<decisions::Outcome> unanswered;
  bool scan_unknown = false;                // submit what has no result
  std::string lane = "gate";                // of what is submitted
  std::chrono::milliseconds longest{9000};  // for one review, however much its asker would wait
  std::vector<std::string> client_names;    // of which a client certificate must have one; empty: any
  bool client_wanted = false;               // reviews are answered to clients with a certificate alone
};

/// Which of the kept results are decided by.
struct ResultSettings {
  std::vector<std::string> tenants;  // who must have submitted it; empty: anybody
  bool imported = false;             // those of traces that came as files, too

  bool count(const FarmScan& scan) const;
};

struct Settings {
  HttpConfig http;
  FarmConfig farm;
  std::vector<std::string> policy_files;
  std::string metrics;  // ADDRESS:PORT; empty: off
  AdmissionSettings admission;
  RegistrySettings registries;
  ResultSettings results;
  std::chrono::milliseconds cache_time{60'000};  // 0: nothing is remembered
  size_t cache_size = 10'000;
  harbor::Settings scanner;  // Harbor's adapter
};

void describe(boost::program_options::options_description& options);
/// Errc::invalid names the option and the rule that it breaks. Opens nothing.
Result<Settings> read_settings(const boost::program_options::variables_map& map);

}  // namespace assay::gateway
