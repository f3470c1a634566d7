// guard_built_in: the texts of agent/trace/profiles/, compiled in (see agent/CMakeLists.txt).
#pragma once

#include <string_view>
#include <vector>

namespace assay {

std::vector<std::string_view> built_in_guard_profiles();

}  // namespace assay
