// git's pkt-lines and packs, of anything: read to their end within their bounds.
#include <cstdlib>

#include "agent/sinkhole/web/git_pack.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::sinkhole;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (auto line = take_pkt_line(rest))
    if (line->payload.size() > size) std::abort();
  uint64_t bytes = 0;
  PackCounts counts = read_pack(rest, [&](uint32_t, std::string_view piece) { bytes += piece.size(); });
  if (bytes != counts.bytes || bytes > kMaxPackBytes || counts.objects > kMaxPackObjects) std::abort();
  return 0;
}
