// What somebody looks for, read: the kind that a text may be, and the words to look under.
#include <algorithm>

#include "common/ascii.h"
#include "common/paths.h"
#include "common/text.h"
#include "scheduler/image_name.h"
#include "scheduler/score/attack.h"
#include "scheduler/term_parts.h"
#include "scheduler/terms.h"

namespace assay {

using namespace term_parts;

namespace {

constexpr size_t kMaxWantedBytes = 4096;
constexpr size_t kShaDigits = 64;
constexpr unsigned kMaxSplitBits = 8;  // a network becomes at most so many words, as a power of two

Error wrong(std::string_view text, const std::string& rule) {
  return {Errc::invalid, "'" + printable(text, 100) + "' " + rule};
}

Error too_long(std::string_view text) { return wrong(text, "is longer than anything that is kept"); }

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}
bool is_hex(std::string_view text) { return all_of(text, "0123456789abcdefABCDEF"); }
bool is_name(std::string_view text) {
  return all_of(ascii_lower(text), "abcdefghijklmnopqrstuvwxyz0123456789-_.") && text.find("..") == text.npos;
}
bool is_image_text(std::string_view text) {
  return all_of(ascii_lower(text), "abcdefghijklmnopqrstuvwxyz0123456789-_./:[]") &&
         text.find("//") == text.npos;
}
bool is_technique(std::string_view text) {
  auto digits = [](std::string_view part, size_t size) {
    return part.size() == size && all_of(part, "0123456789");
  };
  if (text.empty() || ascii_lower(text[0]) != 't') return false;
  return digits(text.substr(1, 4), 4) && (text.size() == 5 || (text[5] == '.' && digits(text.substr(6), 3)));
}
bool is_uuid(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && all_of(text, "0123456789abcdefABCDEF-");
}

// "evil[.]test" and "hxxp://" as they are: analysts write them so that nobody follows them by mistake.
std::string live(std::string_view text) {
  std::string out(text);
  for (const char* dot : {"[.]", "(.)", "[dot]"})
    for (size_t at; (at = out.find(dot)) != std::string::npos;)
      out.replace(at, std::string_view(dot).size(), ".");
  if (out.starts_with("hxxp")) out.replace(0, 4, "http");
  return out;
}

Result<Wanted> want_domain(std::string_view text) {
  std::string name = ascii_lower(host_of(live(text)));
  if (name.starts_with("*")) name.erase(0, 1);
  while (name.starts_with('.')) name.erase(0, 1);
  while (name.ends_with('.')) name.pop_back();
  if (name.empty() || name.find_first_of("/ ") != std::string::npos) return wrong(text, "is no domain");
  // Deeper names stand whole and under their last labels: what is below them is only found there.
  size_t from = name.size();
  for (size_t labels = 0; labels < kMaxDomainLabels && from != 0; ++labels) {
    size_t dot = name.rfind('.', from - 1);
    from = dot == std::string::npos ? 0 : dot;
  }
  std::string last = from == 0 ? name : name.substr(from + 1);
  return Wanted{TraitKind::domain, name, {term(last)}};
}

// All words of one level that lie in the network, or the one word around it.
Result<Wanted> want_address(std::string_view given) {
  std::string text = live(given);
  if (text.find("://") != std::string::npos) text = host_of(text);
  size_t slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return wrong(given, "is no address and no network like 192.0.2.0/24");
  unsigned whole = address->size_bits(), bits = whole;
  if (slash != std::string::npos) {
    std::string_view digits = std::string_view(text).substr(slash + 1);
    if (!all_of(digits, "0123456789") || digits.size() > 3 || std::stoul(std::string(digits)) > whole)
      return wrong(given, "is no network: its prefix has 0 to " + std::to_string(whole) + " bits");
    bits = static_cast<unsigned>(std::stoul(std::string(digits)));
  }
  unsigned level = 0, around = 0;
  for (unsigned one : levels(*address)) {
    if (level == 0 && one >= bits) level = one;
    if (one <= bits) around = one;
  }
  Wanted out{TraitKind::ip, network(*address, bits), {}};
  if (level - bits > kMaxSplitBits && around == 0)
    return wrong(given, "is too wide: IPv6 networks are looked for from /24 on");
  if (level - bits > kMaxSplitBits) level = bits = around;
  for (unsigned i = 0; i < 1u << (level - bits); ++i) {
    IpAddress part = address->network(bits);
    // The bits from `bits` to `level` count up; they lie in at most two bytes.
    for (unsigned bit = bits; bit < level; ++bit)
      if ((i >> (level - 1 - bit) & 1) != 0)
        part.bytes[bit / 8] = static_cast<uint8_t>(part.bytes[bit / 8] | 0x80u >> bit % 8);
    out.terms.push_back(network(part, level));
  }
  return out;
}

Result<Wanted> want_hash(std::string_view text) {
  std::string hex = ascii_lower(text.starts_with("sha256:") ? text.substr(7) : text);
  if (!is_hex(hex) || hex.size() < kMinHashDigits || hex.size() > kShaDigits)
    return wrong(text, "is no SHA-256 and no start of one: it has 8 to 64 hexadecimal digits");
  return Wanted{TraitKind::hash, hex, {hex.substr(0, kMinHashDigits)}};
}

// The deepest that is a word of its own: what lies deeper stands under it. `path` ends with a slash.
std::string deepest_directory(const std::string& path) {
  size_t end = 0, depth = 0;
  while (depth < kMaxDirectories && (end = path.find('/', end + 1)) != std::string::npos &&
         end + 1 < path.size())
    ++depth;
  return end == std::string::npos ? path : path.substr(0, end + 1);
}

Result<Wanted> want_path(std::string_view given) {
  std::string text(given.substr(0, kMaxTraitBytes));
  if (!text.starts_with('/')) {
    std::string base(base_name(text));
    if (base.empty()) return wrong(given, "is no path: a directory is looked for from the root on (/tmp/)");
    return Wanted{TraitKind::path, text, {term(base)}};
  }
  if (text == "/") return wrong(given, "is every path");
  std::string directory = text.ends_with('/') ? text : text + "/";
  std::string around = deepest_directory(directory);
  if (text.ends_with('/')) return Wanted{TraitKind::path, text, {term(around)}};
  return Wanted{TraitKind::path, text, {term(text), term(around)}};
}

// Then it is a whole name: no part of another.
bool names_registry(const std::string& text) {
  std::string first = text.substr(0, text.find('/'));
  return first != text && (first.find_first_of(".:") != std::string::npos || first == "localhost");
}

// "docker.io/library/nginx:1.25", "nginx", "library/nginx", or all below "registry.example/team/".
Result<Wanted> want_repository(std::string_view given) {
  std::string text(given);
  bool below = text.ends_with('/');
  if (!is_image_text(text) || text == "/")
    return wrong(given, "is no repository like docker.io/library/nginx or nginx:1.25");
  if (below) return Wanted{TraitKind::repository, text, {term(deepest_directory(text))}};
  std::string word = names_registry(text) ? text : std::string(base_name(repository_of(text)));
  return Wanted{TraitKind::repository, text, {term(word)}};
}

Result<Wanted> want_chain(std::string_view text) {
  std::string hex = ascii_lower(text.starts_with("sha256:") ? text.substr(7) : text);
  if (!is_hex(hex) || hex.size() != kShaDigits)
    return wrong(text, "is no chain of layers: a SHA-256 of 64 hexadecimal digits");
  return Wanted{TraitKind::chain, hex, {term(hex)}};
}

Result<Wanted> want_technique(std::string_view text) {
  if (!is_technique(text)) return wrong(text, "is no ATT&CK technique like T1496 or T1496.001");
  std::string id(text);
  id[0] = 'T';
  id = canonical_technique(id);
  return Wanted{TraitKind::technique, id, {term(id)}};
}

}  // namespace

