// Verbs over the data directory.
#include "cli/stored.h"

#include <boost/program_options.hpp>
#include <iostream>

#include "cli/options.h"
#include "cli/remote_verb.h"
#include "common/ids.h"

namespace assay::cli {

int run_stored(const Args& args, const char* usage, const char* positional, bool required,
               const StoredVerb& verb, bool remote) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("data", po::value<std::string>(), "data directory (default: ~/.local/share/assay)");
  add("format", po::value<std::string>()->default_value("text"), "text or json");
  add("limit", po::value<unsigned>()->default_value(50), "at most so many rows");
  if (remote) add_remote_options(options);
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

Result<std::unique_ptr<Store>> open_stored(const po::variables_map& map) {
  std::filesystem::path data =
      map.count("data") ? std::filesystem::path(map["data"].as<std::string>()) : default_data_dir();
  return Store::open(data / "store", Store::Mode::read_only);
}

Result<std::string> stored_scan_id(const po::variables_map& map) {
  const auto& text = map["scan-id"].as<std::string>();
  if (!is_scan_id(text))
    return Error{Errc::invalid, "'" + text.substr(0, 100) + "' is no scan id (assay list shows them)"};
  return text;
}

}  // namespace assay::cli
