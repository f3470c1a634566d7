// What the fuzzers of framed messages share: the input as it is, and once more as what lies behind frame and
// checksum, which no mutation would get past.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/codec_frame.h"

namespace assay::fuzz {

template <class Decode>
int both(const uint8_t* data, size_t size, FrameType type, Decode&& decode) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  decode(input);
  decode(frame(type, input));
  return 0;
}

}  // namespace assay::fuzz
