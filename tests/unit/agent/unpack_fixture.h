// What the tests of unpack share: a layer store in a temporary directory, and layers rendered to text.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "agent/unpack.h"
#include "tests/unit/agent/test_image.h"

namespace assay {

class UnpackTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    std::filesystem::create_directories(blobs());
    outside_before_ = list(dir_.path());
  }
  std::filesystem::path blobs() const { return dir_.path() / "blobs"; }
  std::filesystem::path layers() const { return dir_.path() / "layers"; }

  Result<std::filesystem::path> unpack(const std::string& tar, int filter = ARCHIVE_FILTER_GZIP,
                                       UnpackLimits limits = {}) {
    return unpack(test::layer_file(blobs(), tar, filter), limits);
  }
  Result<std::filesystem::path> unpack(const PulledLayer& layer, UnpackLimits limits = {}) {
    auto store = LayerStore::open(layers());
    if (!store) return store.error();
    return store->unpack(layer, limits);
  }
  // "code: message" with the layer's name taken off; nothing half-done may be left.
  std::string refusal(const std::string& tar, UnpackLimits limits = {}) {
    PulledLayer layer = test::layer_file(blobs(), tar);
    auto done = unpack(layer, limits);
    if (done) return "taken";
    for (const auto& entry : std::filesystem::directory_iterator(layers()))
      EXPECT_EQ(entry.path().filename().string()[0], '.') << entry.path();
    for (const auto& entry : std::filesystem::directory_iterator(layers() / ".staging"))
      EXPECT_EQ(entry.path().filename(), ".lock");
    std::string what = done.error().what, prefix = "layer " + layer.blob.digest.str() + ": ";
    EXPECT_TRUE(what.starts_with(prefix)) << what;
    return std::string(to_string(done.error().code)) + ": " +
           what.substr(std::min(prefix.size(), what.size()));
  }
  static std::string list(const std::filesystem::path& dir) {
    std::string out;
    for (const auto& entry : std::filesystem::directory_iterator(dir))
      out += entry.path().filename().string() + " ";
    return out;
  }
  // One line a file: type, mode, owner, size or target, name.
  static std::string render(const std::filesystem::path& root) {
    std::vector<std::string> lines;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      struct stat s {};
      ::lstat(entry.path().c_str(), &s);
      char line[512];
      const char* type = S_ISREG(s.st_mode)    ? "f"
                         : S_ISDIR(s.st_mode)  ? "d"
                         : S_ISLNK(s.st_mode)  ? "l"
                         : S_ISFIFO(s.st_mode) ? "p"
                                               : "c";
      std::string tail = S_ISLNK(s.st_mode)   ? std::filesystem::read_symlink(entry.path()).string()
                         : S_ISREG(s.st_mode) ? std::to_string(s.st_size)
                                              : "-";
      std::snprintf(line, sizeof line, "%s %04o %u:%u %s %s", entry.path().lexically_relative(root).c_str(),
                    s.st_mode & 07777, s.st_uid, s.st_gid, type, tail.c_str());
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
  }

  test::TempDir dir_;
  std::string outside_before_;
};

inline std::string content(const std::filesystem::path& path) {
  auto bytes = read_file(path, 1 << 20);
  return bytes ? *bytes : bytes.error().what;
}

}  // namespace assay
