// Option by option.
#include "gateway/config.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <tuple>

#include "common/metrics_http.h"
#include "common/platform.h"
#include "common/submission.h"
#include "common/text.h"
#include "common/units.h"

namespace assay::gateway {
namespace {

namespace po = boost::program_options;
using decisions::Outcome;

constexpr std::chrono::seconds kIdle{30};  // API servers keep their connections

std::string text(const po::variables_map& map, const char* name) {
  return map.count(name) ? map[name].as<std::string>() : "";
}

std::vector<std::string> texts(const po::variables_map& map, const char* name) {
  return map.count(name) ? map[name].as<std::vector<std::string>>() : std::vector<std::string>();
}

Result<Outcome> read_outcome(const po::variables_map& map, const char* name) {
  std::string word = text(map, name);
  for (Outcome outcome : {Outcome::pass, Outcome::warn, Outcome::fail})
    if (word == decisions::to_string(outcome)) return outcome;
  return Error{Errc::invalid,
               std::string(name) + " '" + printable(word, 40) + "' is none of pass, warn, fail"};
}

Status read_http(const po::variables_map& map, HttpConfig& http) {
  std::string listen = text(map, "listen");
  auto parsed = parse_http_address(listen);
  if (!parsed)
    return Error{Errc::invalid,
                 "listen '" + printable(listen, 100) + "' is not ADDRESS:PORT, as in 0.0.0.0:8443"};
  std::tie(http.host, http.port) = *parsed;
  http.idle = kIdle;
  TlsFiles files{text(map, "cert"), text(map, "key"), text(map, "client-ca")};
  if (files.certificate.empty() != files.key.empty())
    return Error{Errc::invalid, "cert and key belong together: one of them is not given"};
  if (files.certificate.empty() && !files.client_ca.empty())
    return Error{Errc::invalid,
                 "client-ca takes a cert and a key: without TLS no client shows a certificate"};
  if (!files.certificate.empty()) http.tls = std::move(files);
  return Status();
}

Status read_farm(const po::variables_map& map, FarmConfig& farm) {
  farm.url = text(map, "scheduler");
  farm.token_file = text(map, "token-file");
  farm.ca_file = text(map, "scheduler-ca");
  return check_farm_url(farm.url).context("option scheduler");
}

Status read_admission(const po::variables_map& map, AdmissionSettings& admission) {
  ASSAY_TRY(admission.unpinned, read_outcome(map, "unpinned"));
  if (text(map, "unanswered") != "policy") {
    ASSAY_TRY(admission.unanswered, read_outcome(map, "unanswered"));
  }
  admission.scan_unknown = map["scan-unknown"].as<bool>();
  admission.lane = text(map, "lane");
  ASSAY_TRY(Lane lane, parse_lane(admission.lane));
  (void)lane;
  ASSAY_TRY(admission.longest, parse_duration(text(map, "answer-time")));
  if (admission.longest < std::chrono::milliseconds(100) || admission.longest > std::chrono::seconds(60))
    return Error{Errc::invalid, "answer-time is 100ms to 60s"};
  admission.client_names = texts(map, "client-name");
  admission.client_wanted = !text(map, "client-ca").empty();
  if (!admission.client_names.empty() && !admission.client_wanted)
    return Error{Errc::invalid, "client-name takes a client-ca: without one no certificate is asked for"};
  return Status();
}

Status read_registries(const po::variables_map& map, RegistrySettings& registries) {
  registries.resolve_tags = map["resolve-tags"].as<bool>();
  registries.resolve_indexes = map["resolve-indexes"].as<bool>();
  registries.platforms = texts(map, "platform");
  for (std::string& platform : registries.platforms) {
    ASSAY_TRY(platform, parse_platform(platform));
  }
  registries.insecure = texts(map, "insecure-registry");
  registries.auth_file = text(map, "auth-file");
  registries.places = {text(map, "registries-conf"), text(map, "certs")};
  return Status();
}

}  // namespace

bool ResultSettings::count(const FarmScan& scan) const {
  return (imported || !scan.imported) &&
         (tenants.empty() || std::find(tenants.begin(), tenants.end(), scan.tenant) != tenants.end());
}

Result<Settings> read_settings(const po::variables_map& map) {
  Settings settings;
  ASSAY_CHECK(read_http(map, settings.http));
  ASSAY_CHECK(read_farm(map, settings.farm));
  settings.policy_files = texts(map, "policy");
  settings.metrics = text(map, "metrics");
  if (!settings.metrics.empty())
    if (auto address = parse_metrics_address(settings.metrics); !address) return address.error();
  ASSAY_CHECK(read_admission(map, settings.admission));
  ASSAY_CHECK(read_registries(map, settings.registries));
  settings.results = {texts(map, "tenant"), map["imported"].as<bool>()};
  ASSAY_TRY(settings.scanner, harbor::read_settings(map));
  ASSAY_TRY(settings.cache_time, parse_duration(text(map, "cache-time")));
  if (settings.cache_time > std::chrono::hours(1)) return Error{Errc::invalid, "cache-time is at most 1h"};
  settings.cache_size = map["cache-size"].as<size_t>();
  if (settings.cache_size < 1 || settings.cache_size > 1'000'000)
    return Error{Errc::invalid, "cache-size is 1 to 1000000"};
  return settings;
}

void describe(po::options_description& options) {
  using Texts = std::vector<std::string>;
  auto string = [](const char* value) { return po::value<std::string>()->default_value(value); };
  auto flag = [](bool value) { return po::value<bool>()->default_value(value, value ? "on" : "off"); };
  auto list = [](const char* value) {
    return po::value<Texts>()->composing()->default_value(Texts{value}, value);
  };
  auto add = options.add_options();
  add("listen", string("127.0.0.1:8443"), "where it answers: ADDRESS:PORT");
  add("cert", string(""), "PEM file of its certificate and those between; empty: plain HTTP");
  add("key", string(""), "PEM file of the certificate's key");
  add("client-ca", string(""),
      "PEM file of authorities: reviews are answered to clients with a certificate of theirs alone");
  add("client-name", po::value<Texts>()->composing(),
      "common name that a client's certificate must have; may be given several times; none: any");
  add("scheduler", string("http://127.0.0.1:8440"), "URL of the scheduler's API");
  add("scheduler-ca", string(""), "PEM file of authorities that the scheduler's certificate may come from");
  add("token-file", string("/etc/assay/gateway.token"),
      "file with a token of the roles read and submit (assay tokens)");
  add("policy", list("/etc/assay/policy.yaml"),
      "file of a policy; may be given several times: the first one holds for /admit, each for /admit/NAME");
  add("unpinned", string("fail"), "an image without a digest, where tags are not resolved: pass, warn, fail");
  add("unanswered", string("policy"),
      "an image of which nobody says anything in time: pass, warn, fail; policy: as one without a result");
  add("tenant", po::value<Texts>()->composing(),
      "whose scans count, by the names of their tokens; may be given several times; none: anybody's");
  add("imported", flag(false), "on: results of traces that came as files count, too");
  add("scan-unknown", flag(false), "on: images without a result are submitted");
  add("lane", string("gate"), "of these: gate, interactive, batch, sweep");
  add("answer-time", string("9s"), "a review is answered within it, and before its asker gives up");
  add("resolve-tags", flag(false), "on: registries are asked what a tag means");
  add("resolve-indexes", flag(true), "on: registries are asked what an index, of several platforms, holds");
  add("platform", list("linux/amd64"),
      "of an index the images that count; may be given several times: each must be admitted");
  add("auth-file", string(""), "docker config.json for registries; empty: the usual places");
  add("insecure-registry", po::value<Texts>()->composing(),
      "HOST[:PORT] asked by plain HTTP; may be given several times");
  add("registries-conf", string(""), "file of mirrors and blocked registries; empty: the host's own");
  add("certs", string(""), "directory of registries' certificates (HOST/ca.crt); empty: the host's own");
  add("cache-time", string("60s"), "how long a decision is remembered; 0: not at all");
  add("cache-size", po::value<size_t>()->default_value(10'000), "decisions remembered");
  add("metrics", string(""), "ADDRESS:PORT of Prometheus' metrics; empty: off");
  harbor::describe(options);
}

}  // namespace assay::gateway
