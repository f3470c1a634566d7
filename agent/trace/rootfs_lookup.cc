// openat2 below the guest's root.
#include "agent/trace/rootfs_lookup.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/trace/seccheck_decode.h"
#include "agent/trace/seccheck_socket.h"
#include "common/paths.h"
#include "schema/seccheck.pb.h"

namespace assay {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Fd open_in_root(int rootfs_dir, const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  Fd fd(static_cast<int>(syscall(SYS_openat2, rootfs_dir, path.c_str(), &how, sizeof how)));
  struct stat st {};
  if (!fd || fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return Fd();
  return fd;
}

}  // namespace

std::string find_in_rootfs(int rootfs_dir, const std::string& cwd, const std::string& argv0,
                           const std::vector<std::string>& env) {
  if (argv0.empty()) return "";
  if (argv0.find('/') != std::string::npos) {
    std::string path = resolve_path(cwd, argv0);
    return open_in_root(rootfs_dir, path) ? path : "";
  }
  std::string_view search = kDefaultPath;
  for (const auto& item : env)
    if (item.starts_with("PATH=")) search = std::string_view(item).substr(5);
  while (!search.empty()) {
    size_t end = std::min(search.find(':'), search.size());
    std::string path = resolve_path(cwd, std::string(search.substr(0, end)) + "/" + argv0);
    if (open_in_root(rootfs_dir, path)) return path;
    search.remove_prefix(std::min(end + 1, search.size()));
  }
  return "";
}

Fd open_reported_executable(int rootfs_dir, uint16_t type, std::string_view datagram) {
  auto header = SeccheckHeader::parse(datagram);
  if (!header) return Fd();
  datagram.remove_prefix(header->header_size);
  auto size = static_cast<int>(datagram.size());
  if (type == static_cast<uint16_t>(SeccheckType::exec)) {
    seccheck::ExecveInfo m;
    if (!m.ParseFromArray(datagram.data(), size)) return Fd();
    return open_in_root(rootfs_dir, resolve_path(m.context().cwd(), m.binary_path()));
  }
  if (type == static_cast<uint16_t>(SeccheckType::start)) {
    seccheck::Start m;
    if (!m.ParseFromArray(datagram.data(), size) || m.args().empty()) return Fd();
    return open_in_root(rootfs_dir,
                        find_in_rootfs(rootfs_dir, m.cwd(), m.args(0), {m.env().begin(), m.env().end()}));
  }
  return Fd();
}

}  // namespace assay
