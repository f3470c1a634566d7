// search_json: what a search found, as the API shows it; `assay search` shows a local store's in the same
// form. Pure. Texts that came from outside are printable() in it.
#pragma once

#include <string>

#include "scheduler/search.h"

namespace assay::api {

/// {"hits": [a scan and "matched": [{"kind", "role", "value"}], "matched_left_out"], "next": id or null,
/// "looked", "unreadable", "knows_all"}
std::string search_json(const SearchPage& page);

}  // namespace assay::api
