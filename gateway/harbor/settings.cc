// Option by option.
#include "gateway/harbor/settings.h"

#include <boost/program_options.hpp>

#include "common/image_ref.h"
#include "common/submission.h"
#include "common/text.h"
#include "common/units.h"
#include "gateway/harbor/severity.h"

namespace assay::gateway::harbor {
namespace {

namespace po = boost::program_options;
using std::chrono::seconds;

// Harbor reads Refresh-After into 8 bits with a sign (its client, reportResponseHandler).
constexpr seconds kLongestRefresh{127};

Result<Auth> read_auth(const std::string& word) {
  constexpr std::pair<const char*, Auth> kWords[] = {{"off", Auth::off},
                                                     {"none", Auth::none},
                                                     {"basic", Auth::basic},
                                                     {"bearer", Auth::bearer},
                                                     {"api-key", Auth::api_key}};
  for (const auto& [name, auth] : kWords)
    if (word == name) return auth;
  return Error{Errc::invalid,
               "harbor '" + printable(word, 40) + "' is none of off, none, basic, bearer, api-key"};
}

Status check_registry(const std::string& host) {
  auto ref = ImageRef::parse(host + "/x");
  if (ref && ref->registry == host) return Status();
  return Error{Errc::invalid, "harbor-registry '" + printable(host, 200) +
                                  "' is no registry's HOST or HOST:PORT, as references name it"};
}

Result<seconds> read_seconds(const po::variables_map& map, const char* name, seconds least, seconds most) {
  ASSAY_TRY(auto time, parse_duration(map[name].as<std::string>()));
  auto out = std::chrono::duration_cast<seconds>(time);
  if (out < least || out > most)
    return Error{Errc::invalid, std::string(name) + " is " + std::to_string(least.count()) + "s to " +
                                    std::to_string(most.count()) + "s"};
  return out;
}

}  // namespace

Result<Settings> read_settings(const po::variables_map& map) {
  Settings out;
  ASSAY_TRY(out.auth, read_auth(map["harbor"].as<std::string>()));
  out.credential_file = map["harbor-credential-file"].as<std::string>();
  bool needs = out.auth != Auth::off && out.auth != Auth::none;
  if (needs && out.credential_file.empty())
    return Error{Errc::invalid,
                 "harbor = basic, bearer and api-key take a harbor-credential-file with what Harbor sends"};
  if (map.count("harbor-registry")) out.registries = map["harbor-registry"].as<std::vector<std::string>>();
  for (const std::string& host : out.registries) ASSAY_CHECK(check_registry(host));
  out.plain_http = map["harbor-plain-http"].as<bool>();
  out.lane = map["harbor-lane"].as<std::string>();
  ASSAY_TRY(Lane lane, parse_lane(out.lane));
  (void)lane;
  ASSAY_TRY(out.duration, read_seconds(map, "harbor-duration", seconds(0), std::chrono::hours(1)));
  out.inconclusive = map["harbor-inconclusive"].as<std::string>();
  if (severity_rank(out.inconclusive) < 0)
    return Error{Errc::invalid, "harbor-inconclusive '" + printable(out.inconclusive, 40) +
                                    "' is none of Critical, High, Medium, Low, Negligible, Unknown"};
  ASSAY_TRY(out.refresh, read_seconds(map, "harbor-refresh", seconds(1), kLongestRefresh));
  ASSAY_TRY(out.patience, read_seconds(map, "harbor-patience", seconds(0), std::chrono::hours(24)));
  return out;
}

void describe(po::options_description& options) {
  auto string = [](const char* value) { return po::value<std::string>()->default_value(value); };
  auto add = options.add_options();
  add("harbor", string("off"),
      "Harbor's scanner adapter, and by what Harbor shows that it may ask: off, none, basic, bearer, "
      "api-key");
  add("harbor-credential-file", string(""),
      "file with USER:PASSWORD, or the token or key, that Harbor sends");
  add("harbor-registry", po::value<std::vector<std::string>>()->composing(),
      "HOST[:PORT] of Harbor's registry; may be given several times; none: any");
  add("harbor-plain-http", po::value<bool>()->default_value(false, "off"),
      "on: registries with an http:// URL are pulled from, too, their login in the clear");
  add("harbor-lane", string("interactive"), "of these scans: gate, interactive, batch, sweep");
  add("harbor-duration", string("0s"), "for how long each image runs, up to 1h; 0s: as the scheduler has it");
  add("harbor-inconclusive", string("High"), "severity that Harbor is told of a scan that could not tell");
  add("harbor-refresh", string("10s"), "after which Harbor is to ask again; 127s at most");
  add("harbor-patience", string("15m"),
      "after a scan's submission: as long it counts as under way while the scheduler does not answer");
}

}  // namespace assay::gateway::harbor
