// The release, as traces and reports name it. CMakeLists.txt reads it from here.
#pragma once

namespace assay {
inline constexpr const char kVersion[] = "0.1.0";
}
