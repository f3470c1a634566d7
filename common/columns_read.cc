// The reading half: hostile columns checked and made into events. Nothing here trusts a number that was read.
#include <numeric>
#include <utility>

#include "common/codec.h"
#include "common/columns.h"
#include "common/columns_field.h"

namespace assay {
namespace {

using namespace columns;

Error corrupt(const std::string& rule) { return {Errc::corrupt, "trace chunk: " + rule}; }

struct Tables {
  std::vector<std::string_view> strings;  // into the chunk
  std::vector<std::vector<uint32_t>> lists;
};

struct ReadColumn {
  std::vector<uint64_t> values;  // empty: the column is absent
  std::vector<uint32_t> dictionary;
};
using ReadGroup = std::array<ReadColumn, kSlots>;

Result<Tables> read_tables(const PlainChunk& chunk) {
  Tables tables;
  std::string_view sizes = chunk.string_sizes, bytes = chunk.string_bytes;
  while (!sizes.empty()) {
    uint64_t size = 0;
    if (!take_varint(sizes, size) || size > bytes.size())
      return corrupt("a string goes beyond the string table");
    tables.strings.push_back(bytes.substr(0, static_cast<size_t>(size)));
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  if (!bytes.empty()) return corrupt("the string table goes on after its last string");
  std::string_view lists = chunk.lists;
  if (chunk.list_count > lists.size()) return corrupt("more lists than bytes for them");
  tables.lists.resize(chunk.list_count);
  for (auto& list : tables.lists) {
    uint64_t items = 0, number = 0, step = 0;
    if (!take_varint(lists, items) || items > lists.size())
      return corrupt("a list goes beyond the list table");
    list.reserve(static_cast<size_t>(items));
    for (uint64_t i = 0; i < items; ++i) {
      if (!take_varint(lists, step)) return corrupt("a list goes beyond the list table");
      number += static_cast<uint64_t>(unzigzag(step));
      if (number >= tables.strings.size()) return corrupt("a list holds a string that is not in the table");
      list.push_back(static_cast<uint32_t>(number));
    }
  }
  if (!lists.empty()) return corrupt("the list table goes on after its last list");
  return tables;
}

Result<ReadColumn> read_column(const PlainColumn& plain, size_t count, const Tables& tables) {
  ReadColumn column;
  ASSAY_TRY(column.values, decode_ints(plain.values, count));
  if (plain.dictionary.empty()) return column;
  std::string_view bytes = plain.dictionary;
  uint64_t size = 0;
  if (!take_varint(bytes, size) || size > count)
    return corrupt("a dictionary holds more strings than its column");
  ASSAY_TRY(auto numbers, decode_ints(bytes, static_cast<size_t>(size)));
  for (uint64_t number : numbers) {
    if (number >= tables.strings.size())
      return corrupt("a dictionary holds a string that is not in the table");
    column.dictionary.push_back(static_cast<uint32_t>(number));
  }
  // From codes to string numbers + 1, once for the whole column.
  size_t used = 0;
  for (uint64_t& value : column.values) {
    if (value == 0) continue;
    uint64_t place = value == 1 ? used++ : value - 2;
    if (place >= column.dictionary.size()) return corrupt("a string that is not in its column's dictionary");
    value = uint64_t{column.dictionary[static_cast<size_t>(place)]} + 1;
  }
  return column;
}

Result<ReadGroup> read_group(const PlainGroup& plain, size_t count, const Tables& tables) {
  ReadGroup group;
  for (const PlainColumn& column : plain.columns) {
    size_t slot = slot_of(column.field, column.part);
    if (slot >= kSlots) continue;  // of a later version
    if (!group[slot].values.empty())
      return corrupt("field " + std::to_string(column.field) + " twice in a group");
    ASSAY_TRY(group[slot], read_column(column, count, tables));
  }
  return group;
}

// Puts one event's values into its fields.
class Filler {
 public:
  explicit Filler(const Tables& tables) : tables_(tables) {}

  /// False (and broken() is the field) when a number does not fit.
  bool fill(Event& event, const ReadGroup& group, size_t index) {
    for_each_field(event, [&](int field, const char*, auto& member) {
      if (!fill_field(member, group, field, index)) broken_ = field;
    });
    return broken_ == 0;
  }
  int broken() const { return broken_; }
  size_t text_bytes() const { return text_bytes_; }

 private:
  static const ReadColumn* column(const ReadGroup& group, int field, unsigned part = 0) {
    const ReadColumn& found = group[slot_of(static_cast<unsigned>(field), part)];
    return found.values.empty() ? nullptr : &found;
  }
  template <Number T>
  bool fill_field(T& member, const ReadGroup& group, int field, size_t index) {
    const ReadColumn* found = column(group, field);
    if (!found) return true;
    return found->dictionary.empty() &&
           from_number(found->values[index], member, member);  // a new event holds the defaults
  }
  bool fill_field(std::array<uint64_t, 6>& member, const ReadGroup& group, int field, size_t index) {
    for (unsigned part = 0; part < member.size(); ++part)
      if (const ReadColumn* found = column(group, field, part)) member[part] = found->values[index];
    return true;
  }
  bool fill_field(std::string& member, const ReadGroup& group, int field, size_t index) {
    const ReadColumn* found = column(group, field);
    if (!found || found->values[index] == 0) return true;
    if (found->dictionary.empty()) return false;
    std::string_view text = tables_.strings[static_cast<size_t>(found->values[index] - 1)];
    text_bytes_ += text.size();
    if (text_bytes_ > kMaxChunkTextBytes) return false;
    member = text;
    return true;
  }
  bool fill_field(std::vector<std::string>& member, const ReadGroup& group, int field, size_t index) {
    const ReadColumn* found = column(group, field);
    if (!found || found->values[index] == 0) return true;
    uint64_t number = found->values[index] - 1;
    if (!found->dictionary.empty() || number >= tables_.lists.size()) return false;
    for (uint32_t item : tables_.lists[static_cast<size_t>(number)]) {
      std::string_view text = tables_.strings[item];
      text_bytes_ += text.size() + kListItemBytes;
      if (text_bytes_ > kMaxChunkTextBytes) return false;
      member.emplace_back(text);
    }
    return true;
  }

  const Tables& tables_;
  size_t text_bytes_ = 0;
  int broken_ = 0;
};

// The kinds of all events, unknown ones included.
Result<std::vector<uint64_t>> read_kinds(const ReadGroup& every, size_t count) {
  std::vector<uint64_t> kinds = every[3].values;
  kinds.resize(count, 0);
  for (uint64_t& kind : kinds) {
    kind = static_cast<uint64_t>(unzigzag(kind)) + static_cast<uint64_t>(Event().kind);
    if (kind >= kEveryKind) return corrupt("an event of no kind");
  }
  return kinds;
}

Status fill_all(Filler& filler, std::vector<Event>& events, const std::vector<uint32_t>& which,
                const ReadGroup& group) {
  for (size_t i = 0; i < which.size(); ++i) {
    if (filler.fill(events[which[i]], group, i)) continue;
    if (filler.text_bytes() > kMaxChunkTextBytes)
      return corrupt("its strings come to more than " + std::to_string(kMaxChunkTextBytes) + " bytes");
    return corrupt("a value that does not fit field " + std::to_string(filler.broken()));
  }
  return Status();
}

// Events by kind. Those of later versions' kinds are counted, for the shared columns hold them too, and left
// out.
struct Order {
  std::vector<uint64_t> kinds;                    // by event of the chunk
  std::vector<uint32_t> known;                    // by event that is returned: its place in the chunk
  std::vector<uint32_t> places[kEventKindCount];  // by kind: among those returned
};

Result<Order> read_order(const ReadGroup& every, size_t count) {
  Order order;
  ASSAY_TRY(order.kinds, read_kinds(every, count));
  for (size_t i = 0; i < count; ++i) {
    if (order.kinds[i] >= kEventKindCount) continue;
    order.places[order.kinds[i]].push_back(static_cast<uint32_t>(order.known.size()));
    order.known.push_back(static_cast<uint32_t>(i));
  }
  return order;
}

// The columns that all kinds share, without the events that are left out.
Status fill_shared(Filler& filler, std::vector<Event>& events, ReadGroup& every, const Order& order) {
  for (ReadColumn& column : every) {
    if (column.values.empty()) continue;
    for (size_t i = 0; i < order.known.size(); ++i) column.values[i] = column.values[order.known[i]];
  }
  every[3] = {};
  std::vector<uint32_t> all(events.size());
  std::iota(all.begin(), all.end(), 0u);
  ASSAY_CHECK(fill_all(filler, events, all, every));
  for (size_t i = 0; i < events.size(); ++i)
    events[i].kind = static_cast<EventKind>(order.kinds[order.known[i]]);
  return Status();
}

}  // namespace

Result<std::vector<Event>> events_of(const PlainChunk& chunk) {
  size_t count = chunk.event_count;
  if (count > kMaxChunkEvents)
    return corrupt(std::to_string(count) + " events, more than " + std::to_string(kMaxChunkEvents));
  ASSAY_TRY(Tables tables, read_tables(chunk));
  if (count == 0) return std::vector<Event>();
  if (chunk.groups.empty() || chunk.groups[0].kind != kEveryKind)
    return corrupt("the columns of all kinds are missing");
  ASSAY_TRY(ReadGroup every, read_group(chunk.groups[0], count, tables));
  ASSAY_TRY(Order order, read_order(every, count));
  std::vector<Event> events(order.known.size());
  Filler filler(tables);
  ASSAY_CHECK(fill_shared(filler, events, every, order));
  bool seen[kEventKindCount] = {};
  for (size_t g = 1; g < chunk.groups.size(); ++g) {
    const PlainGroup& plain = chunk.groups[g];
    if (plain.kind == kEveryKind) return corrupt("a second group for all kinds");
    if (plain.kind >= kEventKindCount) continue;
    if (std::exchange(seen[plain.kind], true)) return corrupt("two groups of one kind");
    const auto& places = order.places[plain.kind];
    if (places.empty()) return corrupt("a group without events");
    ASSAY_TRY(ReadGroup group, read_group(plain, places.size(), tables));
    ASSAY_CHECK(fill_all(filler, events, places, group));
  }
  return events;
}

}  // namespace assay
