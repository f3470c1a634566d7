// The chain: places in their order, what is kept of them, and when it is looked for anew.
#include "sources/aws/credentials.h"

#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/process.h"
#include "common/rfc3339.h"
#include "common/text.h"
#include "sources/aws/credentials_parts.h"
#include "sources/aws/endpoint.h"

namespace assay::sources::aws {
namespace {

constexpr int64_t kRenewS = 300;  // before they expire
constexpr int64_t kAgainS = 10;   // between two tries to renew what still serves

struct Place {
  const char* name;
  Result<Found> (*look)(const Look&);
};

constexpr Place kPlaces[] = {{"environment", from_environment},
                             {"profile", from_profile},
                             {"web identity", from_web_identity},
                             {"container", from_container},
                             {"instance", from_instance}};

std::string name_of(const Place& place) {
  return place.look == from_profile ? "profile " + printable(chosen_profile(), 100) : place.name;
}

Result<Credentials> walk(const Look& look) {
  std::string notes;
  for (const Place& place : kPlaces) {
    auto found = place.look(look);
    if (!found && found.error().code == Errc::cancelled) return found.error();
    // Whether this is an instance at all is not known before it answers: its failure is but a note.
    if (!found && place.look != from_instance)
      return found.error().context("AWS credentials: " + name_of(place));
    if (found && found->credentials) return std::move(*found->credentials);
    notes += (notes.empty() ? "" : "; ") + name_of(place) + ": " + (found ? found->note : found.error().what);
  }
  return Error{Errc::denied, "no AWS credentials: " + notes};
}

bool serves(const Credentials& credentials, int64_t now_s) {
  return credentials.expires_s == 0 || credentials.expires_s > now_s;
}
bool fresh(const Credentials& credentials, int64_t now_s) {
  return credentials.expires_s == 0 || credentials.expires_s > now_s + kRenewS;
}

}  // namespace

Found nothing(std::string note) { return Found{std::nullopt, std::move(note)}; }

Result<Found> from_environment(const Look&) {
  Credentials out{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                  environment("AWS_SESSION_TOKEN"), 0, "environment"};
  if (out.key_id.empty() && out.secret.empty()) return nothing("AWS_ACCESS_KEY_ID is not set");
  ASSAY_CHECK(check_credentials(out));
  if (std::string text = environment("AWS_CREDENTIAL_EXPIRATION"); !text.empty()) {
    auto expires = parse_rfc3339(text);
    if (!expires) return expires.error().context("$AWS_CREDENTIAL_EXPIRATION");
    out.expires_s = *expires;
  }
  return Found{std::move(out)};
}

Sts sts_of(const Look& look) {
  Sts out{look.options.endpoint, look.options.region};
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (out.region.empty()) out.region = environment(name);
  if (out.region.empty()) {
    auto profiles = load_profiles();
    if (profiles) out.region = profiles->by_name[chosen_profile()]["region"];
  }
  if (out.region.empty()) out.region = "us-east-1";
  return out;
}

struct CredentialChain::State {
  ChainOptions options;
  Http http;
  std::optional<Credentials> base, have;  // as we are; with the role on top
  int64_t again_s = 0;                    // no try to renew before

  State(ChainOptions how, int stop_fd) : options(std::move(how)), http(stop_fd) {}

  Result<Credentials> find(int64_t now_s) {
    Look look{http, options, now_s};
    if (!base || !fresh(*base, now_s)) {
      auto found = walk(look);
      if (!found && (!base || !serves(*base, now_s))) return found.error();
      if (found) base = std::move(*found);
    }
    if (!serves(*base, now_s))
      return Error{Errc::denied, "AWS credentials of " + base->from +
                                     " have expired already: renew them, or check this host's clock"};
    if (options.role.empty()) return *base;
    return assume_role(http, sts_of(look), *base, options.role);
  }
};

CredentialChain::CredentialChain(ChainOptions options, int stop_fd)
    : state_(std::make_unique<State>(std::move(options), stop_fd)) {}
CredentialChain::CredentialChain(CredentialChain&&) noexcept = default;
CredentialChain::~CredentialChain() = default;

Result<Credentials> CredentialChain::get(int64_t now_s) {
  State& state = *state_;
  bool usable = state.have && serves(*state.have, now_s);
  if (usable && (fresh(*state.have, now_s) || now_s < state.again_s)) return *state.have;
  auto found = state.find(now_s);
  state.again_s = now_s + kAgainS;
  if (found) state.have = *found;
  // They serve a while yet; whoever gives them may be back by then.
  if (!found && usable && found.error().code != Errc::cancelled) return *state.have;
  return found;
}

void CredentialChain::forget() {
  state_->base.reset();
  state_->have.reset();
  state_->again_s = 0;
}

Result<std::string> default_region(int stop_fd) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    std::string region = environment(name);
    if (region.empty()) continue;
    if (is_region(region)) return region;
    return Error{Errc::invalid,
                 std::string("$") + name + " is no AWS region: \"" + printable(region, 100) + "\""};
  }
  ASSAY_TRY(Profiles profiles, load_profiles());
  std::string region = profiles.by_name[chosen_profile()]["region"];
  if (is_region(region)) return region;
  ChainOptions options;
  Http http(stop_fd);
  if (!instance_disabled()) {
    auto found = ask_instance({http, options, wall_s()}, "/latest/meta-data/placement/region");
    if (!found && found.error().code == Errc::cancelled) return found.error();
    if (found && *found && is_region(**found)) return **found;
  }
  return Error{Errc::invalid, "no AWS region: set $AWS_REGION, or name one in the source: ecr:eu-west-1"};
}

}  // namespace assay::sources::aws
