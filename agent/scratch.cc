// Made and removed by std::filesystem, which follows no links on removal.
#include "agent/scratch.h"

#include <utility>

#include "agent/pull_staging.h"

namespace assay {

Result<ScratchDir> ScratchDir::make(const std::filesystem::path& path) {
  ASSAY_CHECK(make_directories(path));
  return ScratchDir(path);
}

ScratchDir::ScratchDir(ScratchDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<std::filesystem::path> ScratchDir::sub(const std::string& name) const {
  ASSAY_CHECK(make_directories(path_ / name));
  return path_ / name;
}

}  // namespace assay
