// libmagic looks at the beginning of a file only; TLSH at all of it.
#include "agent/inspect/content.h"

#include <magic.h>
#include <tlsh.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace assay::inspect {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

}  // namespace

struct Magic::State {
  magic_t cookie = nullptr;
  ~State() {
    if (cookie != nullptr) ::magic_close(cookie);
  }
};

Magic::Magic(std::unique_ptr<State> state) : state_(std::move(state)) {}
Magic::Magic(Magic&&) noexcept = default;
Magic& Magic::operator=(Magic&&) noexcept = default;
Magic::~Magic() = default;

Result<Magic> Magic::open() {
  auto state = std::make_unique<State>();
  state->cookie = ::magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS);
  if (state->cookie == nullptr) return errno_error("start libmagic");
  if (::magic_load(state->cookie, nullptr) != 0) {
    const char* why = ::magic_error(state->cookie);
    return Error{Errc::not_found, std::string("no database of file types (") + (why ? why : "unknown") +
                                      "); install it: apt-get install libmagic-mgc"};
  }
  return Magic(std::move(state));
}

// By descriptor, not by bytes: what an ELF file is stands behind its beginning.
std::string Magic::mime(int file) const {
  if (::lseek(file, 0, SEEK_SET) != 0) return "";
  const char* type = ::magic_descriptor(state_->cookie, file);
  return type == nullptr ? "" : type;
}

std::string similarity_of(std::string_view bytes) {
  Tlsh tlsh;
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    std::string_view piece = bytes.substr(at, kPieceBytes);
    tlsh.update(reinterpret_cast<const unsigned char*>(piece.data()), static_cast<unsigned>(piece.size()));
  }
  tlsh.final();
  const char* hash = tlsh.getHash();
  if (hash == nullptr || std::strlen(hash) == 0) return "";
  std::string out(hash);
  return out.starts_with("T1") ? out : "T1" + out;  // releases before 4.0 leave the prefix out
}

std::string yara_file_type(std::string_view mime) {
  static constexpr std::pair<std::string_view, const char*> kTypes[] = {
      {"application/x-executable", "ELF"},
      {"application/x-pie-executable", "ELF"},
      {"application/x-sharedlib", "ELF"},
      {"application/x-object", "ELF"},
      {"application/x-coredump", "ELF"},
      {"application/x-dosexec", "EXE"},
      {"application/vnd.microsoft.portable-executable", "EXE"},
      {"application/x-mach-binary", "MACH-O"},
      {"application/zip", "ZIP"},
      {"application/gzip", "GZIP"},
      {"application/pdf", "PDF"},
      {"application/java-archive", "JAR"},
      {"application/x-rar", "RAR"},
      {"application/x-7z-compressed", "7ZIP"},
      {"application/x-tar", "TAR"},
      {"text/rtf", "RTF"},
      {"text/x-php", "PHP"},
      {"text/x-script.python", "Python"},
      {"text/x-python", "Python"},
      {"text/x-shellscript", "Shell"},
      {"text/x-perl", "Perl"},
      {"image/gif", "GIF"},
      {"image/jpeg", "JPEG"},
      {"image/png", "PNG"}};
  for (const auto& [type, name] : kTypes)
    if (type == mime) return name;
  return "";
}

}  // namespace assay::inspect
