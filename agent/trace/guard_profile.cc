// Names, JSON, and where profiles are found.
#include "agent/trace/guard_profile.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "agent/trace/guard_built_in.h"
#include "agent/trace/syscalls.h"
#include "common/fd.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxProfileBytes = 1 << 20;
constexpr const char* kPartNames[] = {"stranger", "launcher", "runtime", "sandbox",
                                      "gofer",    "helper",   "stub"};
static_assert(std::size(kPartNames) == FARM_PARTS);
constexpr const char* kActNames[] = {"none",   "exec", "fork",   "credentials", "mount",   "namespace",
                                     "module", "bpf",  "ptrace", "kernel",      "seccomp", "cgroup"};
static_assert(std::size(kActNames) == FARM_ACT_KINDS);
struct CallName {
  uint16_t call;
  const char* name;
};
constexpr CallName kCallNames[] = {{FARM_CALL_ATTACH, "cgroup_attach"},
                                   {FARM_CALL_MODULE_REQUEST, "module_request"},
                                   {FARM_CALL_MODULE_LOAD, "module_load"},
                                   {FARM_CALL_COMPAT, "compat_call"}};

template <size_t N>
int index_of(const char* const (&names)[N], std::string_view name) {
  auto found = std::find(std::begin(names), std::end(names), name);
  return found == std::end(names) ? -1 : static_cast<int>(found - std::begin(names));
}

int call_number(std::string_view name) {
  for (const CallName& special : kCallNames)
    if (name == special.name) return special.call;
  return syscall_number(name);
}

struct Row {
  farm_guard_key key{};
  uint64_t seen = 0;
};

Result<Row> parse_row(const nlohmann::json& row) {
  auto text = [&](const char* name) {
    auto it = row.is_object() ? row.find(name) : row.end();
    return row.is_object() && it != row.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  auto number = [&](const char* name) -> uint64_t {
    auto it = row.find(name);
    return it != row.end() && it->is_number_unsigned() ? it->get<uint64_t>() : 0;
  };
  int part = index_of(kPartNames, text("part")), act = index_of(kActNames, text("act"));
  int call = call_number(text("call"));
  auto bad = [&](const char* what) {
    return Error{Errc::invalid, std::string("unknown ") + what + " in " + printable(row.dump(), 200)};
  };
  if (part < 0) return bad("part");
  if (act <= 0) return bad("act");
  if (call < 0) return bad("call");
  auto sealed = row.find("sealed");
  if (sealed == row.end() || !sealed->is_boolean()) return bad("value of sealed");
  Row out;
  out.key.part = static_cast<uint8_t>(part);
  out.key.sealed = sealed->get<bool>();
  out.key.act = static_cast<uint8_t>(act);
  out.key.call = static_cast<uint16_t>(call);
  if (act == FARM_ACT_EXEC) {
    int then = index_of(kPartNames, text("detail"));
    if (then < 0) return bad("detail");
    out.key.detail = static_cast<uint32_t>(then);
  } else {
    if (number("detail") > UINT32_MAX) return bad("detail");
    out.key.detail = static_cast<uint32_t>(number("detail"));
  }
  out.seen = number("seen");
  return out;
}

}  // namespace

bool GuardKeyLess::operator()(const farm_guard_key& a, const farm_guard_key& b) const {
  auto tie = [](const farm_guard_key& k) { return std::tuple(k.part, k.sealed, k.act, k.call, k.detail); };
  return tie(a) < tie(b);
}

std::string guard_part_name(uint8_t part) {
  return part < FARM_PARTS ? kPartNames[part] : "part_" + std::to_string(part);
}
std::string guard_act_name(uint8_t act) {
  return act > 0 && act < FARM_ACT_KINDS ? kActNames[act] : "act_" + std::to_string(act);
}
std::string guard_call_name(uint16_t call) {
  for (const CallName& special : kCallNames)
    if (call == special.call) return special.name;
  return syscall_name(call);
}

