#include "agent/provoke/starter_link.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <limits>

#include "agent/provoke/image_files.h"

namespace assay {
namespace {

constexpr size_t kMaxRequestBytes = 200 * 1024;  // starter.c: kMaxRequest
constexpr size_t kMaxStrings = 4000;             // starter.c: kMaxStrings
constexpr size_t kMaxLine = 200;
constexpr size_t kMaxOutput = 4096;  // starter.c: kMaxOutput
constexpr size_t kMaxPiece = 16384;  // starter_body.c: kPiece
constexpr size_t kMaxRead = 256 * 1024;

template <class T>
bool parse(std::string_view text, T& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

Error nonsense() { return {Errc::corrupt, "the starter in the guest said something that it never says"}; }

// How many bytes of output follow the line; nothing if it is none of the starter's.
std::optional<size_t> parse_line(std::string_view line, StarterWord& word) {
  auto words = words_of(line);
  if (words.size() == 3 && words[0] == "start" && parse(words[1], word.id) && parse(words[2], word.pid))
    return 0;
  size_t bytes = 0;
  if (words.size() == 3 && words[0] == "body" && parse(words[1], word.id) && parse(words[2], bytes) &&
      bytes <= kMaxPiece) {
    word.body = true;
    return bytes;
  }
  int64_t took = 0;
  if (words.size() != 7 || words[0] != "end" || !parse(words[1], word.id) || !parse(words[2], word.pid) ||
      words[3].size() != 1 || !parse(words[4], word.status) || !parse(words[5], took) ||
      !parse(words[6], bytes) || bytes > kMaxOutput || took < 0)
    return std::nullopt;
  word.ended = true;
  word.how = words[3][0];
  word.took = std::chrono::milliseconds(std::min<int64_t>(took, std::numeric_limits<int32_t>::max()));
  return std::string_view("estf").find(word.how) == std::string_view::npos ? std::nullopt
                                                                           : std::optional(bytes);
}

}  // namespace

Result<std::string> encode_job(const StarterJob& job) {
  std::string out = "job " + std::to_string(job.id) + " " + std::to_string(job.time.count()) + " " +
                    std::to_string(job.uid) + " " + std::to_string(job.gid) + " " +
                    std::to_string(job.keep_bytes) + " " + std::to_string(job.argv.size()) + " " +
                    std::to_string(job.env.size()) + "\n";
  bool whole = true;
  auto add = [&](const std::string& text) {
    whole = whole && text.find('\0') == std::string::npos;
    out.append(text).push_back('\0');
  };
  if (job.argv.empty() || job.argv.size() > kMaxStrings || job.env.size() > kMaxStrings)
    return Error{Errc::limit, "a job without arguments, or with too many"};
  add(job.cwd);
  for (const std::string& argument : job.argv) add(argument);
  for (const std::string& setting : job.env) add(setting);
  if (!whole) return Error{Errc::invalid, "a job with a NUL in it"};
  if (out.size() > kMaxRequestBytes) return Error{Errc::limit, "a job larger than a request"};
  return out;
}

Result<std::vector<StarterWord>> StarterReader::take(std::string_view bytes) {
  std::vector<StarterWord> out;
  waiting_.append(bytes);
  for (size_t begin = 0;;) {
    size_t newline = waiting_.find('\n', begin);
    if (newline == std::string::npos) {
      waiting_.erase(0, begin);
      if (waiting_.size() > kMaxLine) return nonsense();
      return out;
    }
    StarterWord word;
    auto follow = newline - begin > kMaxLine
                      ? std::nullopt
                      : parse_line(std::string_view(waiting_).substr(begin, newline - begin), word);
    if (!follow) return nonsense();
    if (waiting_.size() - newline - 1 < *follow) {
      waiting_.erase(0, begin);
      return out;
    }
    word.output = waiting_.substr(newline + 1, *follow);
    begin = newline + 1 + *follow;
    out.push_back(std::move(word));
  }
}

// Its stdin is a socket, so that a write to a starter that is gone is an error and no SIGPIPE.
Result<StarterLink> StarterLink::open(Command command) {
  StarterLink link;
  int in[2], out[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) return errno_error("make a socket pair");
  Fd theirs(in[0]);
  link.in_ = Fd(in[1]);
  if (::pipe2(out, O_CLOEXEC) != 0) return errno_error("make a pipe");
  link.out_ = Fd(out[0]);
  Fd write_end(out[1]);
  for (int fd : {link.in_.get(), link.out_.get()})
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return errno_error("set up a pipe");
  command.stdin_fd = theirs.get();
  command.stdout_fd = write_end.get();
  ASSAY_TRY(link.child_, spawn(command));
  return link;
}

Status StarterLink::submit(const StarterJob& job) {
  ASSAY_TRY(std::string request, encode_job(job));
  unsent_ += request;
  return Status();
}

void StarterLink::read_body(uint32_t id, int32_t pid, uint32_t max_bytes) {
  unsent_ +=
      "read " + std::to_string(id) + " " + std::to_string(pid) + " " + std::to_string(max_bytes) + "\n";
}

Result<std::vector<StarterWord>> StarterLink::turn() {
  while (!unsent_.empty()) {
    ssize_t n = ::send(in_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n <= 0) break;  // full, or gone: reading tells
    unsent_.erase(0, static_cast<size_t>(n));
  }
  std::string bytes;
  bool ended = false;
  char buffer[16384];
  while (bytes.size() < kMaxRead) {
    ssize_t n = ::read(out_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    ended = n == 0 || (n < 0 && errno != EAGAIN);
    if (n <= 0) break;
    bytes.append(buffer, static_cast<size_t>(n));
  }
  ASSAY_TRY(auto words, reader_.take(bytes));
  if (ended && words.empty()) return Error{Errc::unreachable, "the starter in the guest has ended"};
  return words;
}

}  // namespace assay
