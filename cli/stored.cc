// Verbs over the data directory.
#include "cli/stored.h"

#include <boost/program_options.hpp>
#include <cstdlib>
#include <iostream>

#include "cli/kept_scans.h"
#include "cli/options.h"
#include "cli/remote_verb.h"
#include "common/ids.h"
#include "scheduler/keep.h"

namespace assay::cli {

int run_stored(const Args& args, const char* usage, const char* positional, bool required,
               const StoredVerb& verb, bool remote, const po::options_description* more) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add("format", po::value<std::string>()->default_value("text"), "text or json");
  add("limit", po::value<unsigned>()->default_value(50), "at most so many rows");
  if (remote) add_remote_options(options);
  if (more != nullptr) options.add(*more);
  add("help,h", "this text");
  po::options_description all;
  all.add(options).add_options()(positional, po::value<std::string>());
  auto map = parse(args, all, positional);
  if (!map) return complain(map.error(), kUsage);
  if (map->count("help")) {
    std::cout << usage << "\n\n" << options;
    return kBelowGate;
  }
  if (required && map->count(positional) == 0)
    return complain({Errc::invalid, std::string("no ") + positional + " given (--help tells more)"}, kUsage);
  Result<int> done = verb(*map);
  if (!done) return complain(done.error(), done.error().code == Errc::invalid ? kUsage : kFailed);
  if (Status out = flush_stdout(); !out) return complain(out.error(), kFailed);
  return *done;
}

namespace {

std::filesystem::path data_dir(const po::variables_map& map) {
  return map.count("data") ? std::filesystem::path(map["data"].as<std::string>()) : default_data_dir();
}

std::filesystem::path store_dir(const po::variables_map& map) { return data_dir(map) / "store"; }

Result<std::unique_ptr<Store>> open_upgraded(const std::filesystem::path& dir) {
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(dir, Store::Mode::read_write));
  ASSAY_TRY(Keep::Opened opened, Keep(*store).upgrade());
  (void)opened;  // what cannot be read stays as it is, and is told by who reads it
  return store;
}

}  // namespace

Result<std::unique_ptr<Store>> open_stored(const po::variables_map& map) {
  return Store::open(store_dir(map), Store::Mode::read_only);
}

Result<std::unique_ptr<Store>> open_stored_for_writing(const po::variables_map& map) {
  std::error_code error;
  if (!std::filesystem::exists(store_dir(map) / "CURRENT", error)) return open_stored(map);
  return open_upgraded(store_dir(map));
}

Result<std::unique_ptr<Store>> make_stored(const po::variables_map& map) {
  std::error_code error;
  std::filesystem::create_directories(data_dir(map), error);
  if (error) return errno_error("create data directory " + data_dir(map).string(), error.value());
  return open_upgraded(store_dir(map));
}

Result<bool> from_farm(const po::variables_map& map) {
  if (map.count("server") && map.count("data"))
    return Error{Errc::invalid,
                 "--server and --data exclude each other: is the scan the farm's or this host's?"};
  const char* server = std::getenv("ASSAY_SERVER");
  return map.count("server") > 0 || (map.count("data") == 0 && server != nullptr && *server != 0);
}

Result<std::string> fetch_report(const po::variables_map& map, const std::string& scan_id) {
  ASSAY_TRY(KeptScans kept, KeptScans::open(map));
  return kept.report(scan_id);
}

Result<std::string> stored_scan_id(const po::variables_map& map) {
  const auto& text = map["scan-id"].as<std::string>();
  if (!is_scan_id(text))
    return Error{Errc::invalid, "'" + text.substr(0, 100) + "' is no scan id (assay list shows them)"};
  return text;
}

}  // namespace assay::cli
