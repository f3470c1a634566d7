// codec_frame: the bytes around every message that is kept: magic, version, type, raw size, and the message.
// A large one stands in a zstd frame with its content checksum (version 1), a small one as it is behind its
// CRC-32 (version 2), since setting zstd up costs more than a small message is worth. Internal to the codec
// files. All numbers little-endian:
//   0  4  "ASY1"      8  4  raw size, at most the caller's limit
//   4  2  version     12 ..  version 1: zstd frame of exactly that size, checksummed
//   6  2  type        12 4   version 2: CRC-32 of the message; 16 .. the message
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

/// `old_scan` is a scan record as it was before there were submissions; it is only read.
enum class FrameType : uint16_t {
  chunk = 1,
  header = 2,
  footer = 3,
  job = 4,
  old_scan = 5,
  scan = 6,
  batch = 7,
  artifact = 8
};

inline constexpr uint16_t kZstdVersion = 1;
inline constexpr uint16_t kPlainVersion = 2;
inline constexpr size_t kFrameHeaderBytes = 12;
inline constexpr size_t kMaxPlainBytes = 4096;  // a larger message is compressed
/// The largest frame() of `raw_bytes` of any content.
size_t frame_bound(size_t raw_bytes);

std::string frame(FrameType type, std::string_view raw);
/// Whether `bytes` say that they are of this type; whether it is true, unframe() finds out.
bool is_frame_of(FrameType type, std::string_view bytes);
/// The message inside; both sizes are checked before anything is allocated. Errc::corrupt, or unsupported for
/// another version.
Result<std::string> unframe(FrameType type, std::string_view bytes, size_t max_frame_bytes,
                            size_t max_raw_bytes);

}  // namespace assay
