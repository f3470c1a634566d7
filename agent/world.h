// world: the simulated internet of one scan: sockets and sk_lookup steering in the world's namespace, and the sinkhole child
// (assay-sinkhole, unprivileged) that answers on them. What it reports becomes `dns` and `session` events.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/network.h"
#include "common/event.h"
#include "common/process.h"
#include "common/result.h"

namespace assay {

class World {
 public:
  static Result<World> start(const Network& network, int64_t start_time_ns);
  World(World&&) noexcept;
  World& operator=(World&&) noexcept;
  ~World();

  int fd() const;                // readable when the sinkhole has reported something
  std::vector<Event> take();     // what was reported since; never blocks
  uint64_t seen() const;
  uint64_t lost() const;         // reports the sinkhole could not send or we could not parse
  bool running() const;          // a sinkhole that died makes the trace incomplete

 private:
  struct State;
  explicit World(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
