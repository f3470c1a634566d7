// overlay: what the earlier batches of a group have changed, for the preconditions of the later ones. Pure;
// an engine asks it before it asks its own data. Borrows the group's bytes.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scheduler/store.h"

namespace assay {

class Overlay {
 public:
  /// What a key holds by now: nullopt inside says nothing. Outer nullopt: no batch touched it.
  using Touched = std::optional<std::optional<std::string_view>>;

  /// Its preconditions hold: it is in. `batch` outlives the overlay.
  void add(const StoreBatch& batch) {
    for (const StoreOp& op : batch.ops) {
      if (op.remove && !op.end.empty())
        remove_range(op);
      else
        keys_[{op.family, op.key}] =
            op.remove ? std::nullopt : std::optional<std::string_view>(std::string_view(op.value));
    }
  }

  Touched find(Family family, std::string_view key) const {
    auto found = keys_.find({family, key});
    if (found != keys_.end()) return found->second;
    for (const StoreOp* range : ranges_)
      if (range->family == family && range->key <= key && key < range->end) return Touched(std::in_place);
    return std::nullopt;
  }

 private:
  struct Key {
    Family family;
    std::string_view bytes;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const {
      return std::hash<std::string_view>()(key.bytes) * kFamilies + static_cast<size_t>(key.family);
    }
  };

  void remove_range(const StoreOp& op) {
    ranges_.push_back(&op);
    for (auto& [key, value] : keys_)
      if (key.family == op.family && op.key <= key.bytes && key.bytes < op.end) value.reset();
  }

  std::unordered_map<Key, std::optional<std::string_view>, Hash> keys_;
  std::vector<const StoreOp*> ranges_;
};

}  // namespace assay
