// What of a report a scan is found by, and the list's bytes: kind, role, size (2 bytes, big-endian), value.
#include "scheduler/traits.h"

#include <algorithm>
#include <array>
#include <set>

#include "common/ascii.h"
#include "scheduler/image_name.h"
#include "scheduler/score/attack.h"
#include "scheduler/terms.h"

namespace assay {
namespace {

constexpr size_t kShaDigits = 64;

// Addresses that say nothing: the simulated internet's own (RFC 2544, RFC 5180), where a name was asked for
// it, and the guest itself.
bool simulated(const std::string& addr) {
  return addr.starts_with("198.18.") || addr.starts_with("198.19.") || addr.starts_with("2001:2::");
}
bool itself(const std::string& addr) {
  return addr.starts_with("127.") || addr == "::1" || addr == "0.0.0.0" || addr == "::";
}

class Collector {
 public:
  void add(TraitKind kind, TraitRole role, std::string value) {
    std::erase(value, '\0');
    if (value.size() > kMaxTraitBytes) value.resize(kMaxTraitBytes);
    if (value.empty()) return;
    Trait trait{kind, role, std::move(value)};
    if (all_.contains(trait)) return;
    Used& used = used_[static_cast<size_t>(kind) - 1];
    if (used.count == kMaxTraitsOfKind || used.bytes + trait.value.size() > kMaxTraitBytesOfKind) {
      ++left_out;
      return;
    }
    ++used.count;
    used.bytes += trait.value.size();
    all_.insert(std::move(trait));
  }
  /// A name, or an address in a name's place.
  void host(TraitRole role, std::string_view text) {
    std::string name = ascii_lower(host_of(text));
    if (is_address(name)) return address(role, name);
    while (name.ends_with('.')) name.pop_back();
    add(TraitKind::domain, role, name);
  }
  void address(TraitRole role, const std::string& text) {
    if (std::string normal = normal_address(text); !normal.empty() && !itself(normal))
      add(TraitKind::ip, role, normal);
  }
  void hash(TraitRole role, std::string_view text) {
    if (text.starts_with("sha256:")) text.remove_prefix(7);
    if (text.size() == kShaDigits) add(TraitKind::hash, role, ascii_lower(text));
  }
  void path(TraitRole role, const std::string& text) {
    if (text.starts_with('/')) add(TraitKind::path, role, text);
  }
  Traits traits() const { return {all_.begin(), all_.end()}; }

  uint64_t left_out = 0;

 private:
  struct Used {
    size_t count = 0, bytes = 0;
  };
  std::set<Trait> all_;
  std::array<Used, kTraitKinds> used_;
};

void take_findings(Collector& out, const Report& report) {
  for (const Finding& finding : report.findings) {
    out.add(TraitKind::rule, TraitRole::found, ascii_lower(finding.rule_id));
    for (const Technique& technique : finding.techniques)
      out.add(TraitKind::technique, TraitRole::found, std::string(canonical_technique(technique.id)));
  }
}

void take_network(Collector& out, const Report& report) {
  for (const NetworkPeer& peer : report.network) {
    if (!peer.name.empty()) out.host(TraitRole::contacted, peer.name);
    if (peer.name.empty() || !simulated(peer.addr)) out.address(TraitRole::contacted, peer.addr);
  }
  for (const TokenUse& token : report.tokens)
    for (const TokenSent& sent : token.sent) out.host(TraitRole::contacted, sent.to);
  for (const Download& download : report.downloads) {
    out.host(TraitRole::fetched, download.url);
    out.hash(TraitRole::fetched, download.sha256);
    out.path(TraitRole::fetched, download.stored_at);
  }
  for (const std::string& name : report.dns_names) out.host(TraitRole::asked, name);
}

void take_files(Collector& out, const Report& report) {
  for (const Process& process : report.processes) {
    out.path(TraitRole::executed, process.path);
    out.hash(TraitRole::executed, process.sha256);
  }
  for (const KeptFile& file : report.artifacts) {
    out.path(TraitRole::left, file.path);
    out.hash(TraitRole::left, file.sha256);
  }
  for (const FileChange& file : report.files) {
    out.path(TraitRole::left, file.path);
    out.hash(TraitRole::left, file.sha256);
  }
}

void take_image(Collector& out, const ImageInfo& image) {
  for (const std::string* digest : {&image.digest, &image.index_digest, &image.config_digest})
    out.hash(TraitRole::image, *digest);
  for (const LayerInfo& layer : image.layers) {
    out.hash(TraitRole::image, layer.digest);
    out.hash(TraitRole::image, layer.diff_id);
  }
  std::vector<std::string> chain = layer_chain(image.layers);
  if (!chain.empty()) out.add(TraitKind::chain, TraitRole::image, chain.back());
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
    case TraitKind::repository:
      return "repository";
    case TraitKind::chain:
      return "chain";
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
    case TraitRole::image:
      return "image";
  }
  return "unknown";
}

Traits traits_of(const Report& report, uint64_t* left_out) {
  Collector out;
  take_findings(out, report);
  take_network(out, report);
  take_files(out, report);
  take_image(out, report.header.image);
  if (left_out != nullptr) *left_out = out.left_out;
  return out.traits();
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
    Error damaged{Errc::corrupt, "a scan's list of traits is damaged"};
    if (bytes.size() < 4) return damaged;
    auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    size_t size = static_cast<size_t>(byte(2)) << 8 | byte(3);
    if (byte(0) == 0 || byte(0) > kTraitKinds || byte(1) >= kTraitRoles) return damaged;
    if (bytes.size() < 4 + size || size == 0 || size > kMaxTraitBytes || traits.size() == kMaxTraits)
      return damaged;
    traits.push_back({static_cast<TraitKind>(byte(0)), static_cast<TraitRole>(byte(1)),
                      std::string(bytes.substr(4, size))});
    bytes.remove_prefix(4 + size);
  }
  return traits;
}

}  // namespace assay
