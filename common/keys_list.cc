// The allow-list: read, changed line by line so that comments stay, and replaced as a whole.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>

#include "common/fd.h"
#include "common/keys.h"
#include "common/text.h"
#include "common/words.h"

namespace assay {
namespace {

constexpr const char* kListName = "agents";
constexpr size_t kMaxListBytes = kMaxAllowedKeys * 200;
constexpr const char* kHeader =
    "# The agents that may connect, one key a line: allow|revoked PUBLICKEY NAME [DATE]\n"
    "# Changed by assay keys allow and assay keys revoke; read again when the scheduler gets SIGHUP.\n";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool is_date(std::string_view text) {
  if (text.size() != 10) return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (i == 4 || i == 7 ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) return false;
  return true;
}

std::string as_line(const AllowedKey& key) {
  return std::string(key.revoked ? "revoked " : "allow ") + key.key + " " + key.name +
         (key.date.empty() ? "" : " " + key.date);
}

// Nothing for a comment or an empty line.
Result<std::optional<AllowedKey>> parse_line(std::string_view line, const std::string& at) {
  auto words = words_of(line);
  if (words.empty() || words[0].starts_with('#')) return std::optional<AllowedKey>();
  auto wrong = [&](const std::string& what) { return Error{Errc::invalid, at + ": " + what}; };
  if (words[0] != "allow" && words[0] != "revoked")
    return wrong("'" + printable(words[0], 40) + "' is neither allow nor revoked");
  if (words.size() < 3) return wrong("is not allow|revoked PUBLICKEY NAME [DATE]");
  if (!is_curve_key(words[1]))
    return wrong("'" + printable(words[1], 60) + "' is no public key (40 characters of Z85)");
  if (!is_agent_name(words[2]))
    return wrong("'" + printable(words[2], 80) + "' is no name of an agent (1 to 64 of A-Z a-z 0-9 . _ -)");
  AllowedKey key{std::string(words[1]), std::string(words[2]), words[0] == "revoked"};
  size_t next = 3;
  if (next < words.size() && is_date(words[next])) key.date = words[next++];
  if (next < words.size() && !words[next].starts_with('#'))
    return wrong("'" + printable(words[next], 40) + "' is neither a date (YYYY-MM-DD) nor a comment");
  return std::optional(std::move(key));
}

Status replace_file(const std::filesystem::path& file, const std::string& text, int dir_fd) {
  struct stat old;
  bool existed = ::stat(file.c_str(), &old) == 0;
  std::string fresh = file.string() + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + fresh);
  ASSAY_TRY(Fd fd, open_file(fresh, O_WRONLY | O_CREAT | O_EXCL, 0644));
  if (!existed && ::fstat(dir_fd, &old) != 0) return errno_error(file.parent_path().string());
  if (::geteuid() == 0 && ::fchown(fd.get(), old.st_uid, old.st_gid) != 0)
    return errno_error("give " + fresh + " to its owner");
  if (existed && ::fchmod(fd.get(), old.st_mode & 0777) != 0) return errno_error("chmod " + fresh);
  ASSAY_CHECK(write_all(fd.get(), text, fresh));
  if (::fsync(fd.get()) != 0) return errno_error("write " + fresh);
  if (::rename(fresh.c_str(), file.c_str()) != 0) return errno_error("replace " + file.string());
  if (::fsync(dir_fd) != 0) return errno_error("sync " + file.parent_path().string());
  return Status();
}

}  // namespace

Result<std::vector<AllowedKey>> parse_allow_list(std::string_view text, const std::string& file) {
  std::vector<AllowedKey> list;
  std::map<std::string, size_t, std::less<>> keys, names;  // and the lines that they stand on
  size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    std::string at = file + ":" + std::to_string(++number);
    ASSAY_TRY(auto key, parse_line(line, at));
    if (!key) continue;
    if (list.size() == kMaxAllowedKeys) return Error{Errc::limit, at + ": more than 100000 keys"};
    if (auto [other, fresh] = keys.emplace(key->key, number); !fresh)
      return Error{Errc::invalid, at + ": this key stands in line " + std::to_string(other->second) + " too"};
    if (!key->revoked) {
      if (auto [other, fresh] = names.emplace(key->name, number); !fresh)
        return Error{Errc::invalid, at + ": agent '" + key->name + "' has an allowed key in line " +
                                        std::to_string(other->second) + " already: revoke one"};
    }
    list.push_back(std::move(*key));
  }
  return list;
}

