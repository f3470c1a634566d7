// codec_frame: the bytes around every message that is kept: magic, version, type, raw size, and one zstd
// frame with its content checksum. Internal to the codec files. All numbers little-endian:
//   0  4  "ASY1"      8  4  raw size, at most the caller's limit
//   4  2  version     12 ..  zstd frame of exactly that size, checksummed
//   6  2  type
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

enum class FrameType : uint16_t { chunk = 1, header = 2, footer = 3, job = 4, scan = 5 };

inline constexpr uint16_t kFormatVersion = 1;
inline constexpr size_t kFrameHeaderBytes = 12;
/// The largest frame() of `raw_bytes` of any content.
size_t frame_bound(size_t raw_bytes);

std::string frame(FrameType type, std::string_view raw);
/// The message inside; both sizes are checked before anything is allocated. Errc::corrupt, or unsupported for
/// another version.
Result<std::string> unframe(FrameType type, std::string_view bytes, size_t max_frame_bytes,
                            size_t max_raw_bytes);

}  // namespace assay
