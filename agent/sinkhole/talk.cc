// The protocol is decided once, from the first bytes or the port's custom; only the protocol itself revises
// it.
#include "agent/sinkhole/talk.h"

#include <utility>

#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

// True once it is known what the client speaks, or that it is nothing that we know.
bool Talk::decide(Moment& moment) {
  bool open = false;
  for (const Protocol& protocol : protocols()) {
    if (!protocol.begins) continue;
    Match match = protocol.begins(held_, peer_);
    if (match == Match::yes) {
      conversation_ = protocol.open(moment);
      return true;
    }
    open |= match == Match::maybe;
  }
  if (open && held_.size() < kMaxUndecided) return false;
  listening_only_ = true;
  return true;
}

void Talk::look_for_tokens(std::string_view bytes, Moment& moment) {
  for (const lure::TokenHit& hit : scene_.finder.scan(stream_, bytes))
    moment.told.push_back(token_sent(hit, scene_, peer_));
}

std::string Talk::hear(std::string_view bytes, int64_t wall_ns, std::vector<Report>& told) {
  if (bytes.empty() || closing()) return "";
  Moment moment{scene_, peer_, wall_ns, told};
  look_for_tokens(bytes, moment);
  if (listening_only_) return "";
  std::string first;
  if (!conversation_) {
    held_ += bytes;
    if (!decide(moment) || !conversation_) return "";
    first = std::exchange(held_, {});
    bytes = first;
  }
  std::string out = conversation_->hear(bytes, moment);
  // What follows a change of protocol is a talk's beginning again.
  for (std::string rest; handovers_ < kMaxHandovers && conversation_->hands_over(rest); rest.clear()) {
    ++handovers_;
    conversation_.reset();
    if (rest.empty()) break;
    held_ = rest;
    if (!decide(moment) || !conversation_) break;
    held_.clear();
    out += conversation_->hear(rest, moment);
  }
  return out;
}

std::string Talk::silence(int64_t wall_ns, std::vector<Report>& told) {
  if (conversation_) {
    Moment moment{scene_, peer_, wall_ns, told};
    return conversation_->idle(moment);
  }
  if (std::exchange(greeted_, true) || conversation_ || !held_.empty()) return "";
  Moment moment{scene_, peer_, wall_ns, told};
  for (const Protocol& protocol : protocols()) {
    if (!protocol.greets || !protocol.greets(peer_)) continue;
    conversation_ = protocol.open(moment);
    return conversation_->greet(moment);
  }
  return "";
}

Report token_sent(const lure::TokenHit& hit, const Scene& scene, const Peer& peer) {
  Report out;
  out.kind = ReportKind::token;
  out.method = "sent";
  out.path = scene.lures.tokens[hit.token].id;
  out.detail = hit.encoding;
  out.name = peer.host;
  out.data = hit.excerpt;
  return out;
}

}  // namespace assay::sinkhole
