// The files that AWS's tools share: AWS SDKs and Tools Reference Guide, "Shared config and credentials
// files".
#include <pwd.h>
#include <unistd.h>

#include "common/ascii.h"
#include "common/fd.h"
#include "common/process.h"
#include "common/text.h"
#include "common/words.h"
#include "sources/aws/credentials_parts.h"
#include "sources/aws/endpoint.h"

namespace assay::sources::aws {
namespace {

constexpr size_t kLargest = 1 << 20;

// "[profile \"team a\"]" -> "team a"; empty: a section of another kind.
std::string section_name(std::string_view inside, bool config) {
  std::string_view name = trimmed(inside);
  if (config && name != "default") {
    if (!name.starts_with("profile") || name.size() < 9 || (name[7] != ' ' && name[7] != '\t')) return "";
    name = trimmed(name.substr(8));
  }
  if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front())
    name = name.substr(1, name.size() - 2);
  return std::string(name);
}

std::string home() {
  if (std::string named = environment("HOME"); !named.empty()) return named;
  passwd entry{}, *found = nullptr;
  char buffer[4096];
  if (::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr)
    return found->pw_dir;
  return "";
}

Status load(const char* variable, const char* below_home, bool config, Profiles& into) {
  std::string file = environment(variable);
  if (file.starts_with("~/")) file = home() + file.substr(1);
  if (file.empty()) file = home() + below_home;
  auto text = read_file(file, kLargest);
  if (!text && text.error().code == Errc::not_found) return Status();
  if (!text) return text.error();
  into.files.push_back(file);
  read_profiles(*text, config, into);
  return Status();
}

}  // namespace

void read_profiles(std::string_view text, bool config, Profiles& into) {
  Profile* profile = nullptr;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view raw = text.substr(0, end), line = trimmed(raw);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      size_t close = line.find(']');
      std::string name = close == line.npos ? "" : section_name(line.substr(1, close - 1), config);
      profile = name.empty() ? nullptr : &into.by_name[name];
      continue;
    }
    // What is indented belongs to the setting above ("s3 ="), and none of those is ours.
    size_t equals = line.find('=');
    if (profile == nullptr || equals == line.npos || equals == 0 || raw[0] == ' ' || raw[0] == '\t') continue;
    std::string key = ascii_lower(trimmed(line.substr(0, equals)));
    profile->emplace(key, trimmed(line.substr(equals + 1)));  // who comes first has the word
  }
}

Result<Profiles> load_profiles() {
  Profiles out;
  ASSAY_CHECK(load("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials", false, out));
  ASSAY_CHECK(load("AWS_CONFIG_FILE", "/.aws/config", true, out));
  return out;
}

std::string chosen_profile() {
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"})
    if (std::string profile = environment(name); !profile.empty()) return profile;
  return "default";
}

}  // namespace assay::sources::aws
