// ImageRef::parse() on anything; what it accepts is written in full and parsed to the same.
#include <cstdlib>

#include "common/image_ref.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  auto ref = ImageRef::parse({reinterpret_cast<const char*>(data), size});
  if (!ref) return 0;
  auto again = ImageRef::parse(ref->str());
  if (!again || !(*again == *ref)) std::abort();
  return 0;
}
