// The token file changed: a new one takes the old one's place at once, so that a reader finds one or the
// other.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "scheduler/api/token_rules.h"
#include "scheduler/api/tokens.h"

namespace assay::api {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;

// Held while the file is changed: on the directory, since the file itself is replaced.
Result<Fd> lock_directory(const std::filesystem::path& file) {
  std::string dir = file.has_parent_path() ? file.parent_path().string() : ".";
  ASSAY_TRY(Fd fd, open_file(dir, O_RDONLY | O_DIRECTORY));
  if (::flock(fd.get(), LOCK_EX) != 0) return errno_error("lock " + dir);
  return fd;
}

Result<std::string> read_or_empty(const std::filesystem::path& file) {
  auto text = read_file(file, kMaxFileBytes);
  if (!text && text.error().code == Errc::not_found) return std::string();
  return text;
}

// With the owner and mode of the one it replaces: the scheduler need not run as whoever edits it.
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

// Whether this line is a token of that name.
bool is_of(std::string_view line, const std::string& name) {
  auto tokens = parse_tokens(line);
  return tokens && !tokens->empty() && tokens->front().name == name;
}

}  // namespace

Result<std::string> add_token(const std::filesystem::path& file, const std::string& name, Roles roles,
                              uint32_t weight) {
  ASSAY_CHECK(check_token_name(name));
  ASSAY_CHECK(parse_weight(std::to_string(weight)));
  ASSAY_TRY(Fd lock, lock_directory(file));
  ASSAY_TRY(std::string text, read_or_empty(file));
  ASSAY_TRY(auto tokens, parse_tokens(text).context("token file " + file.string()));
  for (const Token& token : tokens)
    if (token.name == name)
      return Error{Errc::conflict,
                   "there is a token named '" + name + "' in " + file.string() + ": revoke it first"};
  ASSAY_TRY(std::string secret, make_token_text());
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += name + " " + to_string(roles) + " " + Digest::of(secret).hex();
  if (weight != 1) text += " " + std::to_string(weight);
  ASSAY_CHECK(replace(file, text + "\n"));
  return secret;
}

Status revoke_token(const std::filesystem::path& file, const std::string& name) {
  ASSAY_TRY(Fd lock, lock_directory(file));
  ASSAY_TRY(std::string text, read_file(file, kMaxFileBytes));
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (!is_of(line, name)) kept += line + "\n";
    at = end + 1;
  }
  if (kept.size() >= text.size())
    return Error{Errc::not_found, "there is no token named '" + name + "' in " + file.string()};
  return replace(file, kept);
}

}  // namespace assay::api
