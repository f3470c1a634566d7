// Interner: numbers for strings, in the order of their first use. Made for strings that an enemy chooses: a
// lookup probes a bounded number of slots, and a string that finds none free is stored a second time instead.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

class Interner {
 public:
  uint32_t intern(std::string_view text) {
    size_t hash = std::hash<std::string_view>()(text);
    if ((ends_.size() + 1) * 2 > slots_.size()) grow();
    for (size_t probe = 0; probe < kProbes; ++probe) {
      Slot& slot = slots_[(hash + probe) & (slots_.size() - 1)];
      if (slot.id == kFree) {
        slot = {hash, static_cast<uint32_t>(ends_.size())};
        break;
      }
      if (slot.hash == hash && view(slot.id) == text) return slot.id;
    }
    bytes_.append(text);
    ends_.push_back(bytes_.size());
    return static_cast<uint32_t>(ends_.size() - 1);
  }
  /// Valid until the next intern().
  std::string_view view(uint32_t id) const {
    size_t begin = id == 0 ? 0 : ends_[id - 1];
    return std::string_view(bytes_).substr(begin, ends_[id] - begin);
  }
  size_t size() const { return ends_.size(); }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;
  static constexpr size_t kProbes = 32;
  struct Slot {
    size_t hash = 0;
    uint32_t id = kFree;
  };

  void grow() {
    std::vector<Slot> old(std::max<size_t>(1024, slots_.size() * 2));
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.id == kFree) continue;
      for (size_t probe = 0; probe < kProbes; ++probe) {
        Slot& free = slots_[(slot.hash + probe) & (slots_.size() - 1)];
        if (free.id != kFree) continue;
        free = slot;
        break;
      }
    }
  }

  std::vector<Slot> slots_;
  std::string bytes_;
  std::vector<size_t> ends_;
};

}  // namespace assay