std::string runtime_release(std::string_view version) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  for (size_t at = 0; at + 8 <= version.size(); ++at) {
    if (at > 0 && digit(version[at - 1])) continue;
    size_t end = at;
    while (end < version.size() && digit(version[end])) ++end;
    if (end - at != 8) continue;
    if (end + 1 < version.size() && version[end] == '.' && digit(version[end + 1]))
      for (++end; end < version.size() && digit(version[end]);) ++end;
    return std::string(version.substr(at, end - at));
  }
  return "";
}

Result<GuardProfile> parse_guard_profile(std::string_view text) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("runtime") || !json["runtime"].is_string() ||
      !json.contains("acts") || !json["acts"].is_array())
    return Error{Errc::corrupt, "a profile is a JSON object with runtime and acts"};
  GuardProfile profile;
  profile.runtime = runtime_release(json["runtime"].get<std::string>());
  if (profile.runtime.empty()) return Error{Errc::invalid, "runtime is no release of runsc"};
  if (json["acts"].size() > FARM_GUARD_KEYS) return Error{Errc::invalid, "more acts than the guard can hold"};
  for (const auto& row : json["acts"]) {
    ASSAY_TRY(Row one, parse_row(row));
    profile.acts[one.key] += one.seen;
  }
  return profile;
}

std::string render_guard_profile(const GuardProfile& profile) {
  // A line an act, so that two profiles can be compared.
  std::string out = "{\"runtime\": " + nlohmann::json(profile.runtime).dump() + ",\n \"acts\": [";
  const char* separator = "\n";
  for (const auto& [key, seen] : profile.acts) {
    std::string detail = key.act == FARM_ACT_EXEC
                             ? "\"" + guard_part_name(static_cast<uint8_t>(key.detail)) + "\""
                             : std::to_string(key.detail);
    out += separator;
    out += "  {\"part\": \"" + guard_part_name(key.part) +
           "\", \"sealed\": " + (key.sealed != 0 ? "true" : "false") + ", \"act\": \"" +
           guard_act_name(key.act) + "\", \"call\": \"" + guard_call_name(key.call) +
           "\", \"detail\": " + detail + ", \"seen\": " + std::to_string(seen) + "}";
    separator = ",\n";
  }
  return out + "\n]}\n";
}

Result<std::optional<GuardProfile>> find_guard_profile(const std::string& release, const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    ASSAY_TRY(std::string text, read_file(file.string(), kMaxProfileBytes));
    auto profile = parse_guard_profile(text);
    if (!profile) return profile.error().context("guard profile " + file.string());
    if (profile->runtime == release) return std::optional(std::move(*profile));
  }
  for (std::string_view text : built_in_guard_profiles()) {
    ASSAY_TRY(GuardProfile profile, parse_guard_profile(text));
    if (profile.runtime == release) return std::optional(std::move(profile));
  }
  return std::optional<GuardProfile>();
}

Status learn_guard_profile(const fs::path& file, const std::string& release, const GuardCounts& acts) {
  if (release.empty()) return Error{Errc::unsupported, "runsc does not tell its release"};
  // Scans that end at the same time write one after the other.
  ASSAY_TRY(Fd lock, open_file(file.string(), O_RDWR | O_CREAT | O_CLOEXEC));
  if (::flock(lock.get(), LOCK_EX) != 0) return errno_error("lock " + file.string());
  GuardProfile profile{release, {}};
  if (auto text = read_file(file.string(), kMaxProfileBytes); text && !text->empty()) {
    auto known = parse_guard_profile(*text);
    if (!known) return known.error().context(file.string());
    if (known->runtime != release)
      return Error{Errc::invalid, file.string() + " is of runsc " + known->runtime + ", not " + release};
    profile = std::move(*known);
  }
  for (const auto& [key, seen] : acts) profile.acts[key] += seen;
  return write_file(file.string(), render_guard_profile(profile));
}

}  // namespace assay
