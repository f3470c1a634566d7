// wire::decode() on anything; what it accepts must survive another round.
#include <cstdlib>

#include "common/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  auto message = wire::decode({reinterpret_cast<const char*>(data), size});
  if (message && !wire::decode(wire::encode(*message))) std::abort();
  return 0;
}
