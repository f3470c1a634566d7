// dns_tunnel: honeytokens that leave in names: the labels of all queries below one registrable domain, in the
// order in which they were asked and joined without their dots, are one stream that the token finder reads.
// Pure, bounded.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/lure/token_finder.h"

namespace assay::sinkhole {

class DnsTunnels {
 public:
  static constexpr size_t kMaxDomains = 4096;  // watched at once; the oldest make room
  /// A query's name as it was sent: labels behind their lengths (RFC 1035 section 3.1), letters in their own
  /// case. The same name again (for another type, or because an answer was late) adds nothing.
  std::vector<lure::TokenHit> note(const lure::TokenFinder& finder, std::string_view domain,
                                   std::string_view wire_name);

 private:
  static constexpr size_t kRepeats = 16;  // names that are known when they come again
  struct Tunnel {
    lure::TokenFinder::Stream stream;
    std::deque<size_t> recent;  // hashes of names
  };
  std::unordered_map<std::string, Tunnel> tunnels_;
  std::deque<std::string> by_age_;
};

}  // namespace assay::sinkhole
