// access: whether a request comes from Harbor, by what its registration has as authorization.
#pragma once

#include <optional>
#include <string>

#include "common/http_server.h"
#include "gateway/harbor/settings.h"

namespace assay::gateway::harbor {

/// What is wrong with it, for its answer (which never has the credential in it); nothing: it may ask. The
/// file is read for every request, so that a new credential is in force at once.
struct Denial {
  int status = 401;  // 500: the file cannot be read
  std::string message;
};
std::optional<Denial> check_access(const Settings& settings, const HttpRequest& request);
/// What WWW-Authenticate says (RFC 9110, 11.6.1); empty for a key, which has no scheme.
std::string challenge(Auth auth);
/// Errc::invalid names the file: its first line is no credential of this kind.
Status check_credential_file(const Settings& settings);

}  // namespace assay::gateway::harbor
