// The image's User field resolved against its own /etc/passwd and /etc/group, with docker's rules (moby's
// user.GetExecUser).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay {

struct ExecUser {
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;  // supplementary
  std::string home = "/";
};

/// `user`: "", name, uid, name:group, uid:gid... Errc::invalid when a name is in neither file.
Result<ExecUser> resolve_user(const std::string& user, const std::filesystem::path& image_root);

}  // namespace assay
