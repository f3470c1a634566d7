// stored: what the verbs share that read back from the data directory: options, opening the store beside a
// running scan, errors to exit codes.
#pragma once

#include <functional>
#include <string>

#include "cli/verbs.h"
#include "common/result.h"
#include "scheduler/store.h"

namespace boost::program_options {
class variables_map;
}

namespace assay::cli {

using StoredVerb = std::function<Result<int>(const boost::program_options::variables_map&)>;

/// Parses --data, --format, --limit, where `remote` is set --server and --token-file too, and the positional
/// word, then runs `verb`. Errc::invalid becomes exit code 2, any other error 1.
int run_stored(const Args& args, const char* usage, const char* positional, bool required,
               const StoredVerb& verb, bool remote = false);

/// The store of --data, read-only.
Result<std::unique_ptr<Store>> open_stored(const boost::program_options::variables_map& map);
/// The positional word, checked to be a scan id.
Result<std::string> stored_scan_id(const boost::program_options::variables_map& map);

}  // namespace assay::cli