std::string empty_allow_list() { return kHeader; }

std::string to_text(const std::vector<AllowedKey>& list) {
  std::string out;
  for (const AllowedKey& key : list) out += as_line(key) + "\n";
  return out;
}

Result<std::vector<AllowedKey>> load_allow_list(const std::filesystem::path& dir) {
  std::string file = (dir / kListName).string();
  auto text = read_file(file, kMaxListBytes);
  if (!text && text.error().code == Errc::not_found)
    return Error{Errc::not_found, text.error().what + " (assay keys allow makes it)"};
  if (!text) return text.error();
  return parse_allow_list(*text, file);
}

std::set<std::string> allowed_keys(const std::vector<AllowedKey>& list) {
  std::set<std::string> out;
  for (const AllowedKey& key : list)
    if (!key.revoked) out.insert(key.key);
  return out;
}

Result<std::string> with_allowed(std::string_view text, const std::string& file, const AllowedKey& key) {
  if (!is_agent_name(key.name))
    return Error{Errc::invalid,
                 "'" + printable(key.name, 80) +
                     "' is no name of an agent (1 to 64 of A-Z a-z 0-9 . _ -, not first . or -)"};
  if (!is_curve_key(key.key))
    return Error{Errc::invalid, "'" + printable(key.key, 60) + "' is no public key (40 characters of Z85)"};
  ASSAY_TRY(auto list, parse_allow_list(text, file));
  for (const AllowedKey& known : list) {
    if (known.key == key.key) {
      if (known.revoked)
        return Error{Errc::conflict, file + ": this key of '" + known.name +
                                         "' was revoked; make a new one (assay keys new)"};
      if (known.name == key.name) return std::string(text);
      return Error{Errc::conflict, file + ": this key is allowed as '" + known.name + "' already"};
    }
    if (!known.revoked && known.name == key.name)
      return Error{Errc::conflict, file + ": '" + known.name + "' has another key: assay keys revoke " +
                                       known.name + " first"};
  }
  std::string out = text.empty() ? empty_allow_list() : std::string(text);
  if (!out.ends_with('\n')) out += '\n';
  return out + as_line({key.key, key.name, false, key.date}) + "\n";
}

Result<std::string> with_revoked(std::string_view text, const std::string& file, std::string_view name_or_key,
                                 const std::string& date) {
  ASSAY_TRY(auto list, parse_allow_list(text, file));
  bool is_key = std::any_of(list.begin(), list.end(), [&](const auto& k) { return k.key == name_or_key; });
  std::string out;
  bool found = false;
  for (std::string_view line : lines_of(text)) {
    ASSAY_TRY(auto key, parse_line(line, file));
    if (!key || key->revoked || (is_key ? key->key : key->name) != name_or_key) {
      out += std::string(line) + "\n";
      continue;
    }
    found = true;
    out += as_line({key->key, key->name, true, date}) + "\n";
  }
  if (!found)
    return Error{Errc::not_found, file + ": no allowed key of '" + printable(name_or_key, 80) + "'"};
  return out;
}

Status edit_allow_list(const std::filesystem::path& dir,
                       const std::function<Result<std::string>(std::string_view)>& edit) {
  std::filesystem::path file = dir / kListName;
  ASSAY_TRY(Fd alone, open_file(dir.string(), O_RDONLY | O_DIRECTORY));
  if (::flock(alone.get(), LOCK_EX) != 0) return errno_error("lock " + dir.string());
  auto text = read_file(file.string(), kMaxListBytes);
  if (!text && text.error().code != Errc::not_found) return text.error();
  std::string before = text ? *text : "";
  ASSAY_TRY(std::string after, edit(before));
  if (text && after == before) return Status();
  return replace_file(file, after, alone.get());
}

}  // namespace assay
