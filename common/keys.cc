// Z85, names and the files of keys; the allow-list is in keys_list.cc.
#include "common/keys.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/fd.h"
#include "common/loop.h"

namespace assay {
namespace {

constexpr std::string_view kAlphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
static_assert(kAlphabet.size() == 85);
constexpr size_t kKeyCharacters = 40;
constexpr size_t kMaxKeyFileBytes = 4096;

// The one line of a key file that is neither empty nor a comment. A key has no spaces, but may begin with
// '#'.
Result<std::string> key_line(std::string_view text, const std::string& file) {
  std::string key;
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line == "#" || line.starts_with("# ")) continue;
    std::string at = file + ":" + std::to_string(number);
    if (!key.empty()) return Error{Errc::invalid, at + ": a second key, and there may be one"};
    if (!is_curve_key(line))
      return Error{Errc::invalid, at + ": this is no key: 40 characters of Z85, as assay keys makes them"};
    key = line;
  }
  if (key.empty()) return Error{Errc::invalid, file + ": holds no key"};
  return key;
}

// What root makes for a service belongs to whoever has the directory.
Status give_to_owner_of(const std::filesystem::path& dir, int fd, const std::string& file) {
  struct stat owner;
  if (::geteuid() != 0 || ::stat(dir.c_str(), &owner) != 0) return Status();
  if (::fchown(fd, owner.st_uid, owner.st_gid) != 0) return errno_error("give " + file + " to its owner");
  return Status();
}

Status make_file(const std::filesystem::path& dir, const std::string& name, const std::string& text,
                 unsigned mode) {
  std::string file = (dir / name).string();
  ASSAY_TRY(Fd fd, open_file(file, O_WRONLY | O_CREAT | O_EXCL, mode));
  ASSAY_CHECK(give_to_owner_of(dir, fd.get(), file));
  ASSAY_CHECK(write_all(fd.get(), text, file));
  if (::fsync(fd.get()) != 0) return errno_error("write " + file);
  return Status();
}

}  // namespace

bool is_curve_key(std::string_view text) {
  if (text.size() != kKeyCharacters) return false;
  for (size_t at = 0; at < text.size(); at += 5) {
    uint64_t value = 0;
    for (char c : text.substr(at, 5)) {
      size_t digit = kAlphabet.find(c);
      if (digit == std::string_view::npos) return false;
      value = value * 85 + digit;
    }
    if (value > UINT32_MAX) return false;
  }
  return true;
}

std::string z85(std::string_view bytes) {
  assert(bytes.size() % 4 == 0);
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += 4) {
    uint32_t value = 0;
    for (char c : bytes.substr(at, 4)) value = value << 8 | static_cast<unsigned char>(c);
    std::array<char, 5> digits;
    for (size_t i = digits.size(); i-- > 0; value /= 85) digits[i] = kAlphabet[value % 85];
    out.append(digits.data(), digits.size());
  }
  return out;
}

bool is_agent_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] == '-' || text[0] == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

Result<std::string> read_secret_file(const std::string& file, size_t limit_bytes) {
  ASSAY_TRY(Fd fd, open_file(file, O_RDONLY | O_NONBLOCK));
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return errno_error(file);
  if (!S_ISREG(status.st_mode)) return Error{Errc::invalid, file + ": is no regular file"};
  if ((status.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", status.st_mode & 07777);
    return Error{Errc::denied, file + ": others than its owner can use this secret (mode " + mode +
                                   "): chmod 600 it, and make a new key if they may have read it"};
  }
  return read_fd(fd.get(), limit_bytes, file);
}

Result<CurveKeys> load_keys(const std::filesystem::path& dir, const std::string& name) {
  std::string file = (dir / (name + ".key")).string();
  auto text = read_secret_file(file, kMaxKeyFileBytes);
  if (!text && text.error().code == Errc::not_found)
    return Error{Errc::not_found, text.error().what + " (assay keys new makes one)"};
  if (!text) return text.error();
  ASSAY_TRY(std::string secret, key_line(*text, file));
  auto public_key = curve_public_key(secret);
  if (!public_key) return public_key.error().context(file);
  return CurveKeys{*public_key, secret};
}

Result<std::string> load_public_key(const std::filesystem::path& file) {
  ASSAY_TRY(std::string text, read_file(file.string(), kMaxKeyFileBytes));
  return key_line(text, file.string());
}

Status save_keys(const std::filesystem::path& dir, const std::string& name, const CurveKeys& keys) {
  for (const char* ending : {".key", ".pub"}) {
    std::filesystem::path file = dir / (name + ending);
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, error)))
      return Error{Errc::conflict,
                   file.string() + ": exists already; remove it first if it shall be replaced"};
  }
  ASSAY_CHECK(make_file(
      dir, name + ".key",
      "# The secret CURVE key of this " + name + ". Never copy it.\n" + keys.secret_key + "\n", 0600));
  return make_file(dir, name + ".pub",
                   "# The public CURVE key of this " + name + ".\n" + keys.public_key + "\n", 0644);
}

}  // namespace assay
