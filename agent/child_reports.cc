#include "agent/child_reports.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "agent/world_sockets.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxTake = 16'384;
constexpr int kBufferBytes = 8 << 20;

}  // namespace

Result<ChildReports> ChildReports::open(Fd& childs) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return errno_error("make the report channel");
  ChildReports ours{Fd(pair[0])};
  childs = Fd(pair[1]);
  ASSAY_CHECK(set_socket_option(childs.get(), SOL_SOCKET, SO_SNDBUFFORCE, kBufferBytes, "SO_SNDBUFFORCE"));
  return ours;
}

void ChildReports::take(size_t max_bytes, const std::function<void(std::string_view)>& report) {
  std::vector<char> buffer(max_bytes);
  for (size_t i = 0; i < kMaxTake && !ended_; ++i) {
    ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      ended_ = true;
      died_ = !finishing_;
    } else {
      bool whole = static_cast<size_t>(n) <= buffer.size();
      report({buffer.data(), whole ? static_cast<size_t>(n) : 0});
    }
  }
}

void ChildReports::finish(milliseconds patience, const std::function<void()>& take_more) {
  take_more();  // first, so that an earlier death shows as one
  finishing_ = true;
  ::shutdown(fd_.get(), SHUT_WR);
  auto deadline = steady_clock::now() + patience;
  while (!ended_) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) break;
    pollfd more{fd_.get(), POLLIN, 0};
    ::poll(&more, 1, static_cast<int>(left));
    take_more();
  }
  if (!ended_) died_ = true;  // it did not come to its last words
}

}  // namespace assay
