// A piece of an archive in its frame: any content fits, and what is damaged or something else is told.
#include <gtest/gtest.h>

#include "common/codec.h"
#include "common/codec_frame.h"

namespace assay {
namespace {

std::string noise(size_t size) {
  std::string out(size, '\0');
  uint64_t state = 1;
  for (char& c : out) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(state >> 56);
  }
  return out;
}

TEST(ArtifactPiece, OfAnySizeAndContentFitsAChunkAndComesBack) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{4096}, size_t{4097}, kArtifactPieceBytes}) {
    std::string piece = noise(size), framed = encode_artifact_piece(piece);
    EXPECT_LE(framed.size(), kMaxChunkBytes) << size;
    auto back = decode_artifact_piece(framed);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_TRUE(*back == piece) << size;
  }
}

TEST(ArtifactPiece, IsNoTraceChunkAndAChunkIsNone) {
  ChunkWriter writer;
  writer.add(Event());
  EXPECT_EQ(decode_artifact_piece(writer.take()).error().what, "piece of an archive: holds something else");
  EXPECT_EQ(decode_chunk(encode_artifact_piece("x")).error().code, Errc::corrupt);
}

TEST(ArtifactPiece, WhatIsDamagedOrTooLargeIsRefused) {
  std::string framed = encode_artifact_piece(noise(10'000));
  framed[5'000] = static_cast<char>(framed[5'000] ^ 1);
  EXPECT_EQ(decode_artifact_piece(framed).error().code, Errc::corrupt);
  EXPECT_EQ(decode_artifact_piece(frame(FrameType::artifact, noise(kArtifactPieceBytes + 1))).error().code,
            Errc::corrupt);
  EXPECT_EQ(decode_artifact_piece("").error().code, Errc::corrupt);
}

}  // namespace
}  // namespace assay
