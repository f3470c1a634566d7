// decode_header() on anything; what it accepts must survive another round.
#include <cstdlib>

#include "common/codec.h"
#include "tests/fuzz/fuzz_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  return fuzz::both(data, size, FrameType::header, [](std::string_view bytes) {
    auto decoded = decode_header(bytes);
    if (decoded && !decode_header(encode_header(*decoded))) std::abort();
  });
}
