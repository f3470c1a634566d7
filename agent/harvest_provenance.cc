// Executed files held against the image. gVisor hashes what it executes where it can; where it did not, the
// file is hashed here, now, which may be after the guest has changed it again.
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <optional>

#include "agent/harvest.h"
#include "agent/harvest_file.h"

namespace assay {
namespace {

constexpr uint64_t kMaxHashBytes = 1ull << 30;  // of one executable
constexpr size_t kMaxCached = 50'000;
constexpr const char* kNotHashed = "?";  // it is there, but its digest is not known
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Where the runtime mounts something over the image: what is seen there is never the image's.
bool under_runtime_mount(const std::string& path) {
  for (const char* mount : {"/dev/", "/proc/", "/sys/"})
    if (path.starts_with(mount)) return true;
  return false;
}

std::string join(const std::string& dir, const std::string& path) {
  return path.starts_with('/') ? path : (dir.empty() ? "/" : dir) + "/" + path;
}

std::string file_identity(const struct stat& s) {
  return std::to_string(s.st_ino) + "." + std::to_string(s.st_size) + "." + std::to_string(s.st_mtim.tv_sec) +
         "." + std::to_string(s.st_mtim.tv_nsec) + "." + std::to_string(s.st_ctim.tv_sec) + "." +
         std::to_string(s.st_ctim.tv_nsec);
}

struct Found {
  Fd fd;
  struct stat s {};
};
// A regular file that the guest's `path` leads to.
std::optional<Found> find(int root_fd, const std::string& path) {
  auto fd = open_below(root_fd, path, O_RDONLY, Links::follow_in_root);
  Found out;
  if (!fd || ::fstat(fd->get(), &out.s) != 0 || !S_ISREG(out.s.st_mode)) return std::nullopt;
  out.fd = std::move(*fd);
  return out;
}

// The files that execvp(3) would try for argv[0], in its order.
std::vector<std::string> candidates(const Event& event) {
  const std::string& program = event.argv[0];
  if (program.find('/') != std::string::npos) return {join(event.cwd, program)};
  std::string path = kDefaultPath;
  for (const std::string& variable : event.env)
    if (variable.starts_with("PATH=")) path = variable.substr(5);
  std::vector<std::string> out;
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = std::min(path.find(':', begin), path.size());
    out.push_back(join(event.cwd, join(path.substr(begin, end - begin), program)));
    if (end == begin) out.back() = join(event.cwd, program);  // an empty entry is the working directory
    begin = end + 1;
  }
  return out;
}

}  // namespace

struct Provenance::State {
  Fd image, merged;
  // Of one scan: a guest can change and execute a large sparse file again and again, and the run's loop waits
  // for us.
  uint64_t budget_bytes = 4ull << 30;
  uint64_t left_out = 0;
  std::map<std::string, std::string> image_digests;  // path -> hex, "" when the image has no such file
  std::map<std::string, std::pair<std::string, std::string>> merged_digests;  // path -> (file identity, hex)

  // The path of the program that the image starts with. In the image, not in the merged root: that is what it
  // was when it started.
  std::string first_program(const Event& event) const {
    if (event.argv.empty() || event.argv[0].empty()) return "";
    std::string root = kernel_name(image.get());
    for (const std::string& candidate : candidates(event)) {
      auto found = find(image.get(), candidate);
      if (!found || (found->s.st_mode & 0111) == 0) continue;
      std::string path = path_below(root, found->fd.get());
      return path.empty() ? candidate : path;
    }
    return "";
  }

  void count(const Result<std::string>& hash) {
    if (!hash && hash.error().code == Errc::limit) ++left_out;
  }

  std::string image_digest(const std::string& path) {
    auto known = image_digests.find(path);
    if (known != image_digests.end()) return known->second;
    std::string hex;
    if (auto found = find(image.get(), path)) {
      auto hash = hash_file(found->fd.get(), kMaxHashBytes, budget_bytes, path);
      hex = hash ? *hash : kNotHashed;
      count(hash);
    }
    if (image_digests.size() < kMaxCached) image_digests[path] = hex;
    return hex;
  }

  std::string merged_digest(const std::string& path) {
    auto found = find(merged.get(), path);
    if (!found) return "";
    std::string identity = file_identity(found->s);
    auto known = merged_digests.find(path);
    if (known != merged_digests.end() && known->second.first == identity) return known->second.second;
    auto hash = hash_file(found->fd.get(), kMaxHashBytes, budget_bytes, path);
    count(hash);
    if (!hash) return "";
    if (merged_digests.size() < kMaxCached) merged_digests[path] = {identity, *hash};
    return *hash;
  }
};

Provenance::Provenance(std::unique_ptr<State> state) : state_(std::move(state)) {}
Provenance::Provenance(Provenance&&) noexcept = default;
Provenance& Provenance::operator=(Provenance&&) noexcept = default;
Provenance::~Provenance() = default;

Result<Provenance> Provenance::open(const std::filesystem::path& image_root,
                                    const std::filesystem::path& merged_root) {
  auto state = std::make_unique<State>();
  ASSAY_TRY(state->image, open_file(image_root, O_RDONLY | O_DIRECTORY));
  ASSAY_TRY(state->merged, open_file(merged_root, O_RDONLY | O_DIRECTORY));
  return Provenance(std::move(state));
}

uint64_t Provenance::left_out() const { return state_->left_out; }

void Provenance::annotate(Event& event) {
  if (event.kind != EventKind::start && event.kind != EventKind::exec) return;
  if (event.kind == EventKind::start && event.path.empty()) event.path = state_->first_program(event);
  if (event.path.empty()) return;
  if (event.path.starts_with("/memfd:") || event.path.starts_with("memfd:")) {
    event.origin = "memfd";
    return;
  }
  std::string path = join(event.cwd, event.path);
  const size_t length = without_deleted(path).size();
  bool deleted = length < path.size();
  path.resize(length);
  if (path.starts_with("/proc/")) return;  // a link to something that the event does not name
  bool covered = under_runtime_mount(path);
  if (event.sha256.empty() && !covered && !deleted)
    event.sha256 = event.kind == EventKind::start ? state_->image_digest(path) : state_->merged_digest(path);
  if (event.sha256 == kNotHashed) event.sha256.clear();
  std::string expected = covered ? "" : state_->image_digest(path);
  if (expected.empty()) {
    event.origin = "dropped";
  } else if (!event.sha256.empty() && expected != kNotHashed) {
    event.origin = event.sha256 == expected ? "image" : "changed";
  }
}

}  // namespace assay
