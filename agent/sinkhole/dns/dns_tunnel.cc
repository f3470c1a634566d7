// A tunnel that forgets: sixteen names back, and the oldest of too many domains.
#include "agent/sinkhole/dns/dns_tunnel.h"

#include <algorithm>
#include <functional>

namespace assay::sinkhole {
namespace {

// All labels but those in the last bytes, which are the domain's own.
std::string joined_labels(std::string_view wire_name, size_t domain_bytes) {
  std::string out;
  while (wire_name.size() > domain_bytes) {
    size_t length = static_cast<uint8_t>(wire_name[0]);
    out += wire_name.substr(1, length);
    wire_name.remove_prefix(std::min(1 + length, wire_name.size()));
  }
  return out;
}

// How many bytes the last labels of a name take on the wire, the root's included: as many as `domain` has.
size_t wire_bytes(std::string_view wire_name, size_t labels) {
  std::vector<size_t> starts;
  for (size_t at = 0; at < wire_name.size() && wire_name[at] != '\0';
       at += 1 + static_cast<size_t>(static_cast<uint8_t>(wire_name[at])))
    starts.push_back(at);
  if (labels >= starts.size()) return wire_name.size();
  return wire_name.size() - starts[starts.size() - labels];
}

}  // namespace

std::vector<lure::TokenHit> DnsTunnels::note(const lure::TokenFinder& finder, std::string_view domain,
                                             std::string_view wire_name) {
  size_t labels = static_cast<size_t>(std::count(domain.begin(), domain.end(), '.')) + 1;
  std::string text = joined_labels(wire_name, wire_bytes(wire_name, labels));
  if (text.empty()) text = joined_labels(wire_name, 1);  // the domain itself may be what is carried
  auto [at, fresh] = tunnels_.try_emplace(std::string(domain));
  if (fresh) by_age_.emplace_back(domain);
  Tunnel& tunnel = at->second;
  size_t hash = std::hash<std::string>()(text);
  if (std::find(tunnel.recent.begin(), tunnel.recent.end(), hash) != tunnel.recent.end()) return {};
  tunnel.recent.push_back(hash);
  if (tunnel.recent.size() > kRepeats) tunnel.recent.pop_front();
  auto hits = finder.scan(tunnel.stream, text);
  if (by_age_.size() > kMaxDomains) {
    tunnels_.erase(by_age_.front());
    by_age_.pop_front();
  }
  return hits;
}

}  // namespace assay::sinkhole
