// Names, addresses, ports and users held against what a policy writes for many of them.
#include "decisions/patterns.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "common/addresses.h"
#include "common/ascii.h"
#include "common/text.h"
#include "scheduler/score/match.h"

namespace assay::decisions {
namespace {

// One number of at most `most`, or two with '-' between, the second no smaller.
std::optional<std::pair<uint32_t, uint32_t>> range_of(std::string_view text, uint32_t most) {
  uint32_t first = 0, last = 0;
  const char* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, first);
  if (read.ec != std::errc()) return std::nullopt;
  last = first;
  if (read.ptr != end) {
    if (*read.ptr != '-') return std::nullopt;
    read = std::from_chars(read.ptr + 1, end, last);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  }
  if (first > last || last > most) return std::nullopt;
  return std::pair(first, last);
}

bool label_char(char c) {
  c = ascii_lower(c);
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (size_t begin = 0; begin <= name.size();) {
    size_t end = std::min(name.find('.', begin), name.size());
    std::string_view label = name.substr(begin, end - begin);
    if (label.empty() || label.size() > 63 || !std::all_of(label.begin(), label.end(), label_char))
      return false;
    begin = end + 1;
  }
  return true;
}

std::string plain_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return ascii_lower(name);
}

}  // namespace

std::string quoted(std::string_view text) { return "'" + printable(text, 64) + "'"; }

bool matches_wildcards(std::string_view pattern, std::string_view text) {
  Glob glob;
  for (char c : pattern)
    glob.tokens.push_back(c == '*' ? Glob::kAny : c == '?' ? Glob::kOne : static_cast<uint8_t>(c));
  return glob.matches(text);
}

Status check_destination(std::string_view pattern) {
  auto broken = [&](const std::string& rule) { return Error{Errc::invalid, quoted(pattern) + " " + rule}; };
  if (IpAddress::parse(std::string(pattern))) return Status();
  if (pattern.find("//") != std::string_view::npos) return broken("is a URL; give its host's name alone");
  if (pattern.find('/') != std::string_view::npos) {
    if (Cidr::parse(std::string(pattern))) return Status();
    return broken("is no network, as 10.0.0.0/8");
  }
  if (pattern == "*") return broken("allows every domain; leave allow.domains out instead");
  std::string_view name = pattern.starts_with("*.") ? pattern.substr(2) : pattern;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.find('*') != std::string_view::npos)
    return broken("has a * elsewhere than in front: *.example.org stands for all names below example.org");
  if (name.find(':') != std::string_view::npos)
    return broken("has a port; a domain is allowed on all ports, without naming one");
  if (!is_host_name(name))
    return broken("is no host name (letters, digits, '-', '_' and dots; others in their xn-- form)");
  return Status();
}

bool matches_name(std::string_view pattern, std::string_view name) {
  std::string wanted = plain_name(pattern), asked = plain_name(name);
  if (!wanted.starts_with("*.")) return wanted == asked;
  std::string_view below = std::string_view(wanted).substr(1);
  return asked.size() > below.size() && asked.ends_with(below);
}

bool matches_address(std::string_view pattern, std::string_view addr) {
  auto asked = IpAddress::parse(addr);
  if (!asked) return false;
  if (auto one = IpAddress::parse(pattern)) return *one == *asked;
  if (pattern.find('/') == std::string_view::npos) return false;
  auto network = Cidr::parse(std::string(pattern));
  return network && network->contains(addr);
}

Result<PortRange> PortRange::parse(std::string_view text) {
  PortRange out;
  size_t slash = std::min(text.find('/'), text.size());
  out.proto = text.substr(0, slash);
  bool known = (out.proto == "tcp" || out.proto == "udp") && slash < text.size();
  std::string_view ports = known ? text.substr(slash + 1) : "";
  if (known && ports == "*") return out;
  auto range = range_of(ports, 65535);
  if (!known || !range)
    return Error{Errc::invalid, quoted(text) + " is no port, as tcp/8080, udp/53, tcp/8000-8099 or tcp/*"};
  std::tie(out.first, out.last) = *range;
  return out;
}

bool PortRange::contains(std::string_view port) const {
  if (!port.starts_with(proto + "/")) return false;
  auto number = range_of(port.substr(proto.size() + 1), 65535);
  return number && number->first >= first && number->second <= last;
}

Result<UserRange> UserRange::parse(std::string_view text) {
  constexpr uint32_t kLast = std::numeric_limits<uint32_t>::max();
  if (text == "nonroot") return UserRange{1, kLast};
  if (text == "root") return UserRange{0, 0};
  if (auto range = range_of(text, kLast)) return UserRange{range->first, range->second};
  return Error{Errc::invalid, quoted(text) +
                                  " is no user: nonroot, root, a uid (1000) or a range (1000-1999); names "
                                  "are the image's to give"};
}

}  // namespace assay::decisions
