// decode_report() on anything; what it accepts must come back the same.
#include <cstdlib>

#include "agent/sinkhole/report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::sinkhole;
  auto report = decode_report({reinterpret_cast<const char*>(data), size});
  if (!report) return 0;
  auto again = decode_report(encode_report(*report));
  if (!again || !(*again == *report)) std::abort();
  return 0;
}
