// The writing half: each event's fields go to the columns of its kind at once, strings become numbers, and
// the bytes are known in advance well enough that a chunk can be closed before it grows too large.
#include "common/columns.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "common/columns_field.h"
#include "common/interner.h"

namespace assay {
namespace {

using namespace columns;

// Cap'n Proto's pointers, sizes and padding of one column, its encodings' first bytes included; of a group
// and the root likewise.
constexpr size_t kColumnOverhead = 80, kGroupOverhead = 64, kChunkOverhead = 256;
constexpr size_t kMaxIdBytes =
    3;  // of a string number: a chunk that is bounded by its bytes holds fewer than 2^20 strings

struct ColumnData {
  std::vector<uint32_t> at;       // events of the group whose value is not 0...
  std::vector<uint64_t> values;   // ...and the values
  std::vector<uint32_t> strings;  // string columns: the dictionary
  std::vector<uint32_t> codes;    // by string number: its place in the dictionary + 1
  size_t dense_extra = 0, sparse = 4;

  size_t cost(size_t count) const { return at.empty() ? 0 : std::min(count + dense_extra, sparse); }
  void put(uint32_t index, uint64_t value) {
    at.push_back(index);
    values.push_back(value);
    dense_extra += varint_size(value) - 1;
    sparse += kMaxIdBytes + varint_size(value);
  }
};

struct GroupData {
  uint32_t count = 0;
  size_t cost = 0;
  std::array<ColumnData, kSlots> columns;

  void end_event() {
    ++count;
    cost = 0;
    for (const ColumnData& column : columns) cost += column.cost(count);
  }
};

}  // namespace

struct ColumnWriter::State {
  Interner strings, lists;
  std::map<uint8_t, GroupData> groups;
  size_t fixed_bytes = kChunkOverhead, text_bytes = 0;
  std::array<uint64_t, kSlots> standards{};  // by field: a number's default

  State() {
    const Event standard;
    for_each_field(standard, [&](int field, const char*, const auto& value) {
      if constexpr (Number<std::remove_cvref_t<decltype(value)>>)
        standards[static_cast<size_t>(field)] = static_cast<uint64_t>(value);
    });
  }

  uint32_t string_number(const std::string& text) {
    size_t before = strings.size();
    uint32_t number = strings.intern(text);
    if (strings.size() != before) fixed_bytes += text.size() + varint_size(text.size());
    return number;
  }
  ColumnData& column(GroupData& group, int field, unsigned part = 0) {
    size_t slot = slot_of(static_cast<unsigned>(field), part);
    assert(slot < kSlots);
    ColumnData& data = group.columns[slot];
    if (data.at.empty()) fixed_bytes += kColumnOverhead;
    return data;
  }

