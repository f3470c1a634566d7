// One stream a peer, connection or domain, so that a secret in many small pieces is found, too.
#include "agent/trace/flow_tokens.h"

#include <algorithm>
#include <utility>

#include "agent/sinkhole/dns/dns_dga.h"

namespace assay {

FlowTokens::FlowTokens(const std::vector<lure::Token>& tokens, std::vector<std::string> guest_addrs, Of of)
    : of_(of), guest_addrs_(std::move(guest_addrs)), finder_(tokens) {
  for (const lure::Token& token : tokens) ids_.push_back(token.id);
}

// Where the event's bytes belong; empty: nowhere.
std::string FlowTokens::stream_of(const Event& event) const {
  bool asks = event.kind == EventKind::dns && event.call == "query" && of_ == Of::everything;
  if (asks) return "dns " + std::string(sinkhole::registrable_domain(event.name));
  if (event.kind != EventKind::payload) return "";
  if (event.proto == "icmp") return event.dst_addr;
  if (of_ != Of::everything) return "";
  return event.proto + " " + event.dst_addr + " " + std::to_string(event.dst_port) + " " +
         std::to_string(event.src_port);
}

std::vector<Event> FlowTokens::look(const Event& event) {
  std::vector<Event> out;
  std::string key = stream_of(event);
  if (key.empty() ||
      std::find(guest_addrs_.begin(), guest_addrs_.end(), event.src_addr) == guest_addrs_.end())
    return out;
  if (streams_.size() >= kMaxPeers) streams_.clear();
  Stream& stream = streams_[key];
  std::string text = event.data;
  if (event.kind == EventKind::dns) {
    if (stream.last == event.name) return out;
    stream.last = event.name;
    text = event.name.substr(0, event.name.size() - (key.size() - 4));  // the labels before the domain
    std::erase(text, '.');
  }
  for (lure::TokenHit& hit : finder_.scan(stream.bytes, text)) {
    Event token = event;
    token.kind = EventKind::token;
    token.call = "sent";
    token.path = ids_[hit.token];
    token.path2 = hit.encoding;
    token.data = std::move(hit.excerpt);
    token.truncated = 0;
    if (event.kind == EventKind::dns) token.app = "dns";
    out.push_back(std::move(token));
  }
  return out;
}

}  // namespace assay
