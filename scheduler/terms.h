// terms: the words under which a trait stands in the index, and which of them a question has to look under.
// Every question is answered by whole words, so that the scans that fit stand together under each, the newest
// first, however many values there are: a name stands under the names above it, an address under the networks
// around it, a hash under its first digits, a path under its directories and under its last part. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/traits.h"

namespace assay {

inline constexpr size_t kMaxTermBytes = 96;  // longer ones end in a digest of the whole
inline constexpr size_t kMinHashDigits = 8;

/// Each at most kMaxTermBytes, without a byte 0. What they are is part of the disk format.
std::vector<std::string> terms_of(const Trait& trait);

/// One thing that is looked for. A trait of a scan found under one of `terms` may still be another one.
struct Wanted {
  TraitKind kind;
  std::string text;                // in the form of Trait::value, or the start of one
  std::vector<std::string> terms;  // in any of these; at most 256
  bool fits(const Trait& trait) const;
};

/// `text` as a value of this kind: a domain (its subdomains are found, too), an address or network (CIDR), at
/// least kMinHashDigits of a SHA-256, a path (whole, a directory, or its last parts), a technique (its
/// sub-techniques, too), a rule's id. Also as analysts write them: "evil[.]test", "hxxp://evil.test/x".
/// Errc::invalid names the text and the rule.
Result<Wanted> parse_wanted(TraitKind kind, std::string_view text);
/// All that the text may be: "evil.sh" is a domain and a file's name. Errc::invalid when it is nothing.
Result<std::vector<Wanted>> guess_wanted(std::string_view text);

/// As inet_ntop(3) writes it; empty for what is no address.
std::string normal_address(const std::string& text);
inline bool is_address(const std::string& text) { return !normal_address(text).empty(); }
/// The host of a URL, of "host:port" or of itself.
std::string host_of(std::string_view text);

}  // namespace assay
