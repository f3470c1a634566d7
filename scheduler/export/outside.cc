// By tables of the ranges and domains that are nobody's (RFC 6890, RFC 6761), and by syntax.
#include "scheduler/export/outside.h"

#include <algorithm>
#include <cstdint>

#include "common/addresses.h"
#include "common/ascii.h"
#include "common/encodings.h"

namespace assay {
namespace {

constexpr size_t kMaxName = 253, kMaxLabel = 63;

struct Range {
  const char* base;
  unsigned bits;
};
constexpr Range kInside4[] = {{"0.0.0.0", 8},
                              {"10.0.0.0", 8},
                              {"100.64.0.0", 10},
                              {"127.0.0.0", 8},
                              {"169.254.0.0", 16},
                              {"172.16.0.0", 12},
                              {"192.0.0.0", 24},
                              {"192.88.99.0", 24},
                              {"192.168.0.0", 16},
                              {"198.18.0.0", 15},
                              {"224.0.0.0", 3},
                              // Where Azure and Alibaba answer their own machines.
                              {"168.63.129.16", 32},
                              {"100.100.100.200", 32},
                              // Resolvers that everyone asks.
                              {"1.1.1.1", 32},
                              {"1.0.0.1", 32},
                              {"8.8.8.8", 32},
                              {"8.8.4.4", 32},
                              {"9.9.9.9", 32},
                              {"149.112.112.112", 32},
                              {"208.67.222.222", 32},
                              {"208.67.220.220", 32}};
constexpr Range kInside6[] = {{"2001::", 32},
                              {"2001:2::", 48},
                              {"2002::", 16},
                              {"2606:4700:4700::1111", 128},
                              {"2606:4700:4700::1001", 128},
                              {"2001:4860:4860::8888", 128},
                              {"2001:4860:4860::8844", 128},
                              {"2620:fe::fe", 128},
                              {"2620:fe::9", 128}};
constexpr std::string_view kInsideDomains[] = {"localhost", "local", "localdomain", "internal", "intranet",
                                               "lan",       "home",  "corp",        "svc",      "arpa"};

template <size_t N>
bool within(const IpAddress& address, const Range (&ranges)[N]) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& range) {
    auto base = IpAddress::parse(range.base);
    return base && address.within(*base, range.bits);
  });
}

bool is_host_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

bool is_host_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && std::all_of(label.begin(), label.end(), is_host_char);
}

std::string_view last_label(std::string_view name) { return name.substr(name.rfind('.') + 1); }

// Digits alone: an address that was asked for as a name, or nonsense.
bool is_number(std::string_view label) {
  return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void add_escaped(std::string& out, uint8_t byte) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

bool stands_in_path(char c) {
  return is_host_char(ascii_lower(c)) ||
         std::string_view("/.~!$&'()*+,;=:@%").find(c) != std::string_view::npos;
}

// printable()'s \xNN and \\ become what a URL has in their place.
std::string path_of(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string_view rest = text.substr(i);
    if (rest.size() >= 4 && rest.starts_with("\\x") && hex_value(rest[2]) >= 0 && hex_value(rest[3]) >= 0) {
      add_escaped(out, static_cast<uint8_t>(hex_value(rest[2]) << 4 | hex_value(rest[3])));
      i += 3;
    } else if (rest.starts_with("\\\\")) {
      add_escaped(out, '\\');
      ++i;
    } else if (stands_in_path(text[i])) {
      out += text[i];
    } else {
      add_escaped(out, static_cast<uint8_t>(text[i]));
    }
  }
  return out;
}

}  // namespace

std::string public_domain(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string lower = ascii_lower(name);
  if (lower.size() > kMaxName || lower.find('.') == std::string::npos || is_number(last_label(lower)))
    return "";
  for (std::string_view rest = lower;;) {
    size_t dot = rest.find('.');
    if (!is_host_label(rest.substr(0, dot))) return "";
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  for (std::string_view inside : kInsideDomains)
    if (last_label(lower) == inside) return "";
  return lower;
}

std::string domain_right_of_data(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string lower = ascii_lower(name);
  size_t start = lower.size();
  while (start > 0 && (lower[start - 1] == '.' || is_host_char(lower[start - 1]))) --start;
  size_t dot = lower.find('.', start);
  return start == 0 || dot == std::string::npos ? "" : public_domain(lower.substr(dot + 1));
}

std::string common_domain(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string_view common = names[0];
  for (std::string_view name : names)
    while (name != common && !(name.ends_with(common) && name[name.size() - common.size() - 1] == '.')) {
      size_t dot = common.find('.');
      if (dot == std::string_view::npos) return "";
      common.remove_prefix(dot + 1);
    }
  return public_domain(common);
}

bool is_ipv6(std::string_view addr) { return addr.find(':') != std::string_view::npos; }

bool public_address(std::string_view addr) {
  auto address = IpAddress::parse(addr);
  if (!address) return false;
  if (!address->v6) return !within(*address, kInside4);
  return address->bytes[0] >> 5 == 1 && !within(*address, kInside6);
}

std::string url_of(std::string_view scheme, std::string_view host, unsigned port, std::string_view target) {
  size_t end = target.find_first_of("?#");
  bool cut = end == std::string_view::npos && target.ends_with("...");
  if (!target.starts_with('/') || cut) return "";
  bool usual = port == 0 || port == (scheme == "https" ? 443u : 80u);
  std::string out = std::string(scheme) + "://";
  out += is_ipv6(host) ? "[" + std::string(host) + "]" : std::string(host);
  if (!usual) out += ":" + std::to_string(port);
  return out + path_of(target.substr(0, end));
}

std::string plain_url(std::string_view url) {
  size_t mark = url.find("://");
  if (mark == std::string_view::npos) return "";
  std::string_view scheme = url.substr(0, mark), rest = url.substr(mark + 3);
  if (scheme != "http" && scheme != "https") return "";
  size_t slash = rest.find_first_of("/?#");
  std::string_view host = rest.substr(0, slash);
  std::string_view target = slash == std::string_view::npos ? "/" : rest.substr(slash);
  unsigned port = 0;
  size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && (!host.starts_with('[') || host[colon - 1] == ']')) {
    for (char c : host.substr(colon + 1)) {
      if (c < '0' || c > '9' || port > 65535) return "";
      port = port * 10 + static_cast<unsigned>(c - '0');
    }
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::string name = public_address(host) ? std::string(host) : public_domain(host);
  return name.empty() || port > 65535 ? ""
                                      : url_of(scheme, name, port, target.starts_with('/') ? target : "/");
}

}  // namespace assay
