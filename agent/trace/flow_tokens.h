// flow_tokens: honeytokens in what the sinkhole never sees: the payloads of pings, which the kernel answers.
// Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/lure/token_finder.h"
#include "common/event.h"

namespace assay {

class FlowTokens {
 public:
  static constexpr size_t kMaxPeers = 1024;  // whose pings are one stream each; beyond, all are forgotten
  /// `guest_addrs`: what is sent from elsewhere is an answer, and repeats its question.
  FlowTokens(const std::vector<lure::Token>& tokens, std::vector<std::string> guest_addrs);
  /// A token event, at the same time, for each token that shows in an event of kind payload and proto "icmp".
  std::vector<Event> look(const Event& event);

 private:
  std::vector<std::string> ids_, guest_addrs_;
  lure::TokenFinder finder_;
  std::map<std::string, lure::TokenFinder::Stream> streams_;  // by the peer pinged
};

}  // namespace assay
