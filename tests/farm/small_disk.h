// small_disk: a small file system of its own for one directory, to be filled and emptied. Needs root.
#pragma once

#include <filesystem>

#include "common/result.h"

namespace assay::farm {

class SmallDisk {
 public:
  /// Makes `dir` and mounts a tmpfs of so many bytes on it.
  static Result<SmallDisk> mount(const std::filesystem::path& dir, uint64_t size_bytes);
  SmallDisk(SmallDisk&& other) noexcept : dir_(std::exchange(other.dir_, {})) {}
  SmallDisk& operator=(SmallDisk&&) = delete;
  ~SmallDisk();  // unmounts, also when it is busy

  /// Takes all of its room but `leave_bytes`.
  Status fill(uint64_t leave_bytes = 0) const;
  /// Gives that room back.
  void empty() const;

 private:
  explicit SmallDisk(std::filesystem::path dir) : dir_(std::move(dir)) {}
  std::filesystem::path dir_;
};

}  // namespace assay::farm
