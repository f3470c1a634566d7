// inflate() on anything: never more than its bound.
#include <cstdlib>

#include "agent/sinkhole/web/inflate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLimit = 64 * 1024;
  auto out = assay::sinkhole::inflate({reinterpret_cast<const char*>(data), size}, kLimit);
  if (out.bytes.size() > kLimit) std::abort();
  return 0;
}
