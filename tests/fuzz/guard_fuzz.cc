// The guard's records and profiles: whatever the bytes, an event with bounded strings or an error; a profile
// that parses renders to one that parses to the same.
#include <cstdlib>

#include "agent/trace/guard.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto event = decode_guard(input))
    if (event->path.size() > FARM_GUARD_PATH || event->name.empty() || event->path2.empty()) std::abort();
  if (auto profile = parse_guard_profile(input)) {
    std::string text = render_guard_profile(*profile);
    auto again = parse_guard_profile(text);
    if (!again || render_guard_profile(*again) != text) std::abort();
  }
  return 0;
}
