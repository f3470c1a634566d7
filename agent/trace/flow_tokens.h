// flow_tokens: honeytokens in what the sinkhole never sees: the payloads of pings, which the kernel answers;
// and, where a guest has the real network and there is no sinkhole, the first packets of each flow, and
// names. Pure.
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
  enum class Of : uint8_t { pings, everything };
  /// `guest_addrs`: what is sent from elsewhere is an answer, and repeats its question.
  FlowTokens(const std::vector<lure::Token>& tokens, std::vector<std::string> guest_addrs, Of of = Of::pings);
  /// A token event, at the same time, for each token that shows in an event of kind payload (of pings, or of
  /// everything), or in the name that one of kind dns asks for. Encrypted ones show nowhere.
  std::vector<Event> look(const Event& event);

 private:
  struct Stream {
    lure::TokenFinder::Stream bytes;
    std::string last;  // name asked for: for its other address it is asked again
  };
  std::string stream_of(const Event& event) const;

  Of of_;
  std::vector<std::string> ids_, guest_addrs_;
  lure::TokenFinder finder_;
  std::map<std::string, Stream> streams_;  // by the peer pinged, by connection, by domain
};

}  // namespace assay
