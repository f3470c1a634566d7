// The store's fake: the same rules over std::map, written independently of the real one, and a disk that is
// full when told. For one thread.
#pragma once

#include <algorithm>
#include <array>
#include <map>

#include "scheduler/store.h"

namespace assay {

class MemoryStore : public Store {
 public:
  bool full = false;                  // commit() fails with no_space
  uint64_t room_bytes = 1ull << 40;   // what free_bytes() says
  uint64_t commits = 0, batches = 0;  // that went through: groups, and batches in them

  Result<std::vector<Status>> commit(const std::vector<StoreBatch>& group) override {
    if (full) return Error{Errc::no_space, "write to memory: the disk is full"};
    std::vector<Status> outcomes;
    for (const StoreBatch& batch : group) outcomes.push_back(apply(batch));
    ++commits;
    return outcomes;
  }

  Result<std::string> get(Family family, std::string_view key) const override {
    auto found = data(family).find(key);
    if (found != data(family).end()) return found->second;
    return Error{Errc::not_found, std::string("no such key in ") + to_string(family)};
  }

  Status scan(Family family, std::string_view prefix, bool reverse,
              const std::function<bool(std::string_view key, std::string_view value)>& visit,
              std::string_view start = {}) const override {
    std::vector<std::pair<std::string, std::string>> found;  // as it was at the start, whatever `visit` does
    for (const auto& [key, value] : data(family))
      if (key.starts_with(prefix) && (start.empty() || (reverse ? key <= start : key >= start)))
        found.emplace_back(key, value);
    if (reverse) std::reverse(found.begin(), found.end());
    for (const auto& [key, value] : found)
      if (!visit(key, value)) break;
    return Status();
  }

  Result<uint64_t> free_bytes() const override { return full ? 0 : room_bytes; }

  Result<FamilyBytes> bytes(Family family) const override {
    FamilyBytes out;
    for (const auto& [key, value] : data(family)) out.disk += key.size() + value.size();
    return out;
  }
  Result<uint64_t> disk_bytes() const override {
    uint64_t sum = 0;
    for (size_t i = 0; i < kFamilies; ++i) sum += bytes(static_cast<Family>(i))->disk;
    return sum;
  }
  Status give_back(const std::vector<KeyRange>&) override { return Status(); }
  Status checkpoint(const std::filesystem::path&) const override {
    return Error{Errc::unsupported, "there are no files"};
  }

 private:
  using Data = std::map<std::string, std::string, std::less<>>;
  Data& data(Family family) { return families_[static_cast<size_t>(family)]; }
  const Data& data(Family family) const { return families_[static_cast<size_t>(family)]; }

  Status apply(const StoreBatch& batch) {
    for (const Precondition& expected : batch.expect) {
      auto found = data(expected.family).find(expected.key);
      bool present = found != data(expected.family).end();
      if (present != expected.value.has_value() || (present && found->second != *expected.value))
        return conflict(expected, present);
    }
    for (const StoreOp& op : batch.ops) {
      Data& in = data(op.family);
      if (!op.remove)
        in[op.key] = op.value;
      else if (op.end.empty())
        in.erase(op.key);
      else if (op.key < op.end)
        in.erase(in.lower_bound(op.key), in.lower_bound(op.end));
    }
    ++batches;
    return Status();
  }

  std::array<Data, kFamilies> families_;
};

}  // namespace assay
