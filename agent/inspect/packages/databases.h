// databases: readers of package databases, each of hostile bytes into a book. None fails: what cannot be read
// is left out, and said in the book's summary. Run only inside assay-inspect.
#pragma once

#include <string_view>
#include <vector>

#include "agent/inspect/packages/book.h"

namespace assay::inspect {

/// All of them. Formats: dpkg (deb-md5sums(5), dpkg-divert(1)), apk-tools' installed, rpm's rpmdb.sqlite.
PackageBook read_databases(const std::vector<DatabaseFile>& files);

void read_dpkg_list(std::string_view text, uint32_t package, PackageBook& book);
void read_dpkg_md5sums(std::string_view text, uint32_t package, PackageBook& book);
void read_dpkg_diversions(std::string_view text, PackageBook& book);
/// The value of "Package:" in a paragraph; empty: it has none.
std::string_view dpkg_name(std::string_view paragraph);
void read_apk_installed(std::string_view text, PackageBook& book);
/// A header as it lies in the table Packages: an index of tags, then their data.
void read_rpm_header(std::string_view blob, PackageBook& book);
void read_rpm_sqlite(std::string_view database, PackageBook& book);

}  // namespace assay::inspect
