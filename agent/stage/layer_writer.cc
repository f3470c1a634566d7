// Paths are followed component by component: openat2(2) could follow them in one step, but would not say
// where they lead when their end does not exist yet.
#include "agent/stage/layer_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <utility>
#include <vector>

#include "agent/harvest_file.h"
#include "common/text.h"
#include "common/words.h"

namespace assay {
namespace {

constexpr int kMaxLinks = 40;  // as Linux follows in one path
constexpr size_t kMaxComponents = 256;

std::vector<std::string> components(std::string_view path) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin < path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    std::string_view part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") out.emplace_back(part);
    begin = end + 1;
  }
  return out;
}

Error in_the_way(const std::string& path, const char* what) {
  return {Errc::conflict, "cannot put " + printable(path, 200) + " into the image: " + what};
}

Result<std::string> link_target(const Fd& link, const std::string& path) {
  std::array<char, PATH_MAX> buffer;
  ssize_t n = ::readlinkat(link.get(), "", buffer.data(), buffer.size());
  if (n < 0) return errno_error("read the link " + printable(path, 200));
  return std::string(buffer.data(), static_cast<size_t>(n));
}

Status set_time(int fd, const timespec& time) {
  const timespec times[2] = {time, time};
  return ::futimens(fd, times) == 0 ? Status() : errno_error("set a staged file's time");
}

}  // namespace

Result<LayerWriter> LayerWriter::open(const std::filesystem::path& image_root,
                                      const std::filesystem::path& layer) {
  ASSAY_TRY(Fd image, open_file(image_root, O_PATH | O_DIRECTORY));
  ASSAY_TRY(Fd above, open_file(layer, O_PATH | O_DIRECTORY));
  return LayerWriter(std::move(image), std::move(above));
}

// A handle on what stands at a path without links (but maybe a link itself), the layer's before the image's.
Result<Fd> LayerWriter::open_entry(const std::string& path) const {
  auto staged = open_below(layer_.get(), path, O_PATH | O_NOFOLLOW, Links::refuse);
  if (staged || staged.error().code != Errc::not_found) return staged;
  return open_below(image_.get(), path, O_PATH | O_NOFOLLOW, Links::refuse);
}

