// passwd(5) and group(5) of a hostile image: opened within its root, read up to a bound, lines that make no
// sense skipped.
#include "agent/bundle_user.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

#include "common/fd.h"
#include "common/text.h"
#include "common/words.h"

namespace assay {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr size_t kMaxGroups = 1024;

std::optional<uint32_t> number(std::string_view text) {
  uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || value > INT32_MAX)
    return std::nullopt;
  return value;
}

// No file: no entries, as in images made from scratch.
Result<std::string> read_in_root(const std::filesystem::path& root, const char* path) {
  ASSAY_TRY(Fd root_fd, open_file(root, O_PATH | O_DIRECTORY));
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  Fd fd(static_cast<int>(::syscall(SYS_openat2, root_fd.get(), path, &how, sizeof how)));
  struct stat s {};
  if (!fd || ::fstat(fd.get(), &s) != 0 || !S_ISREG(s.st_mode)) return std::string();
  return read_fd(fd.get(), kMaxFileBytes, std::string("the image's ") + path);
}

void each_line(std::string_view text, size_t fields,
               const std::function<bool(const std::vector<std::string_view>&)>& visit) {
  for (std::string_view line : split(text, '\n')) {
    auto parts = split(line, ':');
    if (parts.size() >= fields && !visit(parts)) return;
  }
}

// name:password:uid:gid:gecos:home:shell. The first line whose name or number fits; its name is returned.
std::string find_user(std::string_view passwd, std::string_view wanted, ExecUser& out) {
  auto wanted_uid = number(wanted);
  std::string found;
  each_line(passwd, 6, [&](const auto& line) {
    auto uid = number(line[2]), gid = number(line[3]);
    if (!uid || !gid || line[0].empty() || (line[0] != wanted && uid != wanted_uid)) return true;
    found = line[0];
    out.uid = *uid;
    out.gid = *gid;
    out.home = line[5].empty() ? "/" : line[5];
    return false;
  });
  return found;
}

// name:password:gid:member,member
void find_memberships(std::string_view group, std::string_view user_name, ExecUser& out) {
  each_line(group, 4, [&](const auto& line) {
    auto gid = number(line[2]);
    auto members = split(line[3], ',');
    if (gid && std::find(members.begin(), members.end(), user_name) != members.end())
      out.groups.push_back(*gid);
    return out.groups.size() < kMaxGroups;
  });
}

std::optional<uint32_t> find_group(std::string_view group, std::string_view wanted) {
  std::optional<uint32_t> out;
  auto wanted_gid = number(wanted);
  each_line(group, 3, [&](const auto& line) {
    auto gid = number(line[2]);
    if (gid && (line[0] == wanted || gid == wanted_gid)) out = gid;
    return !out;
  });
  return out ? out : wanted_gid;
}

}  // namespace

Result<ExecUser> resolve_user(const std::string& user, const std::filesystem::path& image_root) {
  ASSAY_TRY(std::string passwd, read_in_root(image_root, "etc/passwd"));
  ASSAY_TRY(std::string group, read_in_root(image_root, "etc/group"));
  size_t colon = user.find(':');
  std::string user_part = user.substr(0, colon),
              group_part = colon == std::string::npos ? "" : user.substr(colon + 1);
  auto unknown = [&](const char* kind, const std::string& name, const char* file) {
    return Error{Errc::invalid, "the image's User '" + printable(user, 100) + "' names a " + kind + " '" +
                                    printable(name, 100) + "' that its " + file + " does not have"};
  };
  ExecUser out;
  std::string name = find_user(passwd, user_part.empty() ? "0" : user_part, out);
  if (name.empty() && !user_part.empty()) {
    auto uid = number(user_part);
    if (!uid) return unknown("user", user_part, "/etc/passwd");
    out.uid = *uid;
  }
  if (!group_part.empty()) {
    auto gid = find_group(group, group_part);
    if (!gid) return unknown("group", group_part, "/etc/group");
    out.gid = *gid;
  } else if (!name.empty()) {
    find_memberships(group, name, out);
  }
  return out;
}

}  // namespace assay
