// assay capacity: when the backlog will be done as things are, and what it takes to be done by a given time.
#include <boost/program_options.hpp>
#include <cmath>
#include <iostream>

#include "cli/answers.h"
#include "cli/farm_text.h"
#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "common/encodings.h"
#include "common/units.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay capacity [--by TIME | --in DURATION] [OPTIONS]\n"
    "Says when the backlog will be done as things are, and how many agents it takes to be done in time.",
    ""};

std::string query_of(const po::variables_map& map, std::string& by_text,
                     Result<std::chrono::milliseconds>& in) {
  by_text = option_text(map, "by");
  if (!by_text.empty()) return "?by=" + url_encode(by_text);
  in = parse_duration(option_text(map, "in"));
  return in ? "?in_s=" + std::to_string(std::max<int64_t>(1, (in->count() + 999) / 1000)) : "";
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  if (map.count("by") && !map["in"].defaulted())
    return Error{Errc::invalid, "--by and --in exclude each other"};
  std::string by;
  Result<std::chrono::milliseconds> in = std::chrono::milliseconds(0);
  std::string query = query_of(map, by, in);
  if (!in) return in.error();
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.get("/v1/capacity" + query));
  ASSAY_TRY(CapacityView capacity, read_capacity(body));
  if (format == Format::json) {
    ASSAY_TRY(std::string shown, shown_answer(body));
    std::cout << shown;
  } else {
    std::cout << capacity_text(capacity, by);
  }
  return static_cast<int>(kBelowGate);
}

}  // namespace

int capacity(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("by", po::value<std::string>(), "a time, as in 2026-11-26T06:00:00Z or 2026-11-26T06:00:00+01:00");
  add("in", po::value<std::string>()->default_value("1h"), "from now, as in 90m or 8h");
  add_format_option(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
