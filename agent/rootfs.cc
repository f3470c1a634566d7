// overlayfs mounted by mount(2), which takes a page of options: too little for the paths of many layers. So
// the layers get one-letter links in a directory, and a thread with a working directory of its own mounts
// from there. Fed by unpack; its mounts serve bundle and harvest.
#include "agent/rootfs.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <thread>

#include "agent/pull_staging.h"
#include "common/fd.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxLayers =
    500 - 2;  // OVL_MAX_STACK of the kernel; our stubs and the stage take a place each
constexpr unsigned long kFlags =
    MS_NOSUID | MS_NODEV | MS_NOATIME;  // the guest's own kernel, not ours, minds setuid bits and devices

// overlayfs refuses the same directory twice, and images do repeat layers. What a layer says a second time,
// above, makes its first saying moot: only the topmost stays.
std::vector<fs::path> without_repeats(const std::vector<fs::path>& layers) {
  std::vector<fs::path> out;
  std::set<fs::path> seen;
  for (auto it = layers.rbegin(); it != layers.rend(); ++it)
    if (seen.insert(*it).second) out.push_back(*it);
  std::reverse(out.begin(), out.end());
  return out;
}

Status make_dir(const fs::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return errno_error("create directory " + path.string());
  if (::chmod(path.c_str(), mode) != 0) return errno_error("chmod " + path.string());
  return Status();
}

Status mount_overlay(const fs::path& links_dir, const std::string& options, const fs::path& target,
                     unsigned long flags) {
  int error = 0;
  const char* failed = nullptr;
  std::thread([&] {
    if (::unshare(CLONE_FS) != 0) {
      failed = "unshare the working directory";
    } else if (::chdir(links_dir.c_str()) != 0) {
      failed = "enter the directory of layers";
    } else if (::mount("overlay", target.c_str(), "overlay", kFlags | flags, options.c_str()) != 0) {
      failed = "mount overlayfs";
    }
    if (failed) error = errno;
  }).join();
  if (!failed) return Status();
  std::string what = std::string(failed) + " on " + target.string();
  if (error == ENODEV)
    return Error{Errc::unsupported, what + ": this kernel has no overlayfs: load the module 'overlay'"};
  if (error == EPERM) return Error{Errc::denied, what + ": not permitted: run as root"};
  return errno_error(what, error);
}

// The paths come from image configs, but only ever name things in a directory that nobody else has touched
// yet.
Status make_stubs(const fs::path& root, const std::vector<std::string>& stubs) {
  for (const std::string& stub : stubs) {
    fs::path relative = fs::path(stub).lexically_normal().relative_path();
    if (relative.empty() || *relative.begin() == "..") continue;
    bool is_dir = stub.ends_with('/');
    ASSAY_CHECK(make_directories(is_dir ? root / relative : (root / relative).parent_path()));
    if (!is_dir) ASSAY_CHECK(write_file(root / relative, ""));
    if (relative == "tmp/" && ::chmod((root / relative).c_str(), 01777) != 0)
      return errno_error("chmod a stub");
  }
  return Status();
}

void unmount_one(const fs::path& path) {
  if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) != 0 && errno != EINVAL)
    ::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  ::rmdir(path.c_str());
}

}  // namespace

