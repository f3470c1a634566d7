// Tokens: what happened to the scan's honeytokens: who read which, who was handed one by a simulated service,
// and which left the guest, whither and in which encoding. Pure; bounded.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/event.h"
#include "common/trace.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"
#include "scheduler/score/speakers.h"

namespace assay {

class Tokens {
 public:
  using Emit = std::function<void(const Record&, const Event&)>;  // the event that it was made of
  static constexpr size_t kMaxActors = 8, kMaxSent = 16, kMaxNewNames = 256, kMaxWaiting = 4096;

  /// Borrowed, but for `planted`.
  Tokens(const std::vector<PlantedToken>& planted, const ProcessTree& tree, const Speakers& speakers);

  /// Whether the event opens a file that we planted, for reading, and succeeds.
  bool reads_planted(const Event& event) const { return !read_by(event).empty(); }
  /// Emits a record of category `honeytoken` for each thing that happens to one.
  void observe(const Event& event, const Emit& emit);

  /// At the end: what was sent over connections whose protocol nobody told.
  void finish(const Emit& emit);

  /// Those that were touched, in the order in which they were planted.
  std::vector<TokenUse> list() const;

 private:
  using Indices = std::vector<size_t>;
  using Connection = std::tuple<std::string, std::string, uint32_t, uint32_t>;  // proto, address, both ports
  Indices read_by(const Event& event) const;
  const Indices* at_path(const std::string& path) const;
  void on_new_name(const Event& event);
  void on_read(const Event& event, const Indices& indices, const Emit& emit);
  void on_token(const Event& event, const Emit& emit);
  void on_protocol(const Event& event, const Emit& emit);
  static Connection connection_of(const Event& event) {
    return {event.proto, event.dst_addr, event.src_port, event.dst_port};
  }
  bool fresh(size_t process, const std::string& place);
  void settle(const Event& event, const Emit& emit);
  void sent(TokenUse& token, const Event& event, size_t process);

  const ProcessTree& tree_;
  const Speakers& speakers_;
  std::vector<TokenUse> tokens_;
  std::map<std::string, size_t> by_id_;
  std::map<std::string, Indices> by_path_;  // normal: see normal_place(); further names included
  Indices in_environment_;
  size_t new_names_ = 0;
  std::map<Connection, std::vector<Event>> waiting_;  // sent before it was clear in which protocol
  size_t waiting_count_ = 0;
  std::set<std::pair<size_t, std::string>> told_;  // process and place: programs read a file many times
};

}  // namespace assay
