// columns: events as columns and back; plain data in between, which codec_chunk.cc writes in Cap'n Proto.
// Internal to the codec. Fields are found by for_each_field() and named by their ids. How a field becomes
// numbers:
//   signed and enum  zigzag of the difference to the field's default      unsigned   as it is
//   string           0 empty; 1 first use of the dictionary's next string; n >= 2 the dictionary's string n -
//   2 list of strings  0 empty; n >= 1 the chunk's list n - 1               array      one column per element
//   ("part")
// The numbers are an int_column. A dictionary is a count and an int_column of string numbers. A list is its
// item count and for each item the zigzag difference of its string number to that of the item before (the
// first: to 0).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/event.h"
#include "common/result.h"

namespace assay {

/// The pseudo-kind of the columns that all events of the chunk share (kind, seq, time_ns and others, in the
/// order of the events).
inline constexpr uint8_t kEveryKind = 255;
/// Bytes of strings (and 32 per list item) in the events of one chunk once decoded: repeats make this more
/// than the chunk's own size.
inline constexpr size_t kMaxChunkTextBytes = 32 << 20;
inline constexpr size_t kListItemBytes = 32;

struct PlainColumn {
  uint16_t field = 0;
  uint8_t part = 0;
  std::string dictionary, values;
};

struct PlainGroup {
  uint8_t kind = 0;
  std::vector<PlainColumn> columns;
};

struct PlainChunk {
  uint32_t event_count = 0;
  std::string string_sizes, string_bytes;
  std::string lists;
  uint32_t list_count = 0;
  std::vector<PlainGroup> groups;  // kEveryKind first
};

/// Gathers events in columns.
class ColumnWriter {
 public:
  ColumnWriter();
  ColumnWriter(ColumnWriter&&) noexcept;
  ColumnWriter& operator=(ColumnWriter&&) noexcept;
  ~ColumnWriter();

  void add(const Event& event);
  size_t count() const;
  size_t text_bytes() const;
  /// No more than this many bytes of Cap'n Proto come out of take(smallest = true).
  size_t max_bytes() const;
  /// The columns of what was added; see encode_ints() for `smallest`.
  PlainChunk columns(bool smallest) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// In its frame, as a ChunkWriter yields it. Not bounded.
std::string encode_plain(const PlainChunk& chunk);
/// Checks everything; at most kMaxChunkEvents events and kMaxChunkTextBytes of text. Unknown kinds and fields
/// are skipped.
Result<std::vector<Event>> events_of(const PlainChunk& chunk);

}  // namespace assay
