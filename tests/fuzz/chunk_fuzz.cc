// decode_chunk() on anything; what it accepts must survive another round.
#include <cstdlib>

#include "common/codec.h"
#include "tests/fuzz/fuzz_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  return fuzz::both(data, size, FrameType::chunk, [](std::string_view bytes) {
    auto events = decode_chunk(bytes);
    if (!events) return;
    if (events->size() > kMaxChunkEvents) std::abort();
    ChunkWriter writer;
    size_t written = 0;
    for (; written < events->size() && !writer.full(); ++written) writer.add((*events)[written]);
    auto again = decode_chunk(writer.take());
    if (!again || again->size() != written) std::abort();
  });
}
