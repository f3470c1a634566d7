// sqlite: the rows of one table of an SQLite database, by its file format (sqlite.org/fileformat2.html): no
// SQL, no index, no journal. For hostile files: every page is visited once at most.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::inspect {

/// A row's values: bytes of text and blobs; empty for NULL and numbers. They die with the call.
using VisitRow = std::function<void(const std::vector<std::string_view>&)>;

/// In order of their rowid. Errc::corrupt: it is no such database, or damaged; rows before the damage have
/// been visited. Errc::not_found: it has no such table.
Status each_row(std::string_view database, std::string_view table, const VisitRow& visit);

}  // namespace assay::inspect