bool Wanted::fits(const Trait& trait) const {
  if (trait.kind != kind) return false;
  const std::string& value = trait.value;
  switch (kind) {
    case TraitKind::domain:
      return value == text || value.ends_with("." + text);
    case TraitKind::ip: {
      auto address = IpAddress::parse(value);
      size_t slash = text.find('/');
      return address && address->v6 == (text.find(':') != text.npos) &&
             network(*address, static_cast<unsigned>(std::stoul(text.substr(slash + 1)))) == text;
    }
    case TraitKind::hash:
      return value.starts_with(text);
    case TraitKind::path:
      if (!text.starts_with('/')) return value.ends_with("/" + text);
      return value == text || value.starts_with(text.ends_with('/') ? text : text + "/");
    case TraitKind::technique:
      return value == text || value.starts_with(text + ".");
    case TraitKind::rule:
    case TraitKind::chain:
      return value == text;
    case TraitKind::repository: {
      if (text.ends_with('/')) return value.starts_with(text);
      std::string name = repository_of(text) == text ? repository_of(value) : value;
      return name == text || (!names_registry(text) && name.ends_with("/" + text));
    }
  }
  return false;
}

Result<Wanted> parse_wanted(TraitKind kind, std::string_view text) {
  if (text.empty()) return wrong(text, "is nothing to look for");
  if (text.size() > kMaxWantedBytes) return too_long(text);
  std::string shown = still_printable(text);  // as reports show it
  switch (kind) {
    case TraitKind::domain:
      return want_domain(shown);
    case TraitKind::ip:
      return want_address(shown);
    case TraitKind::hash:
      return want_hash(shown);
    case TraitKind::path:
      return want_path(shown);
    case TraitKind::technique:
      return want_technique(shown);
    case TraitKind::rule: {
      std::string id = ascii_lower(shown);
      return Wanted{TraitKind::rule, id, {term(id)}};
    }
    case TraitKind::repository:
      return want_repository(shown);
    case TraitKind::chain:
      return want_chain(shown);
  }
  return wrong(text, "is nothing to look for");
}

// The first that it must be; else all that it may be.
Result<std::vector<Wanted>> guess_wanted(std::string_view text) {
  if (text.size() > kMaxWantedBytes) return too_long(text);
  std::string clear = live(text);
  auto only = [&](TraitKind kind) -> Result<std::vector<Wanted>> {
    ASSAY_TRY(Wanted wanted, parse_wanted(kind, text));
    return std::vector{std::move(wanted)};
  };
  bool url = clear.find("://") != std::string::npos;
  std::string host = url ? host_of(clear) : clear.substr(0, clear.find('/'));
  if (is_address(host)) return only(TraitKind::ip);
  if (url) return only(TraitKind::domain);
  if (clear.starts_with("sha256:") || (clear.size() == kShaDigits && is_hex(clear)))
    return only(TraitKind::hash);
  if (is_technique(clear)) return only(TraitKind::technique);
  if (is_uuid(clear)) return only(TraitKind::rule);
  if (clear.find('/') != std::string::npos) return only(TraitKind::path);

  std::vector<TraitKind> kinds = {TraitKind::path, TraitKind::rule};
  if (is_hex(clear) && clear.size() >= kMinHashDigits && clear.size() <= kShaDigits)
    kinds.push_back(TraitKind::hash);
  if (is_name(host_of(clear))) kinds.push_back(TraitKind::domain);
  std::vector<Wanted> out;
  for (TraitKind kind : kinds) {
    ASSAY_TRY(Wanted wanted, parse_wanted(kind, text));
    out.push_back(std::move(wanted));
  }
  return out;
}

}  // namespace assay
