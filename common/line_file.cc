// A new file takes the old one's place at once, so that a reader finds one or the other.
#include "common/line_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/words.h"

namespace assay {
namespace {

// Held while the file is changed: on the directory, since the file itself is replaced.
Result<Fd> lock_directory(const std::filesystem::path& file) {
  std::string dir = file.has_parent_path() ? file.parent_path().string() : ".";
  ASSAY_TRY(Fd fd, open_file(dir, O_RDONLY | O_DIRECTORY));
  if (::flock(fd.get(), LOCK_EX) != 0) return errno_error("lock " + dir);
  return fd;
}

Status replace(const std::filesystem::path& file, const std::string& text) {
  const std::string fresh = file.string() + ".new";
  ASSAY_TRY(Fd fd, open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  struct stat old {};
  if (::stat(file.c_str(), &old) == 0 &&
      (::fchown(fd.get(), old.st_uid, old.st_gid) != 0 || ::fchmod(fd.get(), old.st_mode & 07777) != 0))
    return errno_error("owner and mode of " + fresh);
  ASSAY_CHECK(write_all(fd.get(), text, fresh));
  if (::fsync(fd.get()) != 0) return errno_error("write " + fresh);
  if (::rename(fresh.c_str(), file.c_str()) != 0) return errno_error("rename to " + file.string());
  return Status();
}

}  // namespace

std::vector<std::string_view> words_of_line(std::string_view line) {
  return words_of(line.substr(0, line.find('#')));
}

Status change_lines(const std::filesystem::path& file, size_t limit_bytes, IfMissing missing,
                    const std::function<Result<std::string>(const std::string& text)>& change) {
  ASSAY_TRY(Fd lock, lock_directory(file));
  auto text = read_file(file, limit_bytes);
  bool made = !text && text.error().code == Errc::not_found && missing == IfMissing::make;
  if (!text && !made) return text.error();
  ASSAY_TRY(std::string changed, change(made ? "" : *text));
  return replace(file, changed);
}

std::string without_lines(const std::string& text, const std::function<bool(std::string_view)>& gone) {
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line(text.data() + at, end - at);
    if (!gone(line)) (kept += line) += '\n';
    at = end + 1;
  }
  return kept;
}

}  // namespace assay
