// looks: what a program looks at to find out where it runs: whether on real hardware, in a container, in a
// sandbox, under a debugger. One look is what honest programs do; several kinds of them are not. Read by the
// agent, which gives such a guest more time, and by scores. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "common/event.h"

namespace assay {

/// The kind of look that a path is: "firmware", "kernel_log", "container"...: docs/evasion.md. Empty: none.
std::string_view look_at(std::string_view path);
/// Calls that only look at a path: stat, access, readlink and their like.
bool is_look_call(std::string_view call);
/// Of a system call or an open. Empty: none.
std::string_view look_of(const Event& event);
/// Looks that honest programs have little reason for.
bool is_telling_look(std::string_view kind);
/// A command line that searches for a sandbox by its name.
bool names_sandbox(const std::vector<std::string>& argv);

}  // namespace assay
