// containerd's normalisation (platforms/database.go), as far as Linux has need of it.
#include "common/platform.h"

#include <algorithm>

#include "common/text.h"

namespace assay {
namespace {

constexpr size_t kMaxPartBytes = 32;

bool valid_part(std::string_view part) {
  return !part.empty() && part.size() <= kMaxPartBytes && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

std::string_view one_name(std::string_view architecture) {
  if (architecture == "x86_64" || architecture == "x86-64") return "amd64";
  if (architecture == "aarch64") return "arm64";
  if (architecture == "i386") return "386";
  return architecture;
}

}  // namespace

std::string canonical_platform(std::string_view os, std::string_view architecture, std::string_view variant) {
  architecture = one_name(architecture);
  if ((architecture == "arm64" && variant == "v8") || (architecture == "amd64" && variant == "v1")) variant = "";
  if (architecture == "arm" && variant.empty()) variant = "v7";
  std::string out = std::string(os) + "/" + std::string(architecture);
  if (!variant.empty()) out += "/" + std::string(variant);
  return out;
}

Result<std::string> parse_platform(std::string_view text) {
  const std::string said = "platform '" + printable(text, 100) + "'";
  std::string_view parts[3];
  size_t count = 0;
  for (std::string_view rest = text;; ++count) {
    size_t slash = rest.find('/');
    if (count == 3 || !valid_part(rest.substr(0, slash)))
      return Error{Errc::invalid, said + " is not OS/ARCHITECTURE[/VARIANT] in lower case, as in linux/arm64"};
    parts[count] = rest.substr(0, slash);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (count == 0)
    return Error{Errc::invalid, said + " is not OS/ARCHITECTURE[/VARIANT] in lower case, as in linux/arm64"};
  if (parts[0] != "linux") return Error{Errc::unsupported, said + ": only images for linux can be run"};
  return canonical_platform(parts[0], parts[1], parts[2]);
}

std::string platform_key(std::string_view text) {
  auto platform = parse_platform(text);
  return platform ? *platform : std::string(text);
}

}  // namespace assay
