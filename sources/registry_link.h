// registry_link: what registries say in headers, parsed: Link, which names the next page (RFC 8288, 3), and
// WWW-Authenticate, which says what login is wanted (RFC 9110, 11.6.1). Pure; the bytes are hostile.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::sources {

/// The target of the first link with rel="next", as it stands there; nothing where there is none.
std::optional<std::string> next_link(std::string_view header);

struct Challenge {
  std::string scheme;                         // in lower case: "bearer", "basic"
  std::map<std::string, std::string> values;  // by names in lower case; the first of a name counts
  std::string value(const std::string& name) const;
};
/// At most 16; what cannot be read ends the list.
std::vector<Challenge> parse_challenges(std::string_view header);

}  // namespace assay::sources
