// A walk over the upper directory, each entry held against the image. overlayfs copies a file up for as
// little as an open for writing or a changed time: what is then still the same as in the image is left out.
// Fed by rootfs after the guest has ended; feeds the trace.
#include "agent/harvest.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "agent/harvest_file.h"

namespace assay {
namespace {

constexpr uint64_t kHashBudgetBytes =
    4ull << 30;  // of one harvest: sparse files are cheap to make and long to hash
constexpr size_t kMaxLinkBytes = 4096;

bool is_whiteout(const struct stat& s) { return S_ISCHR(s.st_mode) && s.st_rdev == makedev(0, 0); }

std::string read_link(int dir_fd, const std::string& name) {
  std::string out(kMaxLinkBytes, '\0');
  ssize_t n = ::readlinkat(dir_fd, name.c_str(), out.data(), out.size());
  out.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return out;
}

class Harvester {
 public:
  Harvester(Fd upper, Fd image, Fd staged, const HarvestLimits& limits)
      : upper_(std::move(upper)), image_(std::move(image)), staged_(std::move(staged)), limits_(limits) {}

  Status walk() {
    // Directories by path, not by open descriptor: a guest can nest deeper than we may open files.
    std::vector<std::string> pending = {""};
    while (!pending.empty()) {
      std::string dir = std::move(pending.back());
      pending.pop_back();
      auto dir_fd = open_below(upper_.get(), dir, O_RDONLY | O_DIRECTORY, Links::refuse);
      ASSAY_CHECK(look_at_cancel());
      if (out_of_time()) {
        count_.left_out += pending.size() + 1;
        return Status();
      }
      if (!dir_fd) {
        if (dir_fd.error().code != Errc::not_found) return dir_fd.error();
        ++count_.left_out;  // its path is longer than the kernel takes
        continue;
      }
      Fd listing(::fcntl(dir_fd->get(), F_DUPFD_CLOEXEC, 0));
      ASSAY_TRY(auto names, list_names(std::move(listing), dir));
      std::sort(names.begin(), names.end());
      size_t first_subdirectory = pending.size();
      for (const std::string& name : names) {
        ASSAY_CHECK(look_at_cancel());
        if (out_of_time()) {
          ++count_.left_out;
          continue;
        }
        struct stat s {};
        if (::fstatat(dir_fd->get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0)
          return errno_error("stat " + dir + "/" + name);
        std::string path = dir.empty() ? name : dir + "/" + name;
        if (S_ISDIR(s.st_mode)) pending.push_back(path);
        visit(dir_fd->get(), name, path, s);
      }
      std::reverse(pending.begin() + static_cast<long>(first_subdirectory), pending.end());
    }
    return Status();
  }

  HarvestCount finish(const std::function<void(Event)>& emit) {
    std::sort(found_.begin(), found_.end(), [](const Event& a, const Event& b) { return a.path < b.path; });
    for (Event& event : found_) emit(std::move(event));
    return count_;
  }

 private:
  Status look_at_cancel() const {
    pollfd cancel{limits_.cancel_fd, POLLIN, 0};
    if (::poll(&cancel, 1, 0) > 0) return Error{Errc::cancelled, "the harvest was cancelled"};
    return Status();
  }
  bool out_of_time() const { return std::chrono::steady_clock::now() >= deadline_; }

  // What the guest found at the same path, its directories' links not followed: upper has real directories
  // there.
  struct Before {
    bool exists = false;
    struct stat s {};
    Fd parent;
    std::string name;
  };
  static Before in_tree(const Fd& tree, const std::string& path) {
    Before out;
    size_t slash = path.rfind('/');
    auto parent = open_below(tree.get(), slash == std::string::npos ? "" : path.substr(0, slash),
                             O_PATH | O_DIRECTORY, Links::refuse);
    if (!parent) return out;
    out.name = slash == std::string::npos ? path : path.substr(slash + 1);
    out.exists = ::fstatat(parent->get(), out.name.c_str(), &out.s, AT_SYMLINK_NOFOLLOW) == 0;
    out.parent = std::move(*parent);
    return out;
  }

  Before before_the_guest(const std::string& path) const {
    if (!staged_) return in_tree(image_, path);
    Before staged = in_tree(staged_, path);
    // A directory is staged for what it holds; its own looks are the image's where that has it.
    if (staged.exists && !S_ISDIR(staged.s.st_mode)) return staged;
    Before out = in_tree(image_, path);
    return out.exists ? std::move(out) : std::move(staged);
  }

  void visit(int dir_fd, const std::string& name, const std::string& path, const struct stat& s) {
    Before before = before_the_guest(path);
    if (is_whiteout(s) && !before.exists) return;  // made and deleted again by the guest, or of a stub
    Event event;
    event.kind = EventKind::file;
    event.plane = Plane::host;
    event.source = Source::harvest;
    event.path = "/" + path;
    event.mode = s.st_mode & 07777;
    event.uid = s.st_uid;
    event.gid = s.st_gid;
    if (is_whiteout(s)) {
      event.origin = "deleted";
      event.mode = 0;
      event.file_type = special_type(before.s);
      if (event.file_type.empty()) event.file_type = "data";
    } else {
      event.file_type = special_type(s);
      if (event.file_type == "symlink") event.path2 = read_link(dir_fd, name);
      event.origin = before.exists ? "changed" : "dropped";
      bool same_metadata = before.exists && ((before.s.st_mode ^ s.st_mode) & (S_IFMT | 07777)) == 0 &&
                           before.s.st_uid == s.st_uid && before.s.st_gid == s.st_gid;
      if (S_ISREG(s.st_mode)) read_content(dir_fd, name, s, event);
      if (same_metadata && same_content(dir_fd, name, s, before, event)) return;
    }
    if (found_.size() >= limits_.files) {
      ++count_.left_out;
      return;
    }
    ++count_.listed;
    found_.push_back(std::move(event));
  }

  void read_content(int dir_fd, const std::string& name, const struct stat& s, Event& event) {
    event.size_bytes = static_cast<uint64_t>(s.st_size);
    auto fd = open_below(dir_fd, name, O_RDONLY, Links::refuse);
    event.file_type = fd ? content_type(fd->get()) : "data";
    if (found_.size() >= limits_.files) return;  // will only be counted
    auto hash =
        fd ? hash_file(fd->get(), limits_.file_bytes, budget_bytes_, name) : Result<std::string>(fd.error());
    if (hash) {
      event.sha256 = *hash;
    } else {
      event.truncated = event.size_bytes;
    }
  }

  bool same_content(int dir_fd, const std::string& name, const struct stat& s, const Before& before,
                    const Event& event) {
    if (S_ISDIR(s.st_mode)) {
      // Emptied and made anew: not the image's directory any more.
      auto dir = open_below(dir_fd, name, O_RDONLY | O_DIRECTORY, Links::refuse);
      char value = 0;
      return !dir || ::fgetxattr(dir->get(), "trusted.overlay.opaque", &value, 1) != 1 || value != 'y';
    }
    if (S_ISLNK(s.st_mode)) return event.path2 == read_link(before.parent.get(), before.name);
    if (!S_ISREG(s.st_mode)) return true;
    if (before.s.st_size != s.st_size || event.sha256.empty()) return false;
    auto fd = open_below(before.parent.get(), before.name, O_RDONLY, Links::refuse);
    auto hash =
        fd ? hash_file(fd->get(), limits_.file_bytes, budget_bytes_, name) : Result<std::string>(fd.error());
    return hash && *hash == event.sha256;
  }

  Fd upper_, image_, staged_;
  HarvestLimits limits_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + limits_.time;
  uint64_t budget_bytes_ = kHashBudgetBytes;
  std::vector<Event> found_;
  HarvestCount count_;
};

}  // namespace

Result<HarvestCount> harvest(const std::filesystem::path& upper, const std::filesystem::path& image_root,
                             const std::filesystem::path& staged, const HarvestLimits& limits,
                             const std::function<void(Event)>& emit) {
  ASSAY_TRY(Fd upper_fd, open_file(upper, O_RDONLY | O_DIRECTORY));
  ASSAY_TRY(Fd image_fd, open_file(image_root, O_RDONLY | O_DIRECTORY));
  Fd staged_fd;
  if (!staged.empty()) {
    ASSAY_TRY(staged_fd, open_file(staged, O_RDONLY | O_DIRECTORY));
  }
  Harvester harvester(std::move(upper_fd), std::move(image_fd), std::move(staged_fd), limits);
  ASSAY_CHECK(harvester.walk());
  return harvester.finish(emit);
}

}  // namespace assay
