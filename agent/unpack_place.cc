// Names cleaned by hand, directories opened by openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS.
#include "agent/unpack_place.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "common/text.h"

namespace assay {

Result<LayerPlace> LayerPlace::parse(std::string_view path) {
  if (path.size() > kMaxPathBytes)
    return Error{Errc::limit, "its name is longer than " + std::to_string(kMaxPathBytes) + " bytes"};
  LayerPlace out;
  size_t depth = 0;
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..")
      return Error{Errc::invalid, "its name has '..' in it, which could lead out of the image"};
    if (part.size() > kMaxNameBytes)
      return Error{Errc::invalid, "a part of its name is longer than 255 bytes"};
    if (++depth > kMaxDepth)
      return Error{Errc::limit, "it lies deeper than " + std::to_string(kMaxDepth) + " directories"};
    if (!out.name.empty()) out.dir += (out.dir.empty() ? "" : "/") + out.name;
    out.name = part;
  }
  return out;
}

Result<Fd> open_layer_dir(int root, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  Fd fd(static_cast<int>(::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
  if (fd) return fd;
  if (errno == ELOOP || errno == EXDEV || errno == ENOTDIR)
    return Error{Errc::invalid,
                 "its directory '" + printable(path, 200) + "' is a symbolic link or a file in this layer"};
  return errno_error("open its directory");
}

}  // namespace assay
