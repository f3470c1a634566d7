// platform: what an image is built for, as OCI and docker write it: "OS/ARCHITECTURE[/VARIANT]" (image-spec
// image-index.md, "platform"), made comparable as containerd does. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

/// "linux/arm64/v8" and "linux/aarch64" are "linux/arm64", "linux/arm" is "linux/arm/v7", "linux/amd64/v1" is
/// "linux/amd64"; others stay as they are.
std::string canonical_platform(std::string_view os, std::string_view architecture, std::string_view variant);
/// The same of a text that a user wrote. Errc::invalid names it and the rule that it breaks; Errc::unsupported:
/// another system than linux, which nobody here runs.
Result<std::string> parse_platform(std::string_view text);
/// For keys: the same, or the text itself where it is none. "" stays "".
std::string platform_key(std::string_view text);

}  // namespace assay
