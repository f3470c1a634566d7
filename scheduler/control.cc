// One client after the other. It says a line, "checkpoint"; the answer is a line: "name NAME" (below
// checkpoints/), or "error CODE WHAT". A path of any length does for a socket by way of /proc/self/fd:
// sun_path has 108 bytes.
#include "scheduler/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>

#include "common/ids.h"
#include "common/log.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view kOrder = "checkpoint", kName = "name ", kError = "error ", kBackup = "backup-";
constexpr milliseconds kPatience{5000};       // with a client that says nothing
constexpr milliseconds kAnswerWithin{60000};  // while another is served, and a checkpoint made
constexpr size_t kMaxLine = 8192;

// The directory stays open for as long as the address is used.
struct Address {
  Fd dir;
  sockaddr_un name{};
};

Result<Address> address_in(const fs::path& data) {
  Address out;
  ASSAY_TRY(out.dir, open_file(data.string(), O_PATH | O_DIRECTORY));
  out.name.sun_family = AF_UNIX;
  std::string path = "/proc/self/fd/" + std::to_string(out.dir.get()) + "/" + kControlFile;
  path.copy(out.name.sun_path, sizeof out.name.sun_path - 1);
  return out;
}

enum class Woke { ready, other, timeout };
// Until `fd` can be read, or `other` can.
Woke wait_for(int fd, int other, int timeout_ms) {
  pollfd items[] = {{fd, POLLIN, 0}, {other, POLLIN, 0}};
  int n = 0;
  do {
    n = ::poll(items, other < 0 ? 1 : 2, timeout_ms);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return Woke::timeout;
  return other >= 0 && items[1].revents != 0 ? Woke::other : Woke::ready;
}

// A line without its end; nothing where none comes in time, or too long a one.
std::optional<std::string> read_line(int fd, int stop, milliseconds patience) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  std::string line;
  for (char c = 0; line.size() < kMaxLine;) {
    auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0 || wait_for(fd, stop, static_cast<int>(left)) != Woke::ready) return std::nullopt;
    ssize_t n = ::read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    if (c == '\n') return line;
    line += c;
  }
  return std::nullopt;
}

bool say(int fd, const std::string& line) {
  std::string text = line + "\n";
  return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

bool may_ask(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

void remove_checkpoints(const fs::path& dir) {
  std::error_code ignored;
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(dir, ignored))
    if (entry.path().filename().string().starts_with(kBackup)) left.push_back(entry.path());
  for (const fs::path& path : left) fs::remove_all(path, ignored);
}

Result<fs::path> make_checkpoint(const Store& store, const fs::path& dir) {
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("make " + dir.string());
  fs::path path = dir / (std::string(kBackup) + make_scan_id(std::chrono::system_clock::now()));
  ASSAY_CHECK(store.checkpoint(path));
  return path;
}

// The file's own time says it, over restarts.
void note_backup(const fs::path& data, const Control::BackedUp& backed_up) {
  fs::path file = data / kLastBackup;
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd || ::futimens(fd.get(), nullptr) != 0)
    spdlog::warn("event=backup_not_noted file={}", file.string());
  if (backed_up) backed_up(std::chrono::system_clock::now());
}

void serve_one(const Store& store, const fs::path& data, int fd, int stop,
               const Control::BackedUp& backed_up) {
  if (!may_ask(fd)) {
    (void)say(fd,
              std::string(kError) + "denied only root and the scheduler's own user may ask for a checkpoint");
    return;
  }
  auto order = read_line(fd, stop, kPatience);
  if (!order || *order != kOrder) {
    (void)say(fd, std::string(kError) + "invalid no such order");
    return;
  }
  auto path = make_checkpoint(store, data / kCheckpoints);
  if (!path) {
    spdlog::error("event=no_checkpoint why=\"{}\"", printable(path.error().what, 300));
    (void)say(fd, std::string(kError) + to_string(path.error().code) + " " + printable(path.error().what));
    return;
  }
  spdlog::info("event=checkpoint path={}", printable(path->string(), 300));
  if (say(fd, std::string(kName) + path->filename().string())) {
    // Until the client is done, dies, or the scheduler ends.
    auto backup = wait_for(fd, stop, -1) == Woke::ready ? read_line(fd, stop, kPatience) : std::nullopt;
    if (backup) {
      spdlog::info("event=backed_up backup={}", printable(*backup, 500));
      note_backup(data, backed_up);
    } else {
      spdlog::warn("event=backup_cut");
    }
  }
  remove_checkpoints(data / kCheckpoints);
}

