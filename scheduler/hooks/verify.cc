// Secrets compared by their hashes, signatures by OpenSSL's HMAC.
#include "scheduler/hooks/verify.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/ascii.h"
#include "common/encodings.h"

namespace assay::hooks {
namespace {

constexpr size_t kMaxSecretBytes = 1024;

bool is_secret(const Hook& hook, std::string_view text) {
  if (text.empty() || text.size() > kMaxSecretBytes) return false;
  Digest digest = Digest::of(text);
  return CRYPTO_memcmp(digest.bytes.data(), hook.digest.bytes.data(), digest.bytes.size()) == 0;
}

// The password in "dXNlcjpwYXNz"; empty for what is no such thing.
std::string password_in(std::string_view credentials) {
  if (credentials.size() > kMaxSecretBytes || credentials.size() % 4 != 0) return "";
  auto plain = decode_base64(credentials);
  size_t colon = plain ? plain->find(':') : std::string::npos;
  return colon == std::string::npos ? "" : plain->substr(colon + 1);
}

// As it is, behind "Bearer ", or as Basic's password (RFC 7617).
bool authorizes(const Hook& hook, const std::string& header) {
  constexpr std::string_view kBearer = "bearer ", kBasic = "basic ";
  std::string_view rest = header;
  if (ascii_lower(rest.substr(0, kBasic.size())) == kBasic)
    return is_secret(hook, password_in(rest.substr(kBasic.size())));
  if (ascii_lower(rest.substr(0, kBearer.size())) == kBearer) rest.remove_prefix(kBearer.size());
  return is_secret(hook, rest);
}

}  // namespace

bool knows_secret(const Hook& hook, const Proof& proof) {
  auto authorized = [&] { return proof.authorization && authorizes(hook, *proof.authorization); };
  if (hook.sender != Sender::dockerhub && !proof.segment.empty()) return false;
  switch (hook.sender) {
    case Sender::registry:
    case Sender::harbor:
      return authorized();
    case Sender::gitlab:
      return (proof.gitlab_token && is_secret(hook, *proof.gitlab_token)) || authorized();
    case Sender::ecr:
      return (proof.api_key && is_secret(hook, *proof.api_key)) || authorized();
    case Sender::dockerhub:
      return is_secret(hook, proof.segment);
    case Sender::github:
      return false;
  }
  return false;
}

bool is_signed(const Hook& hook, const std::optional<std::string>& signature, std::string_view body) {
  constexpr std::string_view kScheme = "sha256=";
  if (hook.secret.empty() || !signature || !signature->starts_with(kScheme)) return false;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (HMAC(EVP_sha256(), hook.secret.data(), static_cast<int>(hook.secret.size()),
           reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac, &length) == nullptr)
    return false;
  std::string expected = to_hex({reinterpret_cast<const char*>(mac), length});
  std::string given = ascii_lower(std::string_view(*signature).substr(kScheme.size()));
  return given.size() == expected.size() &&
         CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
}

}  // namespace assay::hooks
