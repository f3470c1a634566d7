// Package databases in their true formats, whole and damaged: who owns which file.
#include "agent/inspect/packages/databases.h"

#include <gtest/gtest.h>

#include "agent/inspect/packages/hex.h"
#include "agent/inspect/packages/sqlite.h"
#include "common/digest.h"
#include "tests/unit/inspect/sample_databases.h"

namespace assay::inspect {
namespace {

PackageIndex index_of(const std::vector<DatabaseFile>& files) {
  auto index = PackageIndex::parse(read_databases(files).index());
  EXPECT_TRUE(index) << index.error().what;
  return index ? std::move(*index) : PackageIndex();
}

// "bash 7bc...": the owner and the beginning of the digest; "nobody's".
std::string owner(const PackageIndex& index, const std::string& path) {
  auto found = index.find(path);
  if (!found) return "nobody's";
  return found->package + (found->digest.empty() ? "" : " " + to_hex(found->digest).substr(0, 8));
}

TEST(Packages, OfDpkgByListAndMd5sums) {
  PackageIndex index = index_of({{DatabaseKind::dpkg_list, "bash", "/.\n/bin\n/bin/bash\n/etc\n/etc/bash.bashrc\n"},
                                 {DatabaseKind::dpkg_md5sums, "bash", "7bc2cd30ad76c34f4a2bd6a3fa0bd9d8  bin/bash\n"},
                                 {DatabaseKind::dpkg_list, "libc6:amd64", "/.\n/lib/libc.so.6\n"}});
  EXPECT_EQ(owner(index, "/bin/bash"), "bash 7bc2cd30");
  EXPECT_EQ(owner(index, "/etc/bash.bashrc"), "bash");
  EXPECT_EQ(owner(index, "/lib/libc.so.6"), "libc6");
  EXPECT_EQ(owner(index, "/bin"), "nobody's");  // a directory is many packages'
  EXPECT_EQ(owner(index, "/bin/bas"), "nobody's");
  EXPECT_EQ(index.summary(), "2 packages, 4 files");
}

TEST(Packages, OfDistrolessByStatusD) {
  PackageIndex index = index_of({{DatabaseKind::dpkg_status, "bGliYzY", "Package: libc6\nStatus: install ok\n"},
                                 {DatabaseKind::dpkg_md5sums, "bGliYzY", "00112233445566778899aabbccddeeff  usr/lib/x\n"}});
  EXPECT_EQ(owner(index, "/usr/lib/x"), "libc6 00112233");
}

TEST(Packages, DivertedFileIsWhereItWasMoved) {
  PackageIndex index = index_of({{DatabaseKind::dpkg_list, "dash", "/bin/sh\n"},
                                 {DatabaseKind::dpkg_list, "bash", "/bin/sh\n/bin/more\n"},
                                 {DatabaseKind::dpkg_diversions, "", "/bin/sh\n/bin/sh.distrib\ndash\n/bin/more\n/bin/less\n:\n"}});
  EXPECT_EQ(owner(index, "/bin/sh"), "dash");
  EXPECT_EQ(owner(index, "/bin/sh.distrib"), "bash");
  EXPECT_EQ(owner(index, "/bin/more"), "nobody's");
  EXPECT_EQ(owner(index, "/bin/less"), "bash");
}

TEST(Packages, OfApk) {
  PackageIndex index = index_of({{DatabaseKind::apk_installed, "", sample::kApkInstalled}});
  EXPECT_EQ(owner(index, "/bin/busybox"), "busybox 00112233");
  EXPECT_EQ(owner(index, "/etc/securetty"), "busybox");
  EXPECT_EQ(owner(index, "/lib/ld-musl-x86_64.so.1"), "musl ffeeddcc");
  EXPECT_EQ(owner(index, "/lib"), "nobody's");
}

TEST(Packages, OfRpmByHeadersInSqlite) {
  sample::RpmHeader bash{"bash", {{"/usr/bin/", "bash", std::string(64, 'a'), 0100755},
                                  {"/usr/share/doc/", "bash", "", 0040755},
                                  {"/usr/bin/", "sh", "", 0120777}}};
  PackageIndex index = index_of({{DatabaseKind::rpm_sqlite, "", sample::sqlite_of({bash.blob()})}});
  EXPECT_EQ(owner(index, "/usr/bin/bash"), "bash aaaaaaaa");
  EXPECT_EQ(owner(index, "/usr/bin/sh"), "bash");
  EXPECT_EQ(owner(index, "/usr/share/doc/bash"), "nobody's");
  EXPECT_EQ(index.summary(), "1 packages, 2 files");
}

TEST(Packages, RowsLongerThanAPageGoOnInOthers) {
  std::vector<std::string> blobs;
  for (int i = 0; i < 40; ++i) {
    sample::RpmHeader header{"p" + std::to_string(i), {}};
    for (int file = 0; file < 10 + 40 * (i % 3); ++file)
      header.files.push_back({"/opt/" + std::to_string(i) + "/", "f" + std::to_string(file), std::string(64, 'b'), 0100644});
    blobs.push_back(header.blob());
  }
  PackageIndex index = index_of({{DatabaseKind::rpm_sqlite, "", sample::sqlite_of(blobs)}});
  EXPECT_EQ(index.packages(), 40u);
  EXPECT_EQ(owner(index, "/opt/39/f9"), "p39 bbbbbbbb");
  EXPECT_EQ(owner(index, "/opt/38/f89"), "p38 bbbbbbbb");
}

TEST(Packages, WhatCannotBeReadIsSaid) {
  PackageIndex index = index_of({{DatabaseKind::rpm_sqlite, "", "SQLite format 2"},
                                 {DatabaseKind::not_read, "rpm's database in Berkeley DB's format", ""}});
  EXPECT_EQ(index.summary(),
            "0 packages, 0 files; rpm: it is no SQLite database; rpm's database in Berkeley DB's format is not read");
  EXPECT_TRUE(index.empty());
}

// Every byte of a small database set to others, one after the other: a result, never a crash or a hang.
TEST(Packages, DamagedDatabasesEnd) {
  sample::RpmHeader header{"bash", {{"/usr/bin/", "bash", std::string(64, 'a'), 0100755}}};
  std::string whole = sample::sqlite_of({header.blob(), std::string(9000, 'x')});
  for (size_t i = 0; i < whole.size(); i += i < 200 ? 1 : 7)
    for (char value : {'\0', '\x05', '\x7f', '\xff'}) {
      std::string damaged = whole;
      damaged[i] = value;
      (void)index_of({{DatabaseKind::rpm_sqlite, "", damaged}});
    }
  for (size_t size = 0; size < whole.size(); size += 97)
    (void)index_of({{DatabaseKind::rpm_sqlite, "", whole.substr(0, size)}});
}

TEST(Packages, PagesThatFormACircleEnd) {
  std::string database = sample::sqlite_of({std::string(100, 'x')});
  constexpr size_t kPage = 4096;
  database[kPage] = 5;  // an inner page with no cell, whose last child is itself
  database[kPage + 3] = database[kPage + 4] = 0;
  database.replace(kPage + 8, 4, std::string("\0\0\0\2", 4));
  Status read = each_row(database, "Packages", [](const auto&) {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::corrupt);
}

TEST(Packages, IndexOfAnotherLengthIsRefused) {
  std::string bytes = encode_index({"a"}, {{"/x", 0, ""}}, "s");
  EXPECT_TRUE(PackageIndex::parse(bytes));
  EXPECT_FALSE(PackageIndex::parse(bytes + "x"));
  EXPECT_FALSE(PackageIndex::parse(bytes.substr(1)));
  EXPECT_FALSE(PackageIndex::parse(""));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = '\xff';
    if (auto index = PackageIndex::parse(damaged)) (void)index->find("/x");
  }
}

TEST(Packages, DigestsAreHexOrBase64) {
  EXPECT_EQ(from_hex("00fF"), std::string("\0\xff", 2));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_EQ(from_base64("aGVsbG8="), "hello");
  EXPECT_FALSE(from_base64("a b"));
}

TEST(Packages, DatabasesComeBackAsTheyWereHandedOver) {
  std::vector<DatabaseFile> files{{DatabaseKind::dpkg_list, "a", "/x\n"}, {DatabaseKind::not_read, "b", ""}};
  auto again = decode_databases(encode_databases(files));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, files);
  EXPECT_FALSE(decode_databases("\1"));
}

}  // namespace
}  // namespace assay::inspect