void serve(const Store& store, const fs::path& data, Fd listener, int stop,
           const Control::BackedUp& backed_up) {
  while (wait_for(listener.get(), stop, -1) == Woke::ready) {
    Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) serve_one(store, data, client.get(), stop, backed_up);
  }
}

// "CODE WHAT", as the scheduler said it.
Error error_from(std::string_view text) {
  size_t space = text.find(' ');
  std::string_view code = text.substr(0, space);
  for (int i = 0; i <= static_cast<int>(Errc::io); ++i)
    if (code == to_string(static_cast<Errc>(i)) && space != std::string_view::npos)
      return {static_cast<Errc>(i), still_printable(text.substr(space + 1))};
  return {Errc::io, "the scheduler said: " + printable(text, 300)};
}

}  // namespace

Result<Control> Control::start(const Store& store, const fs::path& data, BackedUp backed_up) {
  remove_checkpoints(data / kCheckpoints);
  ASSAY_TRY(Address address, address_in(data));
  ASSAY_TRY(Fd stop, make_event());
  fs::path file = data / kControlFile;
  (void)::unlink(file.c_str());
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* name = reinterpret_cast<const sockaddr*>(&address.name);
  if (!listener || ::bind(listener.get(), name, sizeof address.name) != 0 || ::listen(listener.get(), 4) != 0)
    return errno_error("listen on " + file.string());
  (void)::chmod(file.c_str(), 0600);  // who asks is looked at all the same
  struct stat last {};
  if (backed_up && ::stat((data / kLastBackup).c_str(), &last) == 0)
    backed_up(std::chrono::system_clock::from_time_t(last.st_mtime));
  Control out(std::move(stop), file);
  out.thread_ = std::thread([&store, data, listener = std::move(listener), stop = out.stop_.get(),
                             backed_up = std::move(backed_up)]() mutable {
    serve(store, data, std::move(listener), stop, backed_up);
  });
  return out;
}

Control::~Control() {
  if (!thread_.joinable()) return;
  raise_event(stop_.get());
  thread_.join();
  (void)::unlink(file_.c_str());
}

Result<std::optional<HeldCheckpoint>> HeldCheckpoint::ask(const fs::path& data) {
  auto address = address_in(data);
  if (!address) return address.error().context("data directory");
  Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return errno_error("make a socket");
  const auto* name = reinterpret_cast<const sockaddr*>(&address->name);
  if (::connect(connection.get(), name, sizeof address->name) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<HeldCheckpoint>();
    return errno_error("ask the scheduler at " + (data / kControlFile).string());
  }
  (void)say(connection.get(), std::string(kOrder));
  auto answer = read_line(connection.get(), -1, kAnswerWithin);
  if (!answer)
    return Error{Errc::timeout,
                 "the scheduler with " + data.string() +
                     " open gave no checkpoint: another backup may be under way, or it is ending"};
  if (!answer->starts_with(kName))
    return error_from(std::string_view(*answer).substr(answer->starts_with(kError) ? kError.size() : 0));
  std::string made = answer->substr(kName.size());
  if (made.find('/') != std::string::npos) return error_from(*answer);
  return std::optional(HeldCheckpoint(std::move(connection), data / kCheckpoints / made));
}

bool HeldCheckpoint::still_there() const {
  pollfd item = {connection_.get(), POLLIN, 0};
  return ::poll(&item, 1, 0) == 0;
}

void HeldCheckpoint::used_for(std::string_view backup) { (void)say(connection_.get(), std::string(backup)); }

}  // namespace assay
