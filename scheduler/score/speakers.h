// Speakers: which process is behind a connection. The guest's calls say who connected whither, the flows
// which port that came from; the sinkhole knows the ports alone. Bounded; what is not known is kNone, never a
// guess beyond "the last one that connected there".
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "common/event.h"
#include "scheduler/score/process_tree.h"

namespace assay {

class Speakers {
 public:
  static constexpr size_t kMaxPeers = 20'000, kMaxFlows = 50'000, kMaxWaiting = 64;

  /// Borrowed; it has taken in every event before add() does.
  explicit Speakers(const ProcessTree& tree) : tree_(tree) {}
  void add(const Event& event);
  /// The process that began the connection of which a report of the sinkhole tells.
  size_t of(const Event& report) const;

 private:
  using PeerKey = std::tuple<std::string, std::string, uint32_t>;  // proto, address (or path), port
  using Waiting = std::deque<std::pair<int64_t, uint64_t>>;        // time, process or source port
  struct Peer {
    size_t last = ProcessTree::kNone;
    Waiting calls, flows;  // connects without their first packet yet, and the other way round
  };

  void on_connect(const Event& event);
  void on_datagram(const Event& event);
  void on_socket(const Event& event, size_t process);
  void on_flow(const Event& event);
  void pair(const PeerKey& key, uint64_t process, uint64_t port);
  size_t of_socket(const Event& report) const;

  const ProcessTree& tree_;
  std::map<PeerKey, Peer> peers_;
  std::map<std::pair<PeerKey, uint64_t>, uint64_t> flows_;  // with the source port: process
  std::map<std::string, size_t, std::less<>> sockets_;      // by a ".sock"'s file name: who connected last
  size_t last_socket_ = ProcessTree::kNone;                 // ...and to any
};

}  // namespace assay
