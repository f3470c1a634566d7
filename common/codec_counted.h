// codec_counted: a chunk, and how many events it claims: what is held against the counts of footers and
// files, whatever kinds of later releases this program leaves out. In codec_chunk.cc.
#pragma once

#include "common/codec.h"

namespace assay {

struct CountedEvents {
  std::vector<Event> events;  // of known kinds
  uint64_t all = 0;           // with the others
};
/// As decode_chunk().
Result<CountedEvents> decode_counted_chunk(std::string_view bytes);

}  // namespace assay
