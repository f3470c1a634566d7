// scratch: a directory of one scan, removed with all that is in it when the scan ends. What is mounted below
// it must be unmounted before.
#pragma once

#include <filesystem>
#include <string>

#include "common/result.h"

namespace assay {

class ScratchDir {
 public:
  static Result<ScratchDir> make(const std::filesystem::path& path);
  ScratchDir(ScratchDir&& other) noexcept;
  ScratchDir& operator=(ScratchDir&&) = delete;
  ~ScratchDir();
  /// A directory within it.
  Result<std::filesystem::path> sub(const std::string& name) const;

 private:
  explicit ScratchDir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace assay
