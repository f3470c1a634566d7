// rootfs: stacks layers by overlayfs, with an upper directory on a size- and inode-capped tmpfs. Unmounts
// when it goes out of scope. Mounts are made in the caller's mount namespace; the agent lives in a private
// one, so that a killed agent leaves no mount behind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay {

struct RootfsLimits {
  uint64_t upper_bytes = 1ull << 30;
  uint64_t upper_inodes = 200'000;
};

class Rootfs {
 public:
  /// `layers` base first, as LayerStore::unpack() returned them; up to 498. `dir` is this scan's own, empty.
  /// `stubs` (see bundle.h: mount_points()) are what the runtime needs to find: directories ("/proc/") and
  /// empty files ("/etc/hosts"), put into a layer of their own below the image, so that the runtime need not
  /// create them in upper, where they would look like the guest's.
  /// `top`, called once with image(), names a directory that comes above the image and below the guest's own
  /// changes, and is no part of image(); empty: none.
  using Top = std::function<Result<std::filesystem::path>(const std::filesystem::path& image)>;
  static Result<Rootfs> mount(const std::vector<std::filesystem::path>& layers,
                              const std::filesystem::path& dir, const RootfsLimits& limits,
                              const std::vector<std::string>& stubs = {}, const Top& top = {});
  Rootfs(Rootfs&&) noexcept;
  Rootfs& operator=(Rootfs&&) noexcept;
  ~Rootfs();

  const std::filesystem::path& merged() const { return merged_; }  // what the guest gets as /
  const std::filesystem::path& upper() const { return upper_; }    // what the guest changed
  const std::filesystem::path& image() const {
    return image_;
  }  // the image alone, read-only, unchanged by the guest
  const std::filesystem::path& staged() const { return staged_; }  // what `top` named; empty: nothing

 private:
  Rootfs() = default;
  void unmount();
  Status mount_overlays(std::vector<std::filesystem::path> layers, const std::vector<std::string>& stubs,
                        const Top& top);
  std::filesystem::path tmpfs_, merged_, upper_, image_, staged_;  // empty: moved from
};

}  // namespace assay
