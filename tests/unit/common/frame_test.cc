// Frames: small messages stand plain, large ones compressed, and either tells when it was damaged or lies.
#include <gtest/gtest.h>

#include "common/codec_frame.h"

namespace assay {
namespace {

constexpr size_t kMax = 1 << 20;

std::string outcome(std::string_view bytes, FrameType type = FrameType::scan, size_t max_raw = kMax) {
  auto raw = unframe(type, bytes, kMax, max_raw);
  return raw ? "accepted" : std::string(to_string(raw.error().code)) + ": " + raw.error().what;
}

int version(const std::string& framed) { return framed[4]; }

TEST(Frame, ComesBackWholeAtEverySizeAroundTheLimitOfPlainOnes) {
  for (size_t size :
       {size_t{0}, size_t{1}, kMaxPlainBytes - 1, kMaxPlainBytes, kMaxPlainBytes + 1, size_t{100'000}}) {
    std::string raw(size, '\0');
    for (size_t i = 0; i < size; ++i) raw[i] = static_cast<char>(i * 2654435761u >> 13);
    std::string framed = frame(FrameType::scan, raw);
    auto back = unframe(FrameType::scan, framed, kMax, kMax);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_TRUE(*back == raw) << size;
    EXPECT_EQ(version(framed), size <= kMaxPlainBytes ? kPlainVersion : kZstdVersion) << size;
    EXPECT_LE(framed.size(), frame_bound(size));
  }
}

TEST(Frame, EveryDamagedByteOfAPlainOneIsNoticed) {
  std::string whole = frame(FrameType::scan, "a message of some bytes");
  ASSERT_EQ(outcome(whole), "accepted");
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_NE(outcome(damaged), "accepted") << "byte " << at;
  }
}

TEST(Frame, NamesTheRuleThatAPlainOneBreaks) {
  std::string whole = frame(FrameType::scan, "message");
  EXPECT_EQ(outcome(whole.substr(0, whole.size() - 1)),
            "corrupt: scan record: holds not as many bytes as it claims");
  EXPECT_EQ(outcome(whole + "x"), "corrupt: scan record: holds not as many bytes as it claims");
  EXPECT_EQ(outcome(whole.substr(0, kFrameHeaderBytes)),
            "corrupt: scan record: holds not as many bytes as it claims");
  EXPECT_EQ(outcome(whole, FrameType::scan, 6), "corrupt: scan record: claims 7 bytes, more than 6");
  EXPECT_EQ(outcome(whole, FrameType::batch), "corrupt: batch record: holds something else");
  whole.back() = 'E';
  EXPECT_EQ(outcome(whole), "corrupt: scan record: does not match its checksum");
}

}  // namespace
}  // namespace assay
