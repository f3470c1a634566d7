// decode_artifact_piece() on anything; what it accepts is what its encoder makes.
#include <cstdlib>

#include "common/codec.h"
#include "tests/fuzz/fuzz_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay;
  if (size > kArtifactPieceBytes) return 0;
  return fuzz::both(data, size, FrameType::artifact, [](std::string_view bytes) {
    auto piece = decode_artifact_piece(bytes);
    if (!piece) return;
    auto again = decode_artifact_piece(encode_artifact_piece(*piece));
    if (!again || *again != *piece) std::abort();
  });
}
