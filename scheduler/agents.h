// agents: who may be given work, how much, and what each is likely to have cached. Pure: fed by the server
// with what agents say, read by placement and dispatch. What they hold is the queue's to know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/wire.h"
#include "scheduler/queue.h"

namespace assay {

class Agents {
 public:
  enum class Mode : uint8_t { active, draining, fenced };  // only `active` are given work

  /// The hit of a sandbox's guard by which an agent has fenced itself, in its own words. No scan id: none.
  struct Fencing {
    std::string scan_id;
    uint32_t attempt = 0;
    std::string reason;
    bool is_of(const std::string& scan, uint32_t number) const {
      return !scan_id.empty() && scan_id == scan && attempt == number;
    }
  };

  /// For humans.
  struct View {
    std::string name;
    Mode mode = Mode::active;
    bool connected = false;
    wire::Capacity capacity;
    std::vector<std::string> platforms{};  // that it runs, canonical
    uint32_t credit = 0;                   // leases that it can be given now
    std::string why;                       // in its words, why it takes none
    uint32_t cpu_millis = 0;               // free
    uint64_t memory_bytes = 0;             // free
    size_t leases = 0;
    size_t cached = 0;  // repositories
    QueueTime last_seen{};
    Fencing fencing;  // while it is fenced by one
  };

  /// It is connected. It has no credit until it states it. A mode that was set stays.
  void hello(const std::string& name, const wire::Capacity& capacity, const std::vector<uint64_t>& cached,
             QueueTime now, const std::vector<std::string>& platforms = {});
  /// Replaces what it said before, and what was given since is forgotten. Ignored for one that is not
  /// connected.
  void want(const std::string& name, const wire::Want& want, QueueTime now);
  /// A sign of life.
  void seen(const std::string& name, QueueTime now);
  /// It has the layers of this repository now. Of each agent the last wire::kMaxCached are kept.
  void remember(const std::string& name, uint64_t affinity);
  bool has_cached(const std::string& name, uint64_t affinity) const;
  /// Its connection is gone: nothing more for it.
  void lost(const std::string& name);
  /// Also of one that is not connected, or not known yet.
  void set_mode(const std::string& name, Mode mode);
  /// It is fenced by its own word. False where it was before, by the same attempt or another: the first
  /// stands.
  bool fence(const std::string& name, Fencing fencing);
  /// What it is fenced by; null where it is not, or by an operator.
  const Fencing* fencing(const std::string& name) const;
  /// set_mode() has ended its fencing by this attempt, and no other has followed.
  bool was_lifted(const std::string& name, const std::string& scan_id, uint32_t attempt) const;
  /// What is to be kept of its mode, one line; empty: nothing. restore() takes it, and whatever a release
  /// before this one has kept.
  std::string kept(const std::string& name) const;
  void restore(const std::string& name, std::string_view kept);

  /// All that is known of one that is not connected, its mode too.
  void forget(const std::string& name);
  /// Those that are not connected, not fenced, and have not been heard since `since`, by name.
  std::vector<std::string> unheard_since(QueueTime since) const;

  bool knows(const std::string& name) const { return indices_.contains(name); }
  Mode mode(const std::string& name) const;  // active when it is not known
  /// By name. Leases are counted in the queue.
  std::vector<View> list(const Queue& queue) const;

  // ---- for placement and dispatch. Agents are named by their row.

  struct Row {
    uint64_t seed = 0;      // hash of its name
    uint64_t kept_for = 0;  // the number of the only channel whose jobs it may be given; 0: any
    uint64_t memory_bytes = 0, largest_memory = 0;  // free; in all
    uint64_t platforms = 0;                         // a bit each: platform_bits()
    uint32_t cpu_millis = 0, largest_cpu = 0;
    uint32_t credit = 0;
    uint32_t kept_before = 0;  // how often it was kept for a channel
    bool usable = false;       // connected and active
  };
  const std::vector<Row>& rows() const { return rows_; }
  const std::string& name(uint32_t row) const { return known_[row].name; }
  /// Who has the layers of this repository: also ones that are not usable. Null: nobody.
  const std::vector<uint32_t>* caching(uint64_t affinity) const;
  /// The bit that stands for a platform in Row::platforms: 0 for "", and one that no agent has where none has
  /// ever said that it runs it.
  uint64_t platform_bits(const std::string& platform) const;
  /// What agents that are connected run, sorted.
  std::vector<std::string> platforms() const;
  /// Another number whenever it has changed who is usable, how large, or what it runs.
  uint64_t generation() const { return generation_; }
  /// A lease was given: it has so much less.
  void give(uint32_t row, uint32_t cpu_millis, uint64_t memory_bytes);
  /// It is for the jobs of one channel now; 0: for all again.
  void keep(uint32_t row, uint64_t channel) {
    rows_[row].kept_for = channel;
    rows_[row].kept_before += channel != 0 ? 1 : 0;
  }

 private:
  struct Known {
    std::string name;
    Mode mode = Mode::active;
    Fencing fencing;  // it is fenced by its own word, by this
    Fencing lifted;   // or was, until an operator ended it
    bool connected = false;
    wire::Capacity capacity;
    std::vector<std::string> platforms{};
    std::string why;
    QueueTime last_seen{};
    std::vector<uint64_t> cached;  // the one that was used last is last
  };
  uint32_t row_of(const std::string& name);
  uint32_t free_row();
  void learn_platforms(uint32_t row, const std::vector<std::string>& platforms);
  void forget_cached(uint32_t row, uint64_t affinity);
  void forget_all_cached(uint32_t row);
  void update(uint32_t row);

  std::unordered_map<std::string, uint32_t> indices_;
  std::vector<Row> rows_;
  std::vector<Known> known_;      // same rows: what is looked at seldom; a forgotten one has no name
  std::vector<uint32_t> free_{};  // rows of forgotten ones
  std::unordered_map<uint64_t, std::vector<uint32_t>> caching_;
  std::vector<std::string> platforms_;  // by bit; never forgotten
  uint64_t generation_ = 1;
};
const char* to_string(Agents::Mode mode);

}  // namespace assay