Result<Rootfs> Rootfs::mount(const std::vector<fs::path>& layers, const fs::path& dir,
                             const RootfsLimits& limits, const std::vector<std::string>& stubs,
                             const Top& top) {
  std::vector<fs::path> stack = without_repeats(layers);
  if (stack.size() > kMaxLayers)
    return Error{Errc::unsupported, "the image has " + std::to_string(stack.size()) +
                                        " layers; overlayfs stacks " + std::to_string(kMaxLayers) +
                                        " at most: flatten it"};
  Rootfs out;
  fs::path tmpfs = dir / "rw";
  ASSAY_CHECK(make_directories(dir));
  ASSAY_CHECK(make_dir(tmpfs, 0700));
  // Our own links and stubs do not count against the guest.
  std::string options = "mode=0700,size=" + std::to_string(limits.upper_bytes) + ",nr_inodes=" +
                        std::to_string(limits.upper_inodes + stack.size() + stubs.size() * 8 + 64);
  if (::mount("assay-upper", tmpfs.c_str(), "tmpfs", kFlags, options.c_str()) != 0) {
    Error error = errno_error("mount a tmpfs on " + tmpfs.string());
    ::rmdir(tmpfs.c_str());
    return error;
  }
  out.tmpfs_ = tmpfs;  // from here on the destructor undoes it
  out.upper_ = tmpfs / "upper";
  out.merged_ = dir / "merged";
  out.image_ = dir / "image";
  ASSAY_CHECK(out.mount_overlays(std::move(stack), stubs, top));
  return out;
}

Status Rootfs::mount_overlays(std::vector<fs::path> layers, const std::vector<std::string>& stubs,
                              const Top& top) {
  struct stat root {};
  root.st_mode = 0755;
  if (!layers.empty() && ::stat(layers.back().c_str(), &root) != 0)
    return errno_error("stat layer " + layers.back().string());
  fs::path links = tmpfs_ / "l";
  ASSAY_CHECK(make_dir(upper_, root.st_mode & 07777));  // upper's own metadata become those of the guest's /
  if (::chown(upper_.c_str(), root.st_uid, root.st_gid) != 0) return errno_error("chown " + upper_.string());
  for (const char* name : {"work", "stubs", "none", "none2", "l"}) ASSAY_CHECK(make_dir(tmpfs_ / name, 0755));
  for (const fs::path& path : {merged_, image_}) ASSAY_CHECK(make_dir(path, 0700));
  ASSAY_CHECK(make_stubs(tmpfs_ / "stubs", stubs));

  std::string lowers;  // topmost first
  for (size_t i = layers.size(); i-- > 0;) {
    std::string link = std::to_string(i);
    if (::symlink(fs::absolute(layers[i]).c_str(), (links / link).c_str()) != 0)
      return errno_error("link a layer in " + links.string());
    lowers += (lowers.empty() ? "" : ":") + link;
  }
  const std::string settings = "index=off,metacopy=off,redirect_dir=off";
  // Without an upper overlayfs wants two lowers at least.
  std::string image_lowers = layers.empty()       ? "../none:../none2"
                             : layers.size() == 1 ? lowers + ":../none"
                                                  : lowers;
  ASSAY_CHECK(mount_overlay(links, settings + ",lowerdir=" + image_lowers, image_, MS_RDONLY));
  std::string guest_lowers;
  if (top) {
    ASSAY_TRY(staged_, top(image_));
    if (!staged_.empty() && ::symlink(fs::absolute(staged_).c_str(), (links / "top").c_str()) != 0)
      return errno_error("link a layer in " + links.string());
    if (!staged_.empty()) guest_lowers = "top:";
  }
  guest_lowers += lowers.empty() ? "../stubs" : lowers + ":../stubs";
  return mount_overlay(links, settings + ",lowerdir=" + guest_lowers + ",upperdir=../upper,workdir=../work",
                       merged_, 0);
}

Rootfs::Rootfs(Rootfs&& other) noexcept { *this = std::move(other); }

Rootfs& Rootfs::operator=(Rootfs&& other) noexcept {
  if (this != &other) {
    unmount();
    tmpfs_ = std::exchange(other.tmpfs_, {});
    merged_ = std::exchange(other.merged_, {});
    upper_ = std::exchange(other.upper_, {});
    image_ = std::exchange(other.image_, {});
    staged_ = std::exchange(other.staged_, {});
  }
  return *this;
}

Rootfs::~Rootfs() { unmount(); }

void Rootfs::unmount() {
  if (tmpfs_.empty()) return;
  for (const fs::path& path : {merged_, image_, tmpfs_}) unmount_one(path);
  tmpfs_.clear();
}

}  // namespace assay
