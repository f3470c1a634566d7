// Pieces of an archive, which is opaque here: size and checksum are all that is looked at.
#include "common/codec.h"
#include "common/codec_frame.h"

namespace assay {

std::string encode_artifact_piece(std::string_view bytes) {
  assert(bytes.size() <= kArtifactPieceBytes);
  return frame(FrameType::artifact, bytes);
}

Result<std::string> decode_artifact_piece(std::string_view bytes) {
  return unframe(FrameType::artifact, bytes, kMaxChunkBytes, kArtifactPieceBytes);
}

}  // namespace assay
