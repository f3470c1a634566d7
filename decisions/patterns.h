// patterns: what of a policy stands for many: wildcards, domains with all below them, networks, ranges of
// ports and users. What each takes is in docs/policy.md. Pure; linear in the text, which is hostile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::decisions {

/// For messages: in quotes, bounded, fit to be shown.
std::string quoted(std::string_view text);

/// `*`: any run of characters, `?`: one; case counts.
bool matches_wildcards(std::string_view pattern, std::string_view text);

/// A name ("update.example": that alone), a name with "*." before it (all below it, however deep, but not
/// itself), an address ("192.0.2.1") or a network ("10.0.0.0/8"). Errc::invalid: the rule that it breaks.
Status check_destination(std::string_view pattern);
/// Of a name, without regard to case or to a dot at its end; an address matches no name.
bool matches_name(std::string_view pattern, std::string_view name);
bool matches_address(std::string_view pattern, std::string_view addr);

/// "tcp/8080", "tcp/8000-8099", "udp/*".
struct PortRange {
  std::string proto;
  uint32_t first = 0, last = 65535;
  static Result<PortRange> parse(std::string_view text);
  bool contains(std::string_view port) const;  // "tcp/8080"
};

/// "1000", "1000-1999", "root" (0), "nonroot" (all but 0).
struct UserRange {
  uint32_t first = 0, last = 0;
  static Result<UserRange> parse(std::string_view text);
  bool contains(uint32_t uid) const { return uid >= first && uid <= last; }
};

}  // namespace assay::decisions
