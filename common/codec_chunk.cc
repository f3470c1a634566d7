// Chunks: events to columns (columns.h) to Cap'n Proto to zstd, and back.
#include <algorithm>

#include "common/codec.h"
#include "common/codec_capnp.h"
#include "common/codec_counted.h"
#include "common/codec_frame.h"
#include "common/columns.h"

namespace assay {
namespace {

using namespace capnp_codec;

// What one more event can add beside its strings: a new group with every column.
constexpr size_t kMaxEventOverhead = 8 * 1024;
constexpr size_t kMaxGroups = 256, kMaxColumns = 256;

// Cuts strings, then lists, in the order of fields, until the event fits; `data`, the longest as a rule,
// comes last.
void bound(Event& event) {
  size_t left = ChunkWriter::kMaxEventBytes, cut = 0;
  for_each_field(event, [&](int, const char*, auto& member) {
    using T = std::remove_cvref_t<decltype(member)>;
    auto shorten = [&](std::string& text, size_t room) {
      cut += text.size() - std::min(text.size(), room);
      if (text.size() > room) text.resize(room);
    };
    if constexpr (std::is_same_v<T, std::string>) {
      shorten(member, left);
      left -= member.size();
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      size_t kept = 0;
      for (; kept < member.size() && left > kListItemBytes; ++kept) {
        shorten(member[kept], left - kListItemBytes);
        left -= member[kept].size() + kListItemBytes;
      }
      for (size_t i = kept; i < member.size(); ++i) cut += std::max<size_t>(1, member[i].size());
      member.resize(kept);
    }
  });
  event.truncated += std::min<uint64_t>(cut, UINT64_MAX - event.truncated);
}

std::string encode(const PlainChunk& plain) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Chunk>();
  out.setEventCount(plain.event_count);
  out.setStringSizes(blob(plain.string_sizes));
  out.setStringBytes(blob(plain.string_bytes));
  out.setLists(blob(plain.lists));
  out.setListCount(plain.list_count);
  auto groups = out.initGroups(static_cast<unsigned>(plain.groups.size()));
  for (unsigned g = 0; g < groups.size(); ++g) {
    groups[g].setKind(plain.groups[g].kind);
    auto columns = groups[g].initColumns(static_cast<unsigned>(plain.groups[g].columns.size()));
    for (unsigned c = 0; c < columns.size(); ++c) {
      const PlainColumn& column = plain.groups[g].columns[c];
      columns[c].setField(column.field);
      columns[c].setPart(column.part);
      if (!column.dictionary.empty()) columns[c].setDictionary(blob(column.dictionary));
      columns[c].setValues(blob(column.values));
    }
  }
  return flatten(message);
}

PlainChunk read(schema::Chunk::Reader in, Rules& rules) {
  PlainChunk plain;
  plain.event_count = in.getEventCount();
  plain.string_sizes = view(in.getStringSizes());
  plain.string_bytes = view(in.getStringBytes());
  plain.lists = view(in.getLists());
  plain.list_count = in.getListCount();
  auto groups = in.getGroups();
  rules.check(groups.size() <= kMaxGroups, "too many groups");
  if (!rules.ok()) return plain;
  for (auto group : groups) {
    auto columns = group.getColumns();
    rules.check(columns.size() <= kMaxColumns, "too many columns");
    if (!rules.ok()) return plain;
    PlainGroup& to = plain.groups.emplace_back();
    to.kind = group.getKind();
    for (auto column : columns)
      to.columns.push_back({column.getField(), column.getPart(), std::string(view(column.getDictionary())),
                            std::string(view(column.getValues()))});
  }
  return plain;
}

}  // namespace

std::string encode_plain(const PlainChunk& plain) { return frame(FrameType::chunk, encode(plain)); }

ChunkWriter::ChunkWriter() : columns_(std::make_unique<ColumnWriter>()) {}
ChunkWriter::ChunkWriter(ChunkWriter&&) noexcept = default;
ChunkWriter& ChunkWriter::operator=(ChunkWriter&&) noexcept = default;
ChunkWriter::~ChunkWriter() = default;

void ChunkWriter::add(Event event) {
  assert(!full());
  bound(event);
  columns_->add(event);
}

bool ChunkWriter::empty() const { return columns_->count() == 0; }

bool ChunkWriter::full() const {
  return columns_->count() >= kMaxChunkEvents ||
         columns_->text_bytes() + kMaxEventBytes > kMaxChunkTextBytes ||
         frame_bound(columns_->max_bytes() + kMaxEventBytes + kMaxEventOverhead) > kMaxChunkBytes;
}

std::string ChunkWriter::take() {
  std::string out = encode_plain(columns_->columns(false));
  // The encodings that compress best may be larger as such; incompressible numbers then need those that are
  // not.
  if (out.size() > kMaxChunkBytes) out = encode_plain(columns_->columns(true));
  assert(out.size() <= kMaxChunkBytes);
  *columns_ = ColumnWriter();
  return out;
}

Result<CountedEvents> decode_counted_chunk(std::string_view bytes) {
  ASSAY_TRY(std::string raw, unframe(FrameType::chunk, bytes, kMaxChunkBytes, kMaxChunkRawBytes));
  ASSAY_TRY(PlainChunk plain, read_message<schema::Chunk>(raw, "trace chunk", read));
  ASSAY_TRY(std::vector<Event> events, events_of(plain));
  return CountedEvents{std::move(events), plain.event_count};
}

Result<std::vector<Event>> decode_chunk(std::string_view bytes) {
  ASSAY_TRY(CountedEvents counted, decode_counted_chunk(bytes));
  return std::move(counted.events);
}

}  // namespace assay
