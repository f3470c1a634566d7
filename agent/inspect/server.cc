// A file is read, not mapped: one that shrinks under our eyes is then a short read, and no signal.
#include "agent/inspect/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace assay::inspect {
namespace {

constexpr uint64_t kMaxFileBytes = 256ull << 20;
constexpr std::chrono::seconds kRulesTime{10};

struct Question {
  std::string bytes;
  Fd file;
};

// Nothing: the agent has hung up.
Result<std::optional<Question>> receive(int socket) {
  Question out;
  out.bytes.resize(kMaxAskBytes);
  iovec part{out.bytes.data(), out.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 4)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n;
  while ((n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (n < 0) return errno_error("hear the agent");
  if (n == 0) return std::optional<Question>();
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(sizeof(int)))
      continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    out.file = Fd(fd);
  }
  if (!out.file || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return Error{Errc::corrupt, "a question without a file, or cut off"};
  out.bytes.resize(static_cast<size_t>(n));
  return std::optional<Question>(std::move(out));
}

// The file's beginning, up to `limit`.
Result<std::string> read_start(int file, uint64_t limit, uint64_t size) {
  std::string out(std::min(limit, size), '\0');
  size_t got = 0;
  while (got < out.size()) {
    ssize_t n = ::pread(file, out.data() + got, out.size() - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read a file");
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  out.resize(got);
  return out;
}

}  // namespace

Answer Server::inspect(const Ask& ask, int file) {
  Answer answer;
  answer.id = ask.id;
  struct stat st {};
  if (::fstat(file, &st) != 0 || !S_ISREG(st.st_mode)) {
    answer.outcome = Outcome::unreadable;
    return answer;
  }
  auto size = static_cast<uint64_t>(std::max<off_t>(st.st_size, 0));
  uint64_t limit = std::min(ask.limit_bytes, kMaxFileBytes);
  auto bytes = read_start(file, limit, size);
  if (!bytes) {
    answer.outcome = Outcome::unreadable;
    return answer;
  }
  answer.partial = size > limit;
  answer.mime = magic_.mime(file);
  auto matches = rules_.match(*bytes, ask, yara_file_type(answer.mime), kRulesTime);
  if (!matches) {
    answer.outcome = Outcome::unreadable;
    return answer;
  }
  if (matches->timed_out) answer.outcome = Outcome::timed_out;
  answer.matches = std::move(matches->names);
  answer.matches_left_out = matches->left_out;
  if (!answer.partial && (ask.similarity || !answer.matches.empty()))
    answer.similarity = similarity_of(*bytes);
  return answer;
}

Status Server::run(int socket) {
  for (;;) {
    ASSAY_TRY(auto question, receive(socket));
    if (!question) return Status();
    ASSAY_TRY(Ask ask, decode_ask(question->bytes));
    std::string answer = encode_answer(inspect(ask, question->file.get()));
    if (::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(answer.size()))
      return errno_error("answer the agent");
  }
}

}  // namespace assay::inspect
