// The guest's user may be anybody: as on a host whose administrator made the socket everybody's, all may
// connect.
#include "agent/stage/sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "agent/lure/places.h"

namespace assay {
namespace {

constexpr int kBacklog = 64;
constexpr mode_t kMode = 0666;

// The path may be longer than a socket's address: the directory's descriptor stands for it.
Result<Fd> listen_at(const std::filesystem::path& dir, const std::string& name) {
  ASSAY_TRY(Fd dir_fd, open_file(dir, O_PATH | O_DIRECTORY));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("make a decoy's socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = "/proc/self/fd/" + std::to_string(dir_fd.get()) + "/" + name;
  if (path.size() >= sizeof address.sun_path) return Error{Errc::limit, "a decoy's name is too long"};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), kMode) != 0 || ::listen(fd.get(), kBacklog) != 0)
    return errno_error("listen at " + (dir / name).string());
  return fd;
}

}  // namespace

Result<std::vector<DecoySocket>> open_sockets(LayerWriter& writer, const std::filesystem::path& dir,
                                              std::vector<lure::Token>& tokens) {
  std::vector<DecoySocket> out;
  std::vector<lure::Token> standing;
  for (lure::Token& token : tokens) {
    if (token.place == lure::kDockerSocket || token.place == lure::kContainerdSocket) {
      auto place = writer.locate(token.place);
      if (!place || place->exists) continue;
      Status mount_point = writer.put("/" + place->path, "", {0644, 0, 0});
      if (!mount_point && mount_point.error().code == Errc::no_space) return mount_point.error();
      if (!mount_point) continue;
      DecoySocket socket;
      socket.name = std::filesystem::path(token.place).filename();
      socket.host_path = dir / socket.name;
      socket.guest_path = "/" + place->path;
      ASSAY_TRY(socket.listener, listen_at(dir, socket.name));
      out.push_back(std::move(socket));
    }
    standing.push_back(std::move(token));
  }
  tokens = std::move(standing);
  return out;
}

}  // namespace assay
