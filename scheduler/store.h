// store: ordered keys, atomic batches and range scans, on RocksDB. The narrow seam that another engine could
// fill; nothing outside store.cc knows RocksDB. What the keys mean is in keep.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

enum class Family : uint8_t { scans = 0, chunks = 1, reports = 2, digests = 3 };

struct StoreOp {
  Family family;
  std::string key;
  std::string value;
  bool remove = false;
};

class Store {
 public:
  enum class Mode { read_write, read_only };
  /// Creates the directory when writable. Errors: denied (another process has it open: says which directory
  /// and what to do), no_space, corrupt, not_found (read_only and no store there).
  static Result<Store> open(const std::filesystem::path& dir, Mode mode);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// All or nothing, on disk (WAL synced) when it returns.
  Status write(const std::vector<StoreOp>& batch);
  /// Errc::not_found when there is no such key.
  Result<std::string> get(Family family, std::string_view key) const;
  /// Keys with `prefix` in order (newest-first callers pass reverse); stops when `visit` returns false.
  Status scan(Family family, std::string_view prefix, bool reverse,
              const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
