// rpm's headers (rpm, "Header Format"): big endian; number of index entries and bytes of data, then entries of
// tag, type, offset and count, then the data.
#include <algorithm>
#include <map>
#include <optional>

#include "agent/inspect/packages/databases.h"
#include "agent/inspect/packages/hex.h"
#include "agent/inspect/packages/sqlite.h"

namespace assay::inspect {
namespace {

enum Tag : uint32_t {
  kName = 1000,
  kFileModes = 1030,
  kFileDigests = 1035,
  kDirIndexes = 1116,
  kBaseNames = 1117,
  kDirNames = 1118,
  kDigestAlgorithm = 5011,
};
enum Type : uint32_t { kInt16 = 3, kInt32 = 4, kString = 6, kStringArray = 8 };

constexpr uint32_t kMaxTags = 10'000;
constexpr uint32_t kMd5 = 1, kSha256 = 8;  // of OpenPGP
constexpr uint32_t kTypeMask = 0170000, kDirectory = 0040000;

uint32_t big_endian(std::string_view bytes, size_t at, size_t size) {
  uint32_t out = 0;
  for (size_t i = 0; i < size; ++i) out = out << 8 | static_cast<uint8_t>(bytes[at + i]);
  return out;
}

struct Entry {
  uint32_t type = 0, offset = 0, count = 0;
};

class Header {
 public:
  static std::optional<Header> parse(std::string_view blob) {
    if (blob.size() < 8) return std::nullopt;
    uint64_t tags = big_endian(blob, 0, 4), data = big_endian(blob, 4, 4);
    if (tags > kMaxTags || blob.size() < 8 + tags * 16 + data) return std::nullopt;
    Header out;
    out.data_ = blob.substr(8 + tags * 16, data);
    for (size_t i = 0; i < tags; ++i) {
      size_t at = 8 + i * 16;
      out.entries_[big_endian(blob, at, 4)] = {big_endian(blob, at + 4, 4), big_endian(blob, at + 8, 4),
                                               big_endian(blob, at + 12, 4)};
    }
    return out;
  }

  std::vector<std::string_view> strings(Tag tag) const {
    std::vector<std::string_view> out;
    auto found = entries_.find(tag);
    if (found == entries_.end() || (found->second.type != kStringArray && found->second.type != kString)) return out;
    std::string_view rest = data_.substr(std::min<size_t>(found->second.offset, data_.size()));
    for (uint32_t i = 0; i < found->second.count; ++i) {
      size_t end = rest.find('\0');
      if (end == std::string_view::npos) break;
      out.push_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return out;
  }

  // Nothing: no such number in the data.
  std::optional<uint32_t> number(Tag tag, size_t index) const {
    auto found = entries_.find(tag);
    if (found == entries_.end() || index >= found->second.count) return std::nullopt;
    size_t size = found->second.type == kInt16 ? 2 : found->second.type == kInt32 ? 4 : 0;
    uint64_t at = found->second.offset + uint64_t{index} * size;
    if (size == 0 || at + size > data_.size()) return std::nullopt;
    return big_endian(data_, at, size);
  }

 private:
  std::string_view data_;
  std::map<uint32_t, Entry> entries_;
};

}  // namespace

void read_rpm_header(std::string_view blob, PackageBook& book) {
  auto header = Header::parse(blob);
  auto names = header ? header->strings(kName) : std::vector<std::string_view>();
  if (names.empty()) return book.complain("rpm: a header is damaged");
  uint32_t package = book.package(names[0]);
  auto files = header->strings(kBaseNames), directories = header->strings(kDirNames),
       digests = header->strings(kFileDigests);
  uint32_t algorithm = header->number(kDigestAlgorithm, 0).value_or(kMd5);
  bool known = algorithm == kMd5 || algorithm == kSha256;
  for (size_t i = 0; i < files.size(); ++i) {
    auto directory = header->number(kDirIndexes, i);
    if (!directory || *directory >= directories.size()) continue;
    if ((header->number(kFileModes, i).value_or(0) & kTypeMask) == kDirectory) continue;
    std::optional<std::string> digest;
    if (known && i < digests.size()) digest = from_hex(digests[i]);
    bool sound = digest && digest->size() == (algorithm == kMd5 ? 16u : 32u);
    if (directories[*directory].size() + files[i].size() < kMaxOwnedPathBytes)
      book.own(std::string(directories[*directory]) + std::string(files[i]), package, sound ? *digest : "");
  }
}

void read_rpm_sqlite(std::string_view database, PackageBook& book) {
  // CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)
  constexpr size_t kBlob = 1;
  Status read = each_row(database, "Packages", [&](const std::vector<std::string_view>& row) {
    if (row.size() > kBlob) read_rpm_header(row[kBlob], book);
  });
  if (!read) book.complain("rpm: " + read.error().what);
}

}  // namespace assay::inspect
