// guard_profile: what one release of runsc does on its host, learned by watching it: the acts that the guard
// does not tell of. Pure but for the directory of profiles and the file that learning writes.
//
// A profile is JSON: {"runtime": "20240729.0", "acts": [{"part": "gofer", "sealed": false, "act": "mount",
// "call": "mount", "detail": 0, "seen": 12}...]}. `detail` is a number: CLONE_NEW* of a namespace, the
// request of a ptrace, the command of a bpf; of an exec it is the part that the process is from then on.
// `seen`: how often while it was learned.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "bpf/farm_event.h"
#include "common/result.h"

namespace assay {

struct GuardKeyLess {
  bool operator()(const farm_guard_key& a, const farm_guard_key& b) const;
};
using GuardCounts = std::map<farm_guard_key, uint64_t, GuardKeyLess>;

struct GuardProfile {
  std::string runtime;  // as runtime_release() gives it
  GuardCounts acts;
};

/// Profiles of a host's own, which go before those that are built in: *.json.
inline constexpr const char* kGuardProfileDir = "/etc/assay/guard";

/// "20240729.0" of "runsc version 0.0~20240729.0" or "runsc version release-20240729.0"; else empty.
std::string runtime_release(std::string_view version);

/// Errc::corrupt or invalid: says where it is no profile.
Result<GuardProfile> parse_guard_profile(std::string_view json);
std::string render_guard_profile(const GuardProfile& profile);
/// The profile of this release: of `dir`, else built in; none: nobody has learned it. Errors: a file of `dir`
/// that is no profile.
Result<std::optional<GuardProfile>> find_guard_profile(const std::string& release,
                                                       const std::filesystem::path& dir = kGuardProfileDir);
/// Adds to the profile in `file`, which is made if there is none. Errors: it is of another release, io.
Status learn_guard_profile(const std::filesystem::path& file, const std::string& release,
                           const GuardCounts& acts);

/// "sandbox", "gofer"...; "part_<n>" for one that is not known. As events and profiles call them.
std::string guard_part_name(uint8_t part);
std::string guard_act_name(uint8_t act);
/// A system call, or what stands in its place: "cgroup_attach", "module_load"...
std::string guard_call_name(uint16_t call);

}  // namespace assay
