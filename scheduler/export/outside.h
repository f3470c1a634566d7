// outside: what of a name, an address or a request another network could meet: host names, public addresses,
// URLs. What the simulated internet, a container's own network or a broken resolver made up is none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// The name in lower case if it is a host's (RFC 1123, and underscores) with two labels or more, below no
/// domain that a network keeps for itself (.local, .internal, .svc, ...arpa); else empty.
std::string public_domain(std::string_view name);
/// Of a name that carries what no host's name does (bytes, spaces, markup): the domain right of it; else
/// empty.
std::string domain_right_of_data(std::string_view name);
/// What all of them end with, in whole labels; empty if that is fewer than two.
std::string common_domain(const std::vector<std::string>& names);

/// Whether an IPv4 or IPv6 address can be somebody's on the internet: not private, of a link, of a group,
/// reserved, one of the simulated internet's (198.18.0.0/15, 2001:2::/48), nor a resolver that everyone asks.
/// Addresses that are kept for documentation count as public: an image that names one has named it by itself.
bool public_address(std::string_view addr);
bool is_ipv6(std::string_view addr);

/// A URL without query and fragment, in printable ASCII (RFC 3986): `target` is text as printable() left it.
/// Empty where there is none: another method's target, or one that was cut.
std::string url_of(std::string_view scheme, std::string_view host, unsigned port, std::string_view target);
/// The same of a whole URL; empty if it is none of http or https to an outside host.
std::string plain_url(std::string_view url);

}  // namespace assay
