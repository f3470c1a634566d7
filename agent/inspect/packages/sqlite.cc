// A table is a tree of pages: inner ones hold numbers of pages, leaves hold rows; what does not fit into its
// page goes on in a chain of others.
#include "agent/inspect/packages/sqlite.h"

#include <optional>
#include <string>

namespace assay::inspect {
namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr size_t kHeaderBytes = 100, kMinPageBytes = 512, kMaxPageBytes = 65536, kMaxColumns = 64;
constexpr uint8_t kInner = 0x05, kLeaf = 0x0d;
constexpr uint64_t kMaxPayloadBytes = 64u << 20;

Error damaged(const char* what) { return {Errc::corrupt, std::string("the database is damaged: ") + what}; }

uint32_t big_endian(std::string_view bytes, size_t at, size_t size) {
  uint32_t out = 0;
  for (size_t i = 0; i < size && at + i < bytes.size(); ++i)
    out = out << 8 | static_cast<uint8_t>(bytes[at + i]);
  return out;
}

// Moves `at` behind it. Nothing: cut off.
std::optional<uint64_t> varint(std::string_view bytes, size_t& at) {
  uint64_t out = 0;
  for (int i = 0; i < 9; ++i) {
    if (at >= bytes.size()) return std::nullopt;
    auto byte = static_cast<uint8_t>(bytes[at++]);
    if (i == 8) return out << 8 | byte;
    out = out << 7 | (byte & 0x7f);
    if ((byte & 0x80) == 0) break;
  }
  return out;
}

class Database {
 public:
  static Result<Database> open(std::string_view bytes) {
    if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic))
      return Error{Errc::corrupt, "it is no SQLite database"};
    Database out;
    out.bytes_ = bytes;
    out.page_bytes_ = big_endian(bytes, 16, 2);
    if (out.page_bytes_ == 1) out.page_bytes_ = kMaxPageBytes;
    size_t reserved = static_cast<uint8_t>(bytes[20]);
    bool power = (out.page_bytes_ & (out.page_bytes_ - 1)) == 0;
    if (out.page_bytes_ < kMinPageBytes || !power || out.page_bytes_ - reserved < 480)
      return damaged("its page size");
    out.usable_ = out.page_bytes_ - reserved;
    out.pages_left_ = bytes.size() / out.page_bytes_ + 1;
    return out;
  }

  // Walks the tree below `root`, leaves in order.
  Status walk(uint32_t root, const VisitRow& visit) {
    std::vector<uint32_t> open{root};
    while (!open.empty()) {
      uint32_t number = open.back();
      open.pop_back();
      auto page = take(number);
      if (!page) return damaged("a page is missing, or is met again");
      size_t head = number == 1 ? kHeaderBytes : 0;
      auto type = static_cast<uint8_t>((*page)[head]);
      if (type != kInner && type != kLeaf) return damaged("a page is none of a table");
      size_t cells = big_endian(*page, head + 3, 2), array = head + (type == kInner ? 12 : 8);
      if (array + cells * 2 > page->size()) return damaged("a page has too many cells");
      if (type == kInner) open.push_back(big_endian(*page, head + 8, 4));
      for (size_t i = 0; i < cells; ++i) {
        size_t at = big_endian(*page, array + (type == kInner ? cells - 1 - i : i) * 2, 2);
        if (type == kInner)
          open.push_back(big_endian(*page, at, 4));
        else
          ASSAY_CHECK(row(*page, at, visit));
      }
      if (open.size() > pages_left_ + 1) return damaged("its pages form no tree");
    }
    return Status();
  }

  void start_again() { pages_left_ = bytes_.size() / page_bytes_ + 1; }

 private:
  // Each counts against as many as there are: a circle ends.
  std::optional<std::string_view> take(uint32_t number) {
    if (number == 0 || pages_left_ == 0) return std::nullopt;
    uint64_t at = (uint64_t{number} - 1) * page_bytes_;
    if (at + page_bytes_ > bytes_.size()) return std::nullopt;
    --pages_left_;
    return bytes_.substr(at, page_bytes_);
  }

  Status row(std::string_view page, size_t at, const VisitRow& visit) {
    auto size = varint(page, at);
    auto id = size ? varint(page, at) : size;
    if (!id || at >= page.size()) return damaged("a row is cut off");
    if (*size > kMaxPayloadBytes || *size > bytes_.size()) return damaged("a row is too long");
    size_t most = usable_ - 35, local = *size;
    if (*size > most) {
      size_t least = (usable_ - 12) * 32 / 255 - 23;
      local = least + (*size - least) % (usable_ - 4);
      if (local > most) local = least;
    }
    if (local > page.size() - at) return damaged("a row is cut off");
    if (local == *size) return record(page.substr(at, local), visit);
    std::string payload(page.substr(at, local));
    uint32_t next = big_endian(page, at + local, 4);
    while (payload.size() < *size) {
      auto more = take(next);
      if (!more) return damaged("a row goes on nowhere");
      next = big_endian(*more, 0, 4);
      payload += more->substr(4, std::min<size_t>(usable_ - 4, *size - payload.size()));
    }
    return record(payload, visit);
  }

  static Status record(std::string_view payload, const VisitRow& visit) {
    size_t at = 0;
    auto head = varint(payload, at);
    if (!head || *head > payload.size()) return damaged("a row's head");
    std::vector<std::string_view> row;
    size_t value = *head;
    while (at < *head && row.size() < kMaxColumns) {
      auto type = varint(payload, at);
      if (!type) return damaged("a row's head");
      constexpr uint8_t kSizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
      uint64_t size = *type < 12 ? kSizes[*type] : (*type - 12) / 2;
      if (size > payload.size() - value) return damaged("a value is cut off");
      row.push_back(payload.substr(value, size));
      value += size;
    }
    visit(row);
    return Status();
  }

  std::string_view bytes_;
  size_t page_bytes_ = 0, usable_ = 0, pages_left_ = 0;
};

}  // namespace

Status each_row(std::string_view bytes, std::string_view table, const VisitRow& visit) {
  ASSAY_TRY(Database database, Database::open(bytes));
  // sqlite_schema: type, name, tbl_name, rootpage, sql.
  uint32_t root = 0;
  ASSAY_CHECK(database.walk(1, [&](const std::vector<std::string_view>& row) {
    if (row.size() >= 4 && row[0] == "table" && row[1] == table && row[3].size() <= 4)
      root = big_endian(row[3], 0, row[3].size());
  }));
  if (root == 0) return Error{Errc::not_found, "it has no table " + std::string(table)};
  database.start_again();
  return database.walk(root, visit);
}

}  // namespace assay::inspect
