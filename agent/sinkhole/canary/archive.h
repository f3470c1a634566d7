// archive: packs files that we made into archives in memory: tar, zip, ar; and compresses. Nothing here reads
// what others made. The only code of the sinkhole that calls libarchive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::sinkhole {

enum class ArchiveFormat : uint8_t { tar, zip, ar };

struct ArchiveFile {
  std::string name;  // "dir/file", ASCII; one that ends in '/' is a directory
  std::string bytes;
  unsigned mode = 0644;
};

/// All of root, all of one time: the same files give the same bytes.
std::string pack(ArchiveFormat format, const std::vector<ArchiveFile>& files);
std::string gzip(std::string_view bytes);
std::string xz(std::string_view bytes);

}  // namespace assay::sinkhole
