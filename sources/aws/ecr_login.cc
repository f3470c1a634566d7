// Which hosts are Amazon's, and the token of one of them, kept until half of its time has passed.
#include "sources/aws/ecr.h"

#include <algorithm>

#include "sources/aws/endpoint.h"

namespace assay::sources::aws {
namespace {

constexpr int64_t kShortestS = 60;       // a token is used so long, whatever its expiry says
constexpr int64_t kLongestS = 6 * 3600;  // half of what Amazon's live

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<EcrHost> ecr_host(std::string_view registry) {
  size_t dot = registry.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::string_view account = registry.substr(0, dot), rest = registry.substr(dot + 1);
  if (!is_account(account)) return std::nullopt;
  for (std::string_view service : {"dkr.ecr.", "dkr.ecr-fips."}) {
    if (!rest.starts_with(service)) continue;
    std::string_view place = rest.substr(service.size());
    for (std::string_view domain : {".amazonaws.com", ".amazonaws.com.cn"}) {
      if (!place.ends_with(domain)) continue;
      std::string_view region = place.substr(0, place.size() - domain.size());
      if (is_region(region)) return EcrHost{std::string(account), std::string(region)};
    }
  }
  return std::nullopt;
}

struct EcrLogin::State {
  std::string region, endpoint;
  int stop_fd;
  CredentialChain chain;
  std::optional<Login> login;
  int64_t renew_s = 0;
};

EcrLogin::EcrLogin(std::string region, std::string endpoint, std::string role, int stop_fd)
    : state_(std::make_unique<State>(State{region, endpoint, stop_fd,
                                           CredentialChain({std::move(role), endpoint, region, ""}, stop_fd),
                                           std::nullopt, 0})) {}
EcrLogin::EcrLogin(EcrLogin&&) noexcept = default;
EcrLogin::~EcrLogin() = default;

Result<Login> EcrLogin::get(int64_t now_s) {
  if (state_->login && now_s < state_->renew_s) return *state_->login;
  Ecr ecr(state_->region, state_->endpoint, state_->chain, state_->stop_fd);
  ASSAY_TRY(EcrToken token, ecr.token());
  state_->renew_s = now_s + std::clamp((token.expires_s - now_s) / 2, kShortestS, kLongestS);
  state_->login = std::move(token.login);
  return *state_->login;
}

void EcrLogin::forget() { state_->login.reset(); }

}  // namespace assay::sources::aws
