// Staging: a directory in which something is built before it is renamed into a store. Locked while its owner
// lives and removed with it; what a killed owner left is swept by the next one. Used by the blob store and
// the layer store.
#pragma once

#include <filesystem>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

class Staging {
 public:
  /// A new directory below `area`, which is created, on the file system of the store itself: renames must not
  /// cross one.
  static Result<Staging> create(const std::filesystem::path& area);
  Staging(Staging&&) noexcept = default;
  Staging& operator=(Staging&&) = delete;
  ~Staging();

  const std::filesystem::path& path() const { return path_; }

 private:
  Staging(std::filesystem::path path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;  // empty: moved from
  Fd lock_;
};

/// Removes every staging directory whose owner is dead.
Status sweep_staging(const std::filesystem::path& area);
/// mkdir -p.
Status make_directories(const std::filesystem::path& dir);

}  // namespace assay
