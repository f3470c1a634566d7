// decode_answer(), decode_ask() and decode_bundle() on anything; what the first accepts must come back the
// same.
#include <cstdlib>

#include "agent/inspect/wire/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::inspect;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto ask = decode_ask(bytes); ask && encode_ask(*ask) != bytes) std::abort();
  if (auto files = decode_bundle(bytes); files && encode_bundle(*files) != bytes) std::abort();
  auto answer = decode_answer(bytes);
  if (!answer) return 0;
  auto again = decode_answer(encode_answer(*answer));
  if (!again || !(*again == *answer)) std::abort();
  return 0;
}
