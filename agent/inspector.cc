// One question at a time: whoever dies of a file is known by it.
#include "agent/inspector.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

Inspector::Inspector(const YaraRules& rules, const InspectLimits& limits)
    : start_([&rules](int socket) {
        Command command = rules.program().command("scan", rules.fd(), socket);
        command.stderr_fd = STDERR_FILENO;
        return spawn(command);
      }),
      limits_(limits) {}

Status Inspector::start() {
  if (child_.running()) return Status();
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return errno_error("make the inspector's channel");
  socket_ = Fd(pair[0]);
  Fd theirs(pair[1]);
  auto child = start_(theirs.get());
  if (!child) return child.error().context("start assay-inspect");
  child_ = std::move(*child);
  if (starts_++ > 0) ++count_.restarts;
  return Status();
}

Inspection Inspector::give_up(const char* why) {
  ++count_.failed;
  Inspection out;
  out.why_not = why;
  return out;
}

Inspection Inspector::skip(const char* why) {
  ++count_.skipped;
  Inspection out = give_up(why);
  out.skipped = true;
  return out;
}

Inspection Inspector::child_failed(const char* why) {
  child_ = Child();  // killed and reaped, if it still runs
  socket_.reset();
  return give_up(why);
}

Status Inspector::send(const inspect::Ask& ask, int fd) {
  std::string bytes = inspect::encode_ask(ask);
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  // Never blocks: there is at most one question under way.
  if (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(bytes.size()))
    return errno_error("ask assay-inspect");
  return Status();
}

Result<Inspection> Inspector::inspect(int fd, const std::string& path, uint32_t owner_uid, bool similarity) {
  auto begun = steady_clock::now();
  auto out = ask(fd, path, owner_uid, similarity);
  spent_ += steady_clock::now() - begun;
  return out;
}

Result<Inspection> Inspector::ask(int fd, const std::string& path, uint32_t owner_uid, bool similarity) {
  struct stat st {};
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return give_up("no regular file");
  uint64_t bytes = std::min(static_cast<uint64_t>(std::max<off_t>(st.st_size, 0)), limits_.file_bytes);
  if (spent_ >= limits_.time) return skip("no time was left");
  if (bytes_ + bytes > limits_.total_bytes) return skip("too many bytes in all");
  if (starts_ > limits_.restarts && !child_.running()) return skip("the inspector was killed too often");
  ASSAY_CHECK(start());
  bytes_ += bytes;
  inspect::Ask question{++last_id_, owner_uid, limits_.file_bytes, similarity, path};
  if (auto sent = send(question, fd); !sent) return child_failed("the inspector died before it");
  return hear(question.id);
}

Result<Inspection> Inspector::hear(uint32_t id) {
  auto deadline = steady_clock::now() + limits_.file_time;
  for (;;) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) return child_failed("the inspector took too long");
    pollfd waits[] = {{socket_.get(), POLLIN, 0}, {limits_.cancel_fd, POLLIN, 0}};
    if (::poll(waits, 2, static_cast<int>(left)) < 0 && errno != EINTR) return errno_error("poll");
    if (waits[1].revents != 0) return Error{Errc::cancelled, "cancelled"};
    if (waits[0].revents != 0) break;
  }
  std::array<char, inspect::kMaxAnswerBytes> buffer;
  ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (n <= 0) return child_failed("it killed the inspector");
  if (static_cast<size_t>(n) > buffer.size()) return child_failed("the inspector said what it never says");
  auto answer = inspect::decode_answer({buffer.data(), static_cast<size_t>(n)});
  if (!answer || answer->id != id) return child_failed("the inspector said what it never says");
  if (answer->outcome == inspect::Outcome::unreadable) return give_up("it could not be read");
  ++count_.files;
  Inspection out;
  out.mime = std::move(answer->mime);
  out.similarity = std::move(answer->similarity);
  out.matches = std::move(answer->matches);
  out.matches_left_out = answer->matches_left_out;
  out.partial = answer->partial;
  count_.partial += out.partial;
  count_.matched += !out.matches.empty();
  if (answer->outcome == inspect::Outcome::timed_out) {
    ++count_.failed;
    out.why_not = "the rules took too long";
  }
  return out;
}

}  // namespace assay