  template <Number T>
  void put(GroupData& group, int field, T value) {
    auto standard = static_cast<T>(standards[static_cast<size_t>(field)]);
    if (value != standard) column(group, field).put(group.count, to_number(value, standard));
  }
  void put(GroupData& group, int field, const std::array<uint64_t, 6>& values) {
    for (unsigned part = 0; part < values.size(); ++part)
      if (values[part] != 0) column(group, field, part).put(group.count, values[part]);
  }
  void put(GroupData& group, int field, const std::string& text) {
    if (text.empty()) return;
    text_bytes += text.size();
    uint32_t number = string_number(text);
    ColumnData& data = column(group, field);
    if (data.codes.size() <= number) data.codes.resize(number + 1);
    if (data.codes[number] == 0) {
      data.strings.push_back(number);
      data.codes[number] = static_cast<uint32_t>(data.strings.size());
      fixed_bytes += kMaxIdBytes;
      data.put(group.count, 1);
    } else {
      data.put(group.count, data.codes[number] + 1);
    }
  }
  void put(GroupData& group, int field, const std::vector<std::string>& items) {
    if (items.empty()) return;
    std::string key;
    for (const auto& item : items) {
      text_bytes += item.size() + kListItemBytes;
      uint32_t number = string_number(item);
      key.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    size_t before = lists.size();
    uint32_t list = lists.intern(key);
    if (lists.size() != before) fixed_bytes += 5 + items.size() * (kMaxIdBytes + 1);
    column(group, field).put(group.count, uint64_t{list} + 1);
  }

  GroupData& group(uint8_t kind) {
    auto [it, fresh] = groups.try_emplace(kind);
    if (fresh) fixed_bytes += kGroupOverhead;
    return it->second;
  }
};

ColumnWriter::ColumnWriter() : state_(std::make_unique<State>()) {}
ColumnWriter::ColumnWriter(ColumnWriter&&) noexcept = default;
ColumnWriter& ColumnWriter::operator=(ColumnWriter&&) noexcept = default;
ColumnWriter::~ColumnWriter() = default;

size_t ColumnWriter::text_bytes() const { return state_->text_bytes; }

size_t ColumnWriter::count() const {
  auto every = state_->groups.find(kEveryKind);
  return every == state_->groups.end() ? 0 : every->second.count;
}

size_t ColumnWriter::max_bytes() const {
  return std::accumulate(state_->groups.begin(), state_->groups.end(), state_->fixed_bytes,
                         [](size_t sum, const auto& group) { return sum + group.second.cost; });
}

void ColumnWriter::add(const Event& event) {
  GroupData& every = state_->group(kEveryKind);
  GroupData& own = state_->group(static_cast<uint8_t>(event.kind));
  for_each_field(event, [&](int field, const char*, const auto& value) {
    state_->put(shared_by_kinds(field) ? every : own, field, value);
  });
  every.end_event();
  own.end_event();
}

namespace {

// Strings numbered anew, in the order of the columns that use them: like stands beside like, which zstd
// rewards.
struct Renumbering {
  std::vector<uint32_t> numbers;
  std::vector<uint32_t> order;
  uint32_t of(uint32_t old) {
    if (numbers[old] == UINT32_MAX) {
      numbers[old] = static_cast<uint32_t>(order.size());
      order.push_back(old);
    }
    return numbers[old];
  }
};

PlainColumn plain_column(size_t slot, const ColumnData& data, size_t count, bool smallest,
                         Renumbering& numbers) {
  PlainColumn column;
  bool array = slot >= static_cast<size_t>(kFirstPartSlot);
  column.field = static_cast<uint16_t>(array ? 16 : slot);
  column.part = static_cast<uint8_t>(array ? slot - kFirstPartSlot + 1 : 0);
  std::vector<uint64_t> values(count);
  for (size_t i = 0; i < data.at.size(); ++i) values[data.at[i]] = data.values[i];
  column.values = encode_ints(values, smallest);
  if (!data.strings.empty()) {
    values.clear();
    for (uint32_t number : data.strings) values.push_back(numbers.of(number));
    put_varint(column.dictionary, values.size());
    column.dictionary += encode_ints(values, smallest);
  }
  return column;
}

}  // namespace

PlainChunk ColumnWriter::columns(bool smallest) const {
  PlainChunk chunk;
  chunk.event_count = static_cast<uint32_t>(count());
  Renumbering numbers{std::vector<uint32_t>(state_->strings.size(), UINT32_MAX), {}};
  chunk.list_count = static_cast<uint32_t>(state_->lists.size());
  for (uint32_t list = 0; list < chunk.list_count; ++list) {
    std::string_view key = state_->lists.view(list);
    put_varint(chunk.lists, key.size() / sizeof(uint32_t));
    int64_t before = 0;
    for (size_t at = 0; at < key.size(); at += sizeof(uint32_t)) {
      uint32_t old = 0;
      key.copy(reinterpret_cast<char*>(&old), sizeof old, at);
      int64_t number = numbers.of(old);
      put_varint(chunk.lists, zigzag(number - before));
      before = number;
    }
  }
  auto add_group = [&](uint8_t kind, const GroupData& data) {
    PlainGroup group{kind, {}};
    for (size_t slot = 0; slot < kSlots; ++slot)
      if (!data.columns[slot].at.empty())
        group.columns.push_back(plain_column(slot, data.columns[slot], data.count, smallest, numbers));
    chunk.groups.push_back(std::move(group));
  };
  if (chunk.event_count != 0) add_group(kEveryKind, state_->groups.at(kEveryKind));
  for (const auto& [kind, data] : state_->groups)
    if (kind != kEveryKind) add_group(kind, data);
  for (uint32_t old : numbers.order) {
    std::string_view text = state_->strings.view(old);
    put_varint(chunk.string_sizes, text.size());
    chunk.string_bytes += text;
  }
  return chunk;
}

}  // namespace assay
