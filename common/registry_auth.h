// registry_auth: the login for a registry that a job brings with it, as the value of an HTTP Authorization
// header (RFC 7617): "Basic dXNlcjpwYXNzd29yZA==". Pure. No error of these shows any of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

inline constexpr size_t kMaxRegistryAuthBytes = 4096;

/// The base64 of "user:password" in it, as containers-auth.json(5) takes it in `auth`. Errc::invalid for
/// what is no such value; unsupported for "Bearer ...": skopeo takes a token by its command line alone, where
/// every process of the host could read it.
Result<std::string> basic_credentials(std::string_view registry_auth);

}  // namespace assay
