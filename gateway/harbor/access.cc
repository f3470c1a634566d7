// Compared by digests, in constant time.
#include "gateway/harbor/access.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "common/ascii.h"
#include "common/digest.h"
#include "common/encodings.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/text.h"
#include "common/words.h"

namespace assay::gateway::harbor {
namespace {

constexpr size_t kMaxFileBytes = 4096, kMaxCredentialBytes = 2048;
constexpr char kApiKey[] = "x-scanneradapter-api-key";

Result<std::string> read_credential(const Settings& settings) {
  ASSAY_TRY(std::string text, read_file(settings.credential_file, kMaxFileBytes));
  std::string line(trimmed(split(text, '\n').front()));
  bool good = !line.empty() &&
              std::all_of(line.begin(), line.end(), [](char c) { return c > ' ' && c < 127; }) &&
              (settings.auth != Auth::basic || line.find(':') != std::string::npos);
  if (good) return line;
  return Error{Errc::invalid, settings.credential_file + ": its first line is no " +
                                  (settings.auth == Auth::basic ? "USER:PASSWORD" : "token or key") +
                                  " of visible ASCII characters"};
}

bool same(std::string_view a, std::string_view b) {
  Digest left = Digest::of(a), right = Digest::of(b);
  return CRYPTO_memcmp(left.bytes.data(), right.bytes.data(), left.bytes.size()) == 0;
}

// What the request shows in the way that is asked for.
std::optional<std::string> shown(Auth auth, const HttpRequest& request) {
  if (auth == Auth::api_key) return request.header(kApiKey);
  std::string_view text = request.authorization;
  size_t space = text.find(' ');
  if (space == std::string_view::npos || text.size() > kMaxCredentialBytes) return std::nullopt;
  std::string scheme = ascii_lower(text.substr(0, space));
  std::string_view rest = trimmed(text.substr(space));
  if (auth == Auth::basic && scheme == "basic") return decode_base64(rest);
  if (auth == Auth::bearer && scheme == "bearer") return std::string(rest);
  return std::nullopt;
}

}  // namespace

std::optional<Denial> check_access(const Settings& settings, const HttpRequest& request) {
  if (settings.auth == Auth::none) return std::nullopt;
  auto wanted = read_credential(settings);
  if (!wanted) {
    spdlog::error("event=harbor_credential why=\"{}\"", printable(wanted.error().what, 300));
    return Denial{500, "the scanner's credential file cannot be used; its log says why"};
  }
  auto credential = shown(settings.auth, request);
  if (credential && credential->size() <= kMaxCredentialBytes && same(*credential, *wanted))
    return std::nullopt;
  return Denial{401,
                "the request shows no credential that this scanner takes: see its registration in Harbor"};
}

std::string challenge(Auth auth) {
  if (auth == Auth::basic) return "Basic realm=\"assay\"";
  return auth == Auth::bearer ? "Bearer realm=\"assay\"" : "";
}

Status check_credential_file(const Settings& settings) {
  if (settings.auth == Auth::off || settings.auth == Auth::none) return Status();
  auto read = read_credential(settings);
  return read ? Status() : Status(read.error().context("harbor-credential-file"));
}

}  // namespace assay::gateway::harbor
