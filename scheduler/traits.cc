// What of a report goes into the index, in which form.
#include "scheduler/traits.h"

#include <algorithm>

namespace assay {
namespace {

void add(Traits& traits, TraitKind kind, TraitRole role, std::string value) {
  std::erase(value, '\0');
  if (value.size() > kMaxTraitBytes) value.resize(kMaxTraitBytes);
  if (!value.empty()) traits.push_back({kind, role, std::move(value)});
}

}  // namespace

const char* to_string(TraitKind kind) {
  switch (kind) {
    case TraitKind::domain:
      return "domain";
    case TraitKind::ip:
      return "ip";
    case TraitKind::hash:
      return "hash";
    case TraitKind::path:
      return "path";
    case TraitKind::technique:
      return "technique";
    case TraitKind::rule:
      return "rule";
  }
  return "unknown";
}

const char* to_string(TraitRole role) {
  switch (role) {
    case TraitRole::found:
      return "found";
    case TraitRole::asked:
      return "asked";
    case TraitRole::contacted:
      return "contacted";
    case TraitRole::executed:
      return "executed";
    case TraitRole::left:
      return "left";
    case TraitRole::fetched:
      return "fetched";
  }
  return "unknown";
}

Traits traits_of(const Report& report) {
  Traits traits;
  for (const Finding& finding : report.findings) {
    add(traits, TraitKind::rule, TraitRole::found, finding.rule_id);
    for (const Technique& technique : finding.techniques)
      add(traits, TraitKind::technique, TraitRole::found, technique.id);
  }
  std::sort(traits.begin(), traits.end());
  traits.erase(std::unique(traits.begin(), traits.end()), traits.end());
  if (traits.size() > kMaxTraits) traits.resize(kMaxTraits);
  return traits;
}

std::string encode_traits(const Traits& traits) {
  std::string out;
  for (const Trait& trait : traits) {
    out += static_cast<char>(trait.kind);
    out += static_cast<char>(trait.role);
    out += static_cast<char>(trait.value.size() >> 8);
    out += static_cast<char>(trait.value.size() & 0xff);
    out += trait.value;
  }
  return out;
}

Result<Traits> decode_traits(std::string_view bytes) {
  Traits traits;
  while (!bytes.empty()) {
    size_t size = bytes.size() < 4 ? 0
                                   : static_cast<size_t>(static_cast<uint8_t>(bytes[2])) << 8 |
                                         static_cast<uint8_t>(bytes[3]);
    if (bytes.size() < 4 + size || size == 0 || size > kMaxTraitBytes)
      return Error{Errc::corrupt, "a scan's list of traits is damaged"};
    traits.push_back({static_cast<TraitKind>(bytes[0]), static_cast<TraitRole>(bytes[1]),
                      std::string(bytes.substr(4, size))});
    bytes.remove_prefix(4 + size);
  }
  return traits;
}

}  // namespace assay
