// Each file by its kind. Names of packages are those of their files, but for distroless images.
#include "agent/inspect/packages/databases.h"

#include <map>

namespace assay::inspect {

PackageBook read_databases(const std::vector<DatabaseFile>& files) {
  PackageBook book;
  std::map<std::string_view, std::string_view> renamed;  // distroless: file name to package
  for (const DatabaseFile& file : files)
    if (file.kind == DatabaseKind::dpkg_status)
      if (auto name = dpkg_name(file.bytes); !name.empty()) renamed[file.name] = name;
  auto package = [&](const DatabaseFile& file) {
    auto found = renamed.find(file.name);
    std::string_view name = found == renamed.end() ? std::string_view(file.name) : found->second;
    return book.package(name.substr(0, name.find(':')));  // "libc6:amd64"
  };
  for (const DatabaseFile& file : files) switch (file.kind) {
      case DatabaseKind::dpkg_list:
        read_dpkg_list(file.bytes, package(file), book);
        break;
      case DatabaseKind::dpkg_md5sums:
        read_dpkg_md5sums(file.bytes, package(file), book);
        break;
      case DatabaseKind::dpkg_diversions:
        read_dpkg_diversions(file.bytes, book);
        break;
      case DatabaseKind::dpkg_status:
        break;
      case DatabaseKind::apk_installed:
        read_apk_installed(file.bytes, book);
        break;
      case DatabaseKind::rpm_sqlite:
        read_rpm_sqlite(file.bytes, book);
        break;
      case DatabaseKind::not_read:
        book.complain(file.name + " is not read");
        break;
    }
  return book;
}

}  // namespace assay::inspect
