// toml11 is used here and nowhere else: it throws, and this file turns that into a Result.
#include "sources/places_conf.h"

#include <algorithm>
#include <exception>
#include <sstream>
#include <toml.hpp>

#include "common/fd.h"
#include "common/text.h"

namespace assay::sources {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxFiles = 1000, kMaxTables = 10'000;  // short of an accident, nobody has as many
constexpr size_t kMaxDepth = 1000;                       // of brackets: toml11 descends by recursion

Error bad(const std::string& name, const std::string& rule) {
  return {Errc::invalid, name + ": " + rule + " (containers-registries.conf(5))"};
}

// A field of a [[registry]] or [[registry.mirror]] table; what it does not know it leaves alone, as skopeo
// does.
template <class T>
Result<T> field(const toml::value& table, const char* key, T otherwise, const std::string& name) {
  if (!table.contains(key)) return otherwise;
  const toml::value& value = table.at(key);
  constexpr bool kText = std::is_same_v<T, std::string>;
  if (kText ? !value.is_string() : !value.is_boolean())
    return bad(name, "'" + std::string(key) + "' must be " + (kText ? "a string" : "true or false"));
  return toml::get<T>(value);
}

// Without a scheme and without slashes at its end, as containers/image takes locations.
Result<std::string> location_of(const toml::value& table, const char* key, const std::string& name) {
  ASSAY_TRY(std::string text, field(table, key, std::string(), name));
  while (text.ends_with('/')) text.pop_back();
  if (text.find("://") != std::string::npos)
    return bad(name, "'" + std::string(key) + "' is HOST[:PORT][/PATH], without a scheme: '" +
                         printable(text, 200) + "'");
  bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (!plain) return bad(name, "'" + std::string(key) + "' holds blanks or control characters");
  return text;
}

Result<MirrorConf> mirror_of(const toml::value& table, bool digests_only, const std::string& name) {
  MirrorConf mirror;
  ASSAY_TRY(mirror.location, location_of(table, "location", name));
  if (mirror.location.empty()) return bad(name, "a [[registry.mirror]] needs a 'location'");
  ASSAY_TRY(mirror.insecure, field(table, "insecure", false, name));
  ASSAY_TRY(std::string pull, field(table, "pull-from-mirror", std::string(), name));
  if (digests_only && !pull.empty())
    return bad(name, "'mirror-by-digest-only' and 'pull-from-mirror' exclude each other");
  if (!pull.empty() && pull != "all" && pull != "digest-only" && pull != "tag-only")
    return bad(name, "'pull-from-mirror' is all, digest-only or tag-only, not '" + printable(pull, 60) + "'");
  mirror.tags = !digests_only && pull != "digest-only";
  mirror.digests = pull != "tag-only";
  return mirror;
}

Result<RegistryConf> table_of(const toml::value& table, const std::string& name) {
  RegistryConf out;
  out.from = name;
  ASSAY_TRY(out.prefix, location_of(table, "prefix", name));
  ASSAY_TRY(out.location, location_of(table, "location", name));
  ASSAY_TRY(out.insecure, field(table, "insecure", false, name));
  ASSAY_TRY(out.blocked, field(table, "blocked", false, name));
  ASSAY_TRY(bool digests_only, field(table, "mirror-by-digest-only", false, name));
  if (out.prefix.empty()) out.prefix = out.location;
  if (out.prefix.empty()) return bad(name, "a [[registry]] needs a 'location' or a 'prefix'");
  const bool wildcard = out.prefix.starts_with("*.");
  if (wildcard ? out.prefix.find_first_of("*/:", 1) != std::string::npos
               : out.prefix.find('*') != std::string::npos)
    return bad(name, "a wildcard stands for the first part of a host alone, as in *.example.com, not '" +
                         printable(out.prefix, 200) + "'");
  if (out.location.empty() && !wildcard)
    return bad(name, "the [[registry]] with prefix '" + printable(out.prefix, 200) + "' needs a 'location'");
  if (!table.contains("mirror")) return out;
  if (!table.at("mirror").is_array()) return bad(name, "mirrors are written as [[registry.mirror]]");
  for (const toml::value& mirror : table.at("mirror").as_array()) {
    if (!mirror.is_table()) return bad(name, "mirrors are written as [[registry.mirror]]");
    ASSAY_TRY(MirrorConf one, mirror_of(mirror, digests_only, name));
    out.mirrors.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<RegistryConf>> tables_of(const toml::value& file, const std::string& name) {
  std::vector<RegistryConf> out;
  if (file.contains("registries"))
    return bad(name, "[registries...] is version 1 of the format: write [[registry]] tables");
  if (!file.contains("registry")) return out;
  if (!file.at("registry").is_array()) return bad(name, "registries are written as [[registry]]");
  const auto& tables = file.at("registry").as_array();
  if (tables.size() > kMaxTables)
    return Error{Errc::limit, name + " has more than " + std::to_string(kMaxTables) + " [[registry]] tables"};
  for (const toml::value& table : tables) {
    if (!table.is_table()) return bad(name, "registries are written as [[registry]]");
    ASSAY_TRY(RegistryConf one, table_of(table, name));
    out.push_back(std::move(one));
  }
  return out;
}

// At most how deep brackets stand in one another; those in strings and comments count, too.
size_t nesting(std::string_view text) {
  size_t depth = 0, deepest = 0;
  for (char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return deepest;
}

// The first line of toml11's message, without its mark of severity.
std::string first_line(std::string_view what) {
  what = what.substr(0, what.find('\n'));
  if (constexpr std::string_view kMark = "[error] "; what.starts_with(kMark))
    what.remove_prefix(kMark.size());
  return printable(what, 200);
}

Status take_file(const fs::path& file, std::vector<RegistryConf>& into) {
  ASSAY_TRY(std::string text, read_file(file, kMaxFileBytes));
  ASSAY_TRY(auto tables, parse_registries(text, file.string()));
  for (RegistryConf& table : tables) {
    std::erase_if(into, [&](const RegistryConf& old) { return old.prefix == table.prefix; });
    into.push_back(std::move(table));
  }
  return Status();
}

Result<std::vector<fs::path>> files_in(const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code failed;
  if (!fs::is_directory(dir, failed)) return files;
  for (fs::directory_iterator at(dir, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() != ".conf") continue;
    if (files.size() == kMaxFiles)
      return Error{Errc::limit, dir.string() + " has more than " + std::to_string(kMaxFiles) + " files"};
    files.push_back(at->path());
  }
  if (failed) return errno_error("list " + dir.string(), failed.value());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<RegistryConf>> parse_registries(const std::string& text, const std::string& name) {
  if (nesting(text) > kMaxDepth) return Error{Errc::limit, name + " nests brackets too deeply"};
  try {
    std::istringstream in(text);
    return tables_of(toml::parse(in, name), name);
  } catch (const std::exception& e) {
    return bad(name, "it is no TOML: " + first_line(e.what()));
  }
}

Result<std::vector<RegistryConf>> read_registries(const fs::path& file, bool must_be,
                                                  const std::vector<fs::path>& dirs) {
  std::vector<RegistryConf> out;
  std::error_code unseen;
  if (must_be || fs::exists(file, unseen) || unseen) {
    auto taken = take_file(file, out);
    if (!taken) return std::move(taken).context("mirrors and blocks of registries").error();
  }
  for (const fs::path& dir : dirs) {
    ASSAY_TRY(auto files, files_in(dir));
    for (const fs::path& one : files) ASSAY_CHECK(take_file(one, out));
  }
  return out;
}

size_t covered(std::string_view prefix, std::string_view whole) {
  size_t length = prefix.size();
  if (prefix.starts_with("*.")) {
    std::string_view host = whole.substr(0, whole.find_first_of("/:"));
    std::string_view domain = prefix.substr(1);
    if (host.size() <= domain.size() || !host.ends_with(domain)) return std::string_view::npos;
    length = host.size();
  } else if (!whole.starts_with(prefix)) {
    return std::string_view::npos;
  }
  bool ends = length == whole.size() || whole[length] == '/' || whole[length] == ':';
  return ends ? length : std::string_view::npos;
}

const RegistryConf* registry_for(const std::vector<RegistryConf>& tables, std::string_view whole) {
  const RegistryConf* best = nullptr;
  for (const RegistryConf& table : tables)
    if (covered(table.prefix, whole) != std::string_view::npos &&
        (best == nullptr || table.prefix.size() > best->prefix.size()))
      best = &table;
  return best;
}

}  // namespace assay::sources
