// agents: who may be given work, how much, and what each is likely to have cached. Pure: fed by the server
// with what agents say, read by dispatch. What they hold is the queue's to know.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/wire.h"
#include "scheduler/queue.h"

namespace assay {

class Agents {
 public:
  enum class Mode : uint8_t { active, draining, fenced };  // only `active` are given work

  /// For humans.
  struct View {
    std::string name;
    Mode mode = Mode::active;
    bool connected = false;
    wire::Capacity capacity;
    uint32_t credit = 0;        // leases that it may be given now
    std::string why;            // it says why it takes none
    uint32_t cpu_millis = 0;    // free
    uint64_t memory_bytes = 0;  // free
    size_t leases = 0;
    size_t cached = 0;  // repositories
    QueueTime last_seen{};
  };

  /// It is connected. Credit is nothing until it states it. A mode that was set stays.
  void hello(const std::string& name, const wire::Capacity& capacity, const std::vector<uint64_t>& cached,
             QueueTime now);
  /// Replaces what it said before. Ignored for one that is not connected.
  void want(const std::string& name, const wire::Want& want, QueueTime now);
  /// A sign of life.
  void seen(const std::string& name, QueueTime now);
  /// It has the layers of this repository now.
  void remember(const std::string& name, uint64_t affinity);
  /// Its connection is gone: nothing more for it.
  void lost(const std::string& name);
  /// Also of one that is not connected, or not known yet.
  void set_mode(const std::string& name, Mode mode);

  bool knows(const std::string& name) const;
  Mode mode(const std::string& name) const;  // active when it is not known
  /// By name. Leases are counted in the queue.
  std::vector<View> list(const Queue& queue) const;
};
const char* to_string(Agents::Mode mode);

}  // namespace assay
