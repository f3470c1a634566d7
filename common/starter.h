// starter: the small program of ours that carries out the run plan inside of the guest. A process whose
// parent's image it is was started by us: what was executed was our choice, what the process does then is the
// image's. Mounted by agent/provoke, recognised by scheduler/score.
#pragma once

#include <string_view>

namespace assay {

inline constexpr std::string_view kStarterPath = "/usr/libexec/.init-helper";

}  // namespace assay
