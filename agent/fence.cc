// The words for a hit; the mark's file.
#include "agent/fence.h"

#include <fcntl.h>
#include <unistd.h>

#include "agent/spool_files.h"
#include "common/disk.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxReason = 900;  // bytes; printable, it may be four times that
constexpr size_t kMaxMarkBytes = 4096;
constexpr size_t kMaxPart = 60;
constexpr std::string_view kUnreported = "unreported";

}  // namespace

bool is_guard_hit(const Event& event) { return event.kind == EventKind::guard && event.name != kUnreported; }

std::string hit_text(const Event& event) {
  auto part = [](const std::string& text) { return printable(text, kMaxPart); };
  std::string out = event.name.empty() ? "an act without a name" : part(event.name);
  out += " by a " + (event.path2.empty() ? "process" : part(event.path2));
  if (event.host_tid != 0) out += ", task " + std::to_string(event.host_tid);
  if (!event.comm.empty()) out += " (" + part(event.comm) + ")";
  if (!event.call.empty() || !event.path.empty()) out += ":";
  if (!event.call.empty()) out += " " + part(event.call);
  if (!event.path.empty()) out += " " + part(event.path);
  return still_printable(out, kMaxHitText);
}

std::string fenced_text(const Fencing& fencing) {
  return "fenced after scan " + fencing.key.scan_id + ": " + fencing.reason +
         "; look at this host, then `assay agents unfence` it";
}

Result<std::optional<Fencing>> FenceMark::read() const {
  auto text = read_plain(path_, kMaxMarkBytes);
  if (!text && text.error().code == Errc::not_found) return std::optional<Fencing>();
  if (!text) return text.error();
  size_t line = text->find('\n'), end = text->find('\n', line + 1);
  auto key = AttemptKey::parse(std::string_view(*text).substr(0, line));
  if (line == std::string::npos || end != text->size() - 1 || !key)
    return Error{Errc::corrupt, path_.string() +
                                    " says that this agent is fenced, and not by which scan: look at this "
                                    "host, then remove it"};
  return std::optional(Fencing{*key, text->substr(line + 1, end - line - 1)});
}

Status FenceMark::write(const Fencing& fencing) const {
  fs::path temporary = path_;
  temporary += ".new";
  auto written = [&]() -> Status {
    ASSAY_TRY(Fd fd, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
    std::string text = fencing.key.str() + "\n" + still_printable(fencing.reason, kMaxReason) + "\n";
    ASSAY_CHECK(write_all(fd.get(), text, path_.string()));
    if (::fdatasync(fd.get()) != 0) return errno_error("sync " + path_.string());
    if (::rename(temporary.c_str(), path_.c_str()) != 0) return errno_error("rename to " + path_.string());
    return sync_directory(path_.parent_path());
  }();
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Status FenceMark::remove() const {
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + path_.string());
  return sync_directory(path_.parent_path());
}

Result<std::optional<Fencing>> fenced_before(const FenceMark& mark, const Spool& spool) {
  ASSAY_TRY(std::optional<Fencing> marked, mark.read());
  if (marked) return marked;
  for (const Spool::Found& found : spool.found())
    if (!found.guard_hit.empty()) return std::optional(Fencing{found.key, found.guard_hit});
  return std::optional<Fencing>();
}

}  // namespace assay
