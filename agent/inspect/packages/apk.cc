// apk-tools' installed: paragraphs of lines "X:value": P names the package, F a directory, R a file in it, Z
// the file's digest ("Q1": SHA-1, "Q2": SHA-256; of a symbolic link its target's name).
#include "agent/inspect/packages/databases.h"
#include "agent/inspect/packages/hex.h"

namespace assay::inspect {
namespace {

std::string digest_of(std::string_view value) {
  if (!value.starts_with("Q1") && !value.starts_with("Q2")) return "";
  size_t size = value[1] == '1' ? 20 : 32;
  auto digest = from_base64(value.substr(2));
  return digest && digest->size() == size ? std::move(*digest) : "";
}

}  // namespace

void read_apk_installed(std::string_view text, PackageBook& book) {
  std::string_view name, directory, file, digest;
  auto flush = [&] {
    if (!name.empty() && !file.empty() && directory.size() + file.size() < kMaxOwnedPathBytes)
      book.own(std::string(directory) + "/" + std::string(file), book.package(name), digest_of(digest));
    file = digest = {};
  };
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (line.empty()) {
      flush();
      name = directory = {};
      continue;
    }
    if (line.size() < 2 || line[1] != ':') continue;
    std::string_view value = line.substr(2);
    switch (line[0]) {
      case 'P':
        flush();
        name = value;
        break;
      case 'F':
        flush();
        directory = value;
        break;
      case 'R':
        flush();
        file = value;
        break;
      case 'Z':
        digest = value;
        break;
      default:
        break;
    }
  }
  flush();
}

}  // namespace assay::inspect
