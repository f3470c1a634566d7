// What every kind of test uses: a directory of its own, and the one way to skip.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace assay {

/// Where the machine lacks something the test is skipped, visibly; in CI it fails, since there everything
/// must run.
#define ASSAY_NEED(condition, what)                                \
  do {                                                             \
    if (!(condition)) {                                            \
      if (::getenv("CI") != nullptr) FAIL() << "needs " << (what); \
      GTEST_SKIP() << "needs " << (what);                          \
    }                                                              \
  } while (false)

/// Removed, with all that is in it, at the end of the test.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "assay-test-XXXXXX").string();
    const char* made = ::mkdtemp(pattern.data());
    if (made != nullptr) path_ = made;
    EXPECT_FALSE(path_.empty()) << "no directory like " << pattern;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace assay
