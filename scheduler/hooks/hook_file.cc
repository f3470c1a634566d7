// The hook file changed: a new one takes the old one's place at once, so that a reader finds one or the
// other.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/text.h"
#include "scheduler/api/token_rules.h"
#include "scheduler/api/tokens.h"
#include "scheduler/hooks/hook.h"
#include "scheduler/hooks/hook_rules.h"

namespace assay::hooks {
namespace {

// Held while the file is changed: on the directory, since the file itself is replaced.
Result<Fd> lock_directory(const std::filesystem::path& file) {
  std::string dir = file.has_parent_path() ? file.parent_path().string() : ".";
  ASSAY_TRY(Fd fd, open_file(dir, O_RDONLY | O_DIRECTORY));
  if (::flock(fd.get(), LOCK_EX) != 0) return errno_error("lock " + dir);
  return fd;
}

Result<std::string> read_or_empty(const std::filesystem::path& file) {
  auto text = read_file(file, kMaxHookFileBytes);
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

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

std::string line_of(const Hook& hook, const std::string& secret) {
  return hook.name + " " + to_string(hook.sender) + " " + hook.tenant + " " +
         (hook.sender == Sender::github ? "secret:" + secret : Digest::of(secret).str()) + options_text(hook);
}

}  // namespace

std::string options_text(const Hook& hook) {
  std::string out;
  auto add = [&](const char* name, const std::string& value, bool wanted) {
    if (wanted) out += std::string(" ") + name + "=" + value;
  };
  const Hook plain;
  add("host", hook.host, !hook.host.empty());
  add("repositories", joined(hook.repositories), !hook.repositories.empty());
  add("lane", assay::to_string(hook.lane), hook.lane != plain.lane);
  add("per_minute", std::to_string(hook.per_minute), hook.per_minute != plain.per_minute);
  add("untagged", "yes", hook.untagged);
  add("insecure", "yes", hook.insecure);
  add("queue", hook.queue, !hook.queue.empty());
  add("region", hook.region, !hook.region.empty());
  add("role", hook.role, !hook.role.empty());
  add("endpoint", hook.endpoint, !hook.endpoint.empty());
  return out;
}

Result<std::string> add_hook(const std::filesystem::path& file, Hook hook) {
  ASSAY_CHECK(check_hook_name(hook.name));
  ASSAY_CHECK(api::check_token_name(hook.tenant).context("tenant"));
  ASSAY_TRY(Fd lock, lock_directory(file));
  ASSAY_TRY(std::string text, read_or_empty(file));
  ASSAY_TRY(auto hooks, parse_hooks(text).context("hook file " + file.string()));
  for (const Hook& other : hooks)
    if (other.name == hook.name)
      return Error{Errc::conflict,
                   "there is a hook named '" + hook.name + "' in " + file.string() + ": revoke it first"};
  ASSAY_TRY(std::string secret, api::make_token_text());
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += line_of(hook, secret) + "\n";
  // What was written must be what is read: a blank, an end of line or '#' in an option would change it.
  ASSAY_TRY(auto after, parse_hooks(text));
  if (after.size() != hooks.size() + 1 || options_text(after.back()) != options_text(hook))
    return Error{Errc::invalid, "hook '" + hook.name + "' has an option that no line can hold"};
  ASSAY_CHECK(replace(file, text));
  return secret;
}

Status revoke_hook(const std::filesystem::path& file, const std::string& name) {
  ASSAY_TRY(Fd lock, lock_directory(file));
  ASSAY_TRY(std::string text, read_file(file, kMaxHookFileBytes));
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    auto words = words_of(line);
    if (words.empty() || words[0] != name) kept += line + "\n";
    at = end + 1;
  }
  if (kept.size() >= text.size())
    return Error{Errc::not_found, "there is no hook named '" + printable(name, 80) + "' in " + file.string()};
  return replace(file, kept);
}

}  // namespace assay::hooks
