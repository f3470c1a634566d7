// The protocol is decided once, from the first bytes or the port's custom; only the protocol itself revises
// it.
#include "agent/sinkhole/talk.h"

#include <utility>

#include "agent/sinkhole/protocol.h"
#include "agent/sinkhole/protocols/ftp.h"

namespace assay::sinkhole {

// An FTP session has named our port: what connects there is its data connection.
bool Talk::awaited() const {
  auto it = scene_.awaited.find(peer_.dst_port);
  return it != scene_.awaited.end() && (peer_.tls || !it->second.encrypted);
}

// True once it is known what the client speaks, or that it is nothing that we know.
bool Talk::decide(Moment& moment) {
  if (awaited()) {
    conversation_ = open_ftp_data(moment);
    return true;
  }
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
  heard_ = true;
  Moment moment{scene_, peer_, wall_ns, told};
  look_for_tokens(bytes, moment);
  return speak(bytes, moment);
}

std::string Talk::speak(std::string_view bytes, Moment& moment) {
  std::string out, rest;
  while (!listening_only_) {
    if (!conversation_) {
      held_ += bytes;
      if (held_.empty() || !decide(moment) || !conversation_) break;
      rest = std::exchange(held_, {});
      bytes = rest;
    }
    out += conversation_->hear(bytes, moment);
    std::string next;
    if (!conversation_->hands_over(next)) break;
    // What follows a change of protocol is a talk's beginning again.
    conversation_.reset();
    listening_only_ = ++handovers_ > kMaxHandovers;
    bool elsewhere = std::exchange(port_, peer_.dst_port) != peer_.dst_port;
    if (elsewhere && next.empty()) out += greeting(moment);
    if (next.empty()) break;
    rest = std::move(next);
    bytes = rest;
  }
  if (listening_only_) held_ = {};
  return out;
}

std::string Talk::greeting(Moment& moment) {
  if (awaited()) conversation_ = open_ftp_data(moment);
  for (const Protocol& protocol : protocols()) {
    if (conversation_) break;
    if (protocol.greets && protocol.greets(peer_)) conversation_ = protocol.open(moment);
  }
  return conversation_ ? conversation_->greet(moment) : "";
}

std::string Talk::silence(int64_t wall_ns, std::vector<Report>& told) {
  Moment moment{scene_, peer_, wall_ns, told};
  if (heard_) return conversation_ ? conversation_->idle(moment) : "";
  if (greeted_) return "";
  std::string out = conversation_ ? conversation_->greet(moment) : greeting(moment);
  greeted_ = !out.empty();
  return out;
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
