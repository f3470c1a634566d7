// Link and WWW-Authenticate, as any registry may send them: what is found lies within the header, and is
// bounded.
#include <cstdlib>

#include "sources/registry_link.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view header(reinterpret_cast<const char*>(data), size);
  auto next = assay::sources::next_link(header);
  if (next && header.find("<" + *next + ">") == header.npos) abort();
  auto challenges = assay::sources::parse_challenges(header);
  if (challenges.size() > 16) abort();
  for (const auto& challenge : challenges)
    if (challenge.scheme.empty() || challenge.values.size() > 32) abort();
  return 0;
}
