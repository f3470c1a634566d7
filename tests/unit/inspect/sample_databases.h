// Package databases made by hand, in the formats of their tools: apk's text, rpm's headers, SQLite's pages.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace assay::inspect::sample {

// SHA-1 digests 00112233... and ffeeddcc...
inline constexpr const char* kApkInstalled =
    "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\n"
    "R:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1/+7dzLuqmYh3ZlVEMyIRAP/u3cw=\n\n"
    "P:busybox\nV:1.36.1-r29\nF:bin\nR:busybox\na:0:0:755\nZ:Q1ABEiM0RVZneImaq7zN3u/wARIjM=\n"
    "F:etc\nM:0:0:755\nR:securetty\nF:tmp\n\n";

inline std::string big_endian(uint64_t value, size_t size) {
  std::string out;
  for (size_t i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

struct RpmFile {
  std::string directory, name, sha256_hex;
  uint16_t mode = 0;
};

struct RpmHeader {
  std::string name;
  std::vector<RpmFile> files;

  std::string blob() const {
    std::string index, data;
    uint32_t tags = 0;
    auto add = [&](uint32_t tag, uint32_t type, size_t count, const std::string& values) {
      index += big_endian(tag, 4) + big_endian(type, 4) + big_endian(data.size(), 4) + big_endian(count, 4);
      data += values;
      ++tags;
    };
    std::string modes, digests, indexes, names, directories;
    for (size_t i = 0; i < files.size(); ++i) {
      modes += big_endian(files[i].mode, 2);
      digests += files[i].sha256_hex + '\0';
      indexes += big_endian(i, 4);
      names += files[i].name + '\0';
      directories += files[i].directory + '\0';
    }
    add(1000, 6, 1, name + '\0');
    add(1030, 3, files.size(), modes);
    add(1035, 8, files.size(), digests);
    add(1116, 4, files.size(), indexes);
    add(1117, 8, files.size(), names);
    add(1118, 8, files.size(), directories);
    add(5011, 4, 1, big_endian(8, 4));
    return big_endian(tags, 4) + big_endian(data.size(), 4) + index + data;
  }
};

inline std::string varint(uint64_t value) {
  std::string out(1, static_cast<char>(value & 0x7f));
  while (value >>= 7) out.insert(out.begin(), static_cast<char>((value & 0x7f) | 0x80));
  return out;
}

// A record of NULL, as an INTEGER PRIMARY KEY is kept, and a blob.
inline std::string row_of(const std::string& blob) {
  std::string type = varint(blob.size() * 2 + 12);
  return varint(2 + type.size()) + '\0' + type + blob;
}

/// One table Packages, of 4096-byte pages: page 1 the schema, page 2 its root, an inner page when there are
/// several rows, then a leaf and a chain a row.
inline std::string sqlite_of(const std::vector<std::string>& blobs) {
  constexpr size_t kPage = 4096, kLeast = (kPage - 12) * 32 / 255 - 23, kMost = kPage - 35;
  std::vector<std::string> pages(2);
  auto leaf = [](const std::string& cell, size_t head) {
    std::string page(head, '\0');
    page += '\x0d' + big_endian(0, 2) + big_endian(1, 2) + big_endian(kPage - cell.size(), 2) + '\0';
    page += big_endian(kPage - cell.size(), 2);
    page.resize(kPage - cell.size());
    return page + cell;
  };
  std::vector<uint32_t> leaves;
  for (size_t i = 0; i < blobs.size(); ++i) {
    std::string row = row_of(blobs[i]);
    size_t local = row.size();
    if (row.size() > kMost) local = kLeast + (row.size() - kLeast) % (kPage - 4);
    if (local > kMost) local = kLeast;
    std::string cell = varint(row.size()) + varint(i + 1) + row.substr(0, local);
    leaves.push_back(static_cast<uint32_t>(pages.size() + 1));
    if (local < row.size()) cell += big_endian(pages.size() + 2, 4);
    pages.push_back(leaf(cell, 0));
    for (size_t at = local; at < row.size(); at += kPage - 4) {
      bool last = at + kPage - 4 >= row.size();
      std::string page = big_endian(last ? 0 : pages.size() + 2, 4) + row.substr(at, kPage - 4);
      page.resize(kPage);
      pages.push_back(page);
    }
  }
  std::string root = '\x05' + big_endian(0, 2) + big_endian(leaves.size() - 1, 2) + big_endian(0, 2) + '\0' +
                     big_endian(leaves.back(), 4);
  std::string cells, pointers;
  for (size_t i = 0; i + 1 < leaves.size(); ++i) {
    pointers += big_endian(2048 + cells.size(), 2);
    cells += big_endian(leaves[i], 4) + varint(i + 1);
  }
  root += pointers;
  root.resize(2048);
  root += cells;
  root.resize(kPage);
  pages[1] = root;
  std::string sql = "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)";
  std::string values = "tablePackagesPackages\2" + sql;
  std::string types = varint(5 * 2 + 13) + varint(8 * 2 + 13) + varint(8 * 2 + 13) + '\1' + varint(sql.size() * 2 + 13);
  std::string schema = varint(types.size() + 1) + types + values;
  std::string head = std::string("SQLite format 3\0", 16) + big_endian(kPage, 2) + "\1\1" + std::string(1, '\0') + "\x40\x20\x20";
  head.resize(100);
  pages[0] = leaf(varint(schema.size()) + varint(1) + schema, 100);
  pages[0].replace(0, 100, head);
  std::string out;
  for (const std::string& page : pages) out += page;
  return out;
}

}  // namespace assay::inspect::sample
