// The options of a filter.
#include "cli/filter_options.h"

#include <boost/program_options.hpp>

#include "common/clock.h"
#include "common/ids.h"
#include "common/text.h"

namespace assay::cli {

namespace po = boost::program_options;

void add_filter_options(po::options_description& options) {
  auto add = options.add_options();
  add("since", po::value<std::string>(),
      "submitted at or after: a time, a day (2026-11-26), or ago (7d, 12h)");
  add("until", po::value<std::string>(), "submitted before, likewise");
  add("verdict", po::value<std::vector<std::string>>()->composing(), "of this verdict; may be given again");
  add("image", po::value<std::string>(), "whose reference contains this, or whose digest is this");
  add("batch", po::value<std::string>(), "of this batch");
}

Result<ScanFilter> read_filter(const po::variables_map& map) {
  ScanFilter filter;
  auto text = [&](const char* name) { return map.count(name) ? map[name].as<std::string>() : ""; };
  if (map.count("since")) {
    ASSAY_TRY(filter.since_ns, parse_when(text("since"), wall_ns()));
  }
  if (map.count("until")) {
    ASSAY_TRY(filter.until_ns, parse_when(text("until"), wall_ns()));
  }
  if (map.count("verdict")) filter.verdicts = map["verdict"].as<std::vector<std::string>>();
  for (const std::string& verdict : filter.verdicts) ASSAY_CHECK(check_verdict(verdict));
  filter.image = text("image");
  filter.batch = text("batch");
  if (!filter.batch.empty() && !is_scan_id(filter.batch))
    return Error{Errc::invalid, "'" + printable(filter.batch, 64) + "' is no batch id"};
  return filter;
}

}  // namespace assay::cli
