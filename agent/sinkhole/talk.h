// talk: one TCP conversation from its first byte: decides what the client speaks, by its first bytes or,
// where the client waits, by the port's custom; hands its bytes to that protocol's conversation, and to the
// next one where the protocol changes; keeps the first bytes heard as evidence; looks for honeytokens in all
// of them. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/conversation.h"

namespace assay::sinkhole {

class Talk {
 public:
  static constexpr size_t kMaxUndecided = 4096;
  static constexpr int kMaxHandovers = 8;

  Talk(Peer peer, Scene& scene) : peer_(std::move(peer)), scene_(scene), port_(peer_.dst_port) {}
  /// What to send in answer to the next bytes of the client.
  std::string hear(std::string_view bytes, int64_t wall_ns, std::vector<Report>& told);
  /// What to send when the client has connected and stays silent. To be asked again while it does: what an
  /// FTP client connects for is known only later.
  std::string silence(int64_t wall_ns, std::vector<Report>& told);
  bool closing() const { return conversation_ && conversation_->closing(); }  // once everything is sent
  /// What it turned out to be; empty: not known (yet).
  std::string_view app() const { return conversation_ ? conversation_->app() : std::string_view(); }
  /// What was heard once decrypted, its first kMaxDataBytes; null where nothing was encrypted.
  const std::string* plaintext() const { return conversation_ ? conversation_->plaintext() : nullptr; }
  const Peer& peer() const { return peer_; }

 private:
  bool decide(Moment& moment);
  std::string speak(std::string_view bytes, Moment& moment);
  std::string greeting(Moment& moment);
  bool awaited() const;
  void look_for_tokens(std::string_view bytes, Moment& moment);

  Peer peer_;
  Scene& scene_;
  std::unique_ptr<Conversation> conversation_;
  std::string held_;  // undecided: the first bytes
  uint16_t port_;     // whose customs hold: the one dialled, or what a proxy was last asked for
  bool listening_only_ = false, heard_ = false, greeted_ = false;
  int handovers_ = 0;
  lure::TokenFinder::Stream stream_;
};

/// A token's report, of what TokenFinder found.
Report token_sent(const lure::TokenHit& hit, const Scene& scene, const Peer& peer);

}  // namespace assay::sinkhole
