// Scheme and base64, letter by letter.
#include "common/registry_auth.h"

#include <algorithm>

#include "common/ascii.h"
#include "common/encodings.h"

namespace assay {

Result<std::string> basic_credentials(std::string_view registry_auth) {
  if (registry_auth.size() > kMaxRegistryAuthBytes)
    return Error{Errc::invalid,
                 "the registry login is longer than " + std::to_string(kMaxRegistryAuthBytes) + " bytes"};
  size_t space = registry_auth.find(' ');
  std::string scheme = ascii_lower(registry_auth.substr(0, space));
  if (scheme == "bearer")
    return Error{Errc::unsupported, "a bearer token cannot be used as a registry login: give one as Basic"};
  if (scheme != "basic" || space == std::string_view::npos)
    return Error{Errc::invalid, "the registry login is not \"Basic \" and the base64 of USER:PASSWORD"};
  std::string_view text = registry_auth.substr(space + 1);
  auto plain = decode_base64(text);
  size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos || colon == 0 || colon + 1 == plain->size())
    return Error{Errc::invalid, "the registry login holds no base64 of USER:PASSWORD"};
  bool printable =
      std::all_of(plain->begin(), plain->end(), [](char c) { return static_cast<unsigned char>(c) >= ' '; });
  if (!printable) return Error{Errc::invalid, "the registry login holds a control character"};
  return std::string(text);
}

}  // namespace assay
