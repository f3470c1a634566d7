// Package databases of every kind, and the index made of them: whatever the bytes, an index that the agent takes,
// and one of others' making in which a look-up ends. The first byte is the kind.
#include <cstdlib>

#include "agent/inspect/packages/databases.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::inspect;
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto kind = static_cast<DatabaseKind>(data[0] % (kDatabaseKinds + 2));
  if (data[0] % (kDatabaseKinds + 2) == kDatabaseKinds) {
    if (auto index = PackageIndex::parse(std::string(bytes)))
      if (auto owner = index->find("/usr/bin/x"); owner && owner->package.size() > kMaxPackageNameBytes) std::abort();
    return 0;
  }
  if (data[0] % (kDatabaseKinds + 2) > kDatabaseKinds) {  // a header as it stands in a row
    PackageBook book;
    read_rpm_header(bytes, book);
    if (!PackageIndex::parse(book.index())) std::abort();
    return 0;
  }
  std::vector<DatabaseFile> files{{kind, "a:amd64", std::string(bytes)}};
  auto again = decode_databases(encode_databases(files));
  if (!again || *again != files) std::abort();
  if (!PackageIndex::parse(read_databases(files).index())) std::abort();
  return 0;
}
