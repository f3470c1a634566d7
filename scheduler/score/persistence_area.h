// persistence_area: which files of a Linux system start things by themselves, or decide who may. Pure, by
// name alone.
#pragma once

#include <string_view>

namespace assay {

/// "cron", "at", "systemd", "init", "profile", "shell_trap", "ssh", "ld_preload", "sudoers", "account",
/// "pam", "udev", "autostart", "motd", "package_hook" or "module"; empty: none of these. An absolute path.
std::string_view persistence_area(std::string_view path);

}  // namespace assay
