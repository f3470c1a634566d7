// child: how the agent's own programs beside it (sinkhole, forwarder, inspector, starter) are found, handed
// what they read, and started without privileges.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "common/fd.h"
#include "common/process.h"
#include "common/result.h"

namespace assay {

inline constexpr uid_t kNobody = 65534;
inline constexpr gid_t kNogroup = 65534;

/// In the directory of this program, where it was built; or in ../libexec/assay of it, where packages install
/// it (/usr/bin, /usr/libexec/assay). Errc::not_found says where it was looked for.
Result<std::filesystem::path> program_beside(const std::string& name);

/// Empty, and not sealed yet.
Result<Fd> memory_file(const char* name);
/// For good: nobody changes it any more.
Status seal(const Fd& memory_file);
/// Sealed, and read from its beginning.
Result<Fd> sealed_file(const char* name, const std::string& content);

/// Starts the program `name`, which stands beside this one, as nobody, without environment, with stderr, and
/// `command`'s arguments, descriptors and namespace. By descriptor: nobody may not be allowed to walk to
/// where we are installed. `first_free_fd`: above all that `command.keep_fds` names for the child.
Result<Child> spawn_unprivileged(const std::string& name, Command command, int first_free_fd);

}  // namespace assay
