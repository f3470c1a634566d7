// steady_words: what of a report's words is the same in every run of an image, and what chance makes
// otherwise each time. Pure. Internal to behaviour.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

/// An address that the simulated internet gives a name (docs/sinkhole.md): which one, depends on the name.
bool is_made_up(const std::string& addr);
/// "tcp/443"; from 32768 on, whence Linux takes ports by chance, "tcp/high".
std::string steady_port(const std::string& proto, uint32_t port);
std::string steady_port(const std::string& listening);  // of "tcp/443"
/// Labels that look drawn or counted become "*", and so does the company of the scan's lures.
std::string steady_name(const std::string& name);
/// Likewise of a path's parts, in directories for temporary files also mktemp's; "/proc/123" is "/proc/*".
std::string steady_path(const std::string& path);

}  // namespace assay
