// stored: what the verbs share that read back from the data directory: options, opening the store beside a
// running scan, errors to exit codes.
#pragma once

#include <functional>
#include <string>

#include "cli/verbs.h"
#include "common/result.h"
#include "scheduler/store.h"

namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace assay::cli {

using StoredVerb = std::function<Result<int>(const boost::program_options::variables_map&)>;

/// Parses --data, --format, --limit, where `remote` is set --server and --token-file too, and the positional
/// word, and the options `more` of the verb's own, then runs `verb`. Errc::invalid becomes exit code 2, any
/// other error 1.
int run_stored(const Args& args, const char* usage, const char* positional, bool required,
               const StoredVerb& verb, bool remote = false,
               const boost::program_options::options_description* more = nullptr);

/// The store of --data, read-only.
Result<std::unique_ptr<Store>> open_stored(const boost::program_options::variables_map& map);
/// The same, to be changed: nobody else may have it open. Errc::not_found when there is none: none is made.
Result<std::unique_ptr<Store>> open_stored_for_writing(const boost::program_options::variables_map& map);
/// The same, made with its data directory where there is none.
Result<std::unique_ptr<Store>> make_stored(const boost::program_options::variables_map& map);
/// --data and --server say where a scan is; without either, $ASSAY_SERVER makes it the farm's.
Result<bool> from_farm(const boost::program_options::variables_map& map);
/// The report of a scan that is done, as JSON. What a farm sends has not been looked at.
Result<std::string> fetch_report(const boost::program_options::variables_map& map,
                                 const std::string& scan_id);
/// The positional word, checked to be a scan id.
Result<std::string> stored_scan_id(const boost::program_options::variables_map& map);

}  // namespace assay::cli
