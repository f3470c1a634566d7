// add_to_java_store() on anything; what it makes of it is a store that takes another one.
#include <cstdlib>

#include "agent/stage/java_store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  auto once = add_to_java_store({reinterpret_cast<const char*>(data), size}, "certificate", "name");
  if (!once) return 0;
  auto twice = add_to_java_store(*once, "certificate", "name");
  if (!twice && twice.error().code != Errc::limit) std::abort();
  return 0;
}
