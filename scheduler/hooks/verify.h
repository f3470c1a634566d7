// verify: whether a request proves that it comes from who has the hook's secret. Pure; all of it is hostile.
// Times taken say nothing of where a secret differs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scheduler/hooks/hook.h"

namespace assay::hooks {

/// What of a request's head may hold a secret. Nothing: not there, or there several times.
struct Proof {
  std::optional<std::string> authorization, gitlab_token, api_key,
      signature;        // signature: X-Hub-Signature-256
  std::string segment;  // behind the hook's name
};

/// Whether its signature can only be held against the body: see is_signed().
inline bool signs_body(const Hook& hook) { return hook.sender == Sender::github; }
/// Where the sender sends the secret itself, as text, "Bearer TEXT" or as Basic's password.
bool knows_secret(const Hook& hook, const Proof& proof);
/// "sha256=HEX" of HMAC-SHA256 over the body as it was sent (docs.github.com, "Validating webhook
/// deliveries").
bool is_signed(const Hook& hook, const std::optional<std::string>& signature, std::string_view body);

}  // namespace assay::hooks
