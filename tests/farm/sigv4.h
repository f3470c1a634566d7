// sigv4: AWS Signature Version 4 as a service checks it, written from its description (IAM user guide,
// "Create a signed AWS API request") and not from any signer, so that it can judge libcurl's and botocore's.
// Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace assay::farm {

/// A request as it came over the wire.
struct SignedRequest {
  std::string method, target;  // "POST", "/?a=b"
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

/// What an Authorization header claims.
struct SigV4Claim {
  std::string key_id, date, region, service;
  std::vector<std::string> signed_headers;  // lower case, in their order
  std::string signature;

  std::string scope() const { return date + "/" + region + "/" + service + "/aws4_request"; }
};

/// Errc::invalid says what is missing.
Result<SigV4Claim> parse_authorization(const std::string& header);

/// `normalize`: the path without "." and "..", as every service but S3 has it.
std::string canonical_request(const SignedRequest& request, const std::vector<std::string>& signed_headers,
                              bool normalize = true);
std::string string_to_sign(const std::string& amz_date, const std::string& scope,
                           const std::string& canonical);
std::string sigv4_signature(const std::string& secret, const SigV4Claim& claim, const std::string& to_sign);

/// How far a request's time may be from the service's.
inline constexpr int64_t kSigV4SkewS = 300;

/// The secret of a key; nothing: there is no such key.
using SecretOf = std::function<std::optional<std::string>(const std::string& key_id)>;

/// Errors: not_found (no Authorization), invalid (incomplete), denied (no such key), timeout (too old or not
/// yet valid), corrupt (the signature does not match).
Result<SigV4Claim> check_signature(const SignedRequest& request, const SecretOf& secret_of, int64_t now_s,
                                   bool normalize = true);

/// "20150830T123600Z" of Unix seconds, and back.
std::string amz_date(int64_t at_s);
std::optional<int64_t> parse_amz_date(const std::string& text);

}  // namespace assay::farm
