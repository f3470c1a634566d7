// One stream a peer, so that a secret in many small pings is found, too.
#include "agent/trace/flow_tokens.h"

#include <algorithm>
#include <utility>

namespace assay {

FlowTokens::FlowTokens(const std::vector<lure::Token>& tokens, std::vector<std::string> guest_addrs)
    : guest_addrs_(std::move(guest_addrs)), finder_(tokens) {
  for (const lure::Token& token : tokens) ids_.push_back(token.id);
}

std::vector<Event> FlowTokens::look(const Event& event) {
  std::vector<Event> out;
  if (event.kind != EventKind::payload || event.proto != "icmp" ||
      std::find(guest_addrs_.begin(), guest_addrs_.end(), event.src_addr) == guest_addrs_.end())
    return out;
  if (streams_.size() >= kMaxPeers) streams_.clear();
  for (lure::TokenHit& hit : finder_.scan(streams_[event.dst_addr], event.data)) {
    Event token = event;
    token.kind = EventKind::token;
    token.call = "sent";
    token.path = ids_[hit.token];
    token.path2 = hit.encoding;
    token.data = std::move(hit.excerpt);
    token.truncated = 0;
    out.push_back(std::move(token));
  }
  return out;
}

}  // namespace assay