Result<LayerWriter::Place> LayerWriter::locate(const std::string& path) const {
  auto first = components(path);
  std::deque<std::string> todo(first.begin(), first.end());
  std::vector<std::string> done;
  int links = 0;
  while (!todo.empty()) {
    std::string name = std::move(todo.front());
    todo.pop_front();
    if (name == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    done.push_back(std::move(name));
    if (done.size() + todo.size() > kMaxComponents) return in_the_way(path, "its path is too long");
    auto entry = open_entry(joined(done, "/"));
    if (!entry && entry.error().code != Errc::not_found) return entry.error();
    struct stat status {};
    if (!entry) continue;
    if (::fstat(entry->get(), &status) != 0) return errno_error("stat " + printable(path, 200));
    if (S_ISLNK(status.st_mode)) {
      if (++links > kMaxLinks) return in_the_way(path, "its links lead in circles");
      ASSAY_TRY(std::string target, link_target(*entry, path));
      auto parts = components(target);
      todo.insert(todo.begin(), parts.begin(), parts.end());
      done.pop_back();
      if (target.starts_with('/')) done.clear();
    } else if (!S_ISDIR(status.st_mode) && !todo.empty()) {
      return in_the_way(path, "a file stands where a directory is needed");
    }
  }
  Place out;
  out.path = joined(done, "/");
  auto entry = open_entry(out.path);
  out.exists = entry && ::fstat(entry->get(), &out.status) == 0;
  return out;
}

Result<LayerWriter::File> LayerWriter::read(const std::string& path, size_t limit_bytes) const {
  ASSAY_TRY(Place place, locate(path));
  if (!place.exists || !S_ISREG(place.status.st_mode))
    return Error{Errc::not_found, "no file " + printable(path, 200) + " in the image"};
  auto fd = open_below(layer_.get(), place.path, O_RDONLY | O_NOFOLLOW, Links::refuse);
  if (!fd) fd = open_below(image_.get(), place.path, O_RDONLY | O_NOFOLLOW, Links::refuse);
  if (!fd) return fd.error();
  ASSAY_TRY(std::string content, read_fd(fd->get(), limit_bytes, "the image's " + printable(path, 200)));
  return File{std::move(content), {place.status.st_mode & 07777u, place.status.st_uid, place.status.st_gid}};
}

// overlayfs takes a directory's owner, mode and times from the topmost layer that has it.
Result<std::pair<Fd, struct stat>> LayerWriter::make_directory(const Fd& parent, const std::string& path,
                                                               const struct stat& parent_status,
                                                               const Owner& owner) {
  struct stat status {};
  auto entry = open_entry(path);
  if (entry && ::fstat(entry->get(), &status) != 0) return errno_error("stat " + printable(path, 200));
  if (!entry) {
    status.st_mode = (owner.mode & 077) == 0 ? 0700 : 0755;
    status.st_uid = owner.uid;
    status.st_gid = owner.gid;
    status.st_mtim = parent_status.st_mtim;
  }
  std::string name = path.substr(path.rfind('/') + 1);
  bool made = ::mkdirat(parent.get(), name.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return errno_error("stage the directory " + printable(path, 200));
  Fd fd(::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return errno_error("open the staged directory " + printable(path, 200));
  if (made && (::fchown(fd.get(), status.st_uid, status.st_gid) != 0 ||
               ::fchmod(fd.get(), status.st_mode & 07777) != 0))
    return errno_error("own the staged directory " + printable(path, 200));
  return std::pair(std::move(fd), status);
}

Status LayerWriter::write(const Fd& parent, const std::string& name, std::string_view content,
                          const Owner& owner, const timespec& time) {
  Fd fd(::openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return errno_error("stage " + printable(name, 200));
  ASSAY_CHECK(write_all(fd.get(), content, "the staged " + printable(name, 200)));
  if (::fchown(fd.get(), owner.uid, owner.gid) != 0 || ::fchmod(fd.get(), owner.mode & 07777) != 0)
    return errno_error("own the staged " + printable(name, 200));
  return set_time(fd.get(), time);
}

Status LayerWriter::put(const std::string& path, std::string_view content, const Owner& owner,
                        Existing existing) {
  ASSAY_TRY(Place place, locate(path));
  if (place.path.empty()) return in_the_way(path, "it is the root");
  if (place.exists && (existing == Existing::keep || !S_ISREG(place.status.st_mode)))
    return in_the_way(path, "something is there already");
  struct stat root {};
  if (::fstat(image_.get(), &root) != 0) return errno_error("stat the image's root");
  ASSAY_TRY(Fd top, open_below(layer_.get(), "", O_RDONLY | O_DIRECTORY, Links::refuse));
  std::vector<std::pair<Fd, struct stat>> parents;
  parents.emplace_back(std::move(top), root);
  for (size_t slash = place.path.find('/'); slash != std::string::npos;
       slash = place.path.find('/', slash + 1)) {
    ASSAY_TRY(auto made, make_directory(parents.back().first, place.path.substr(0, slash),
                                        parents.back().second, owner));
    parents.push_back(std::move(made));
  }
  const auto& [parent, parent_status] = parents.back();
  std::string name = place.path.substr(place.path.rfind('/') + 1);
  Status written =
      write(parent, name, content, owner, place.exists ? place.status.st_mtim : parent_status.st_mtim);
  if (!written) ::unlinkat(parent.get(), name.c_str(), 0);  // no half of a file
  ASSAY_CHECK(written);
  // Last: each entry made in them has touched their times.
  for (const auto& [fd, status] : parents) ASSAY_CHECK(set_time(fd.get(), status.st_mtim));
  return Status();
}

bool is_our_failure(const Status& put) {
  return !put && (put.error().code == Errc::no_space || put.error().code == Errc::denied);
}

}  // namespace assay
