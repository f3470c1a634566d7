// backup_manifest: what a backup's manifest.json says (docs/store.md, Backups): a value and its form. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "common/result.h"

namespace assay {

/// How many there are of what a store is counted by.
struct StoreCounts {
  uint64_t scans = 0, open = 0, batches = 0, sweeps = 0;
  uint64_t logins = 0;  // of open scans: sealed with a key that is not in a backup
  bool operator==(const StoreCounts&) const = default;
};

struct BackupFile {
  std::string name;   // without a directory
  uint64_t size = 0;  // bytes
  Digest digest;
};

struct BackupManifest {
  std::string assay;          // version that made it
  uint32_t store_format = 0;  // of the store in it
  std::string made;           // "2026-11-30T03:00:05Z"
  StoreCounts counts;
  std::vector<BackupFile> files;  // of store/, by name
};

inline constexpr char kManifestFile[] = "manifest.json", kBackupStore[] = "store";
inline constexpr size_t kMaxBackupManifestBytes = 64 << 20, kMaxBackupFiles = 200'000;

std::string to_json(const BackupManifest& manifest);
/// Errc::invalid, corrupt: it is no such manifest; unsupported: a later assay made it. Names of files have no
/// directory, and none is there twice.
Result<BackupManifest> parse_backup_manifest(std::string_view json);

}  // namespace assay
