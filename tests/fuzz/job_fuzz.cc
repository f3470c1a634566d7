// decode_job() on anything; what it accepts must survive another round.
#include <cstdlib>

#include "common/codec.h"
#include "tests/fuzz/fuzz_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  return fuzz::both(data, size, FrameType::job, [](std::string_view bytes) {
    auto decoded = decode_job(bytes);
    if (decoded && !decode_job(encode_job(*decoded))) std::abort();
  });
}
