// Options to a Wish.
#include "cli/wish_options.h"

#include <fcntl.h>

#include <boost/program_options.hpp>

#include "common/platform.h"
#include "common/units.h"

namespace assay::cli {

void add_wish_options(po::options_description& options) {
  auto add = options.add_options();
  add("lane", po::value<std::string>(), "gate, interactive, batch or sweep: the most urgent first");
  add("expect", po::value<std::string>(), "the verdict expected: clean, suspicious, malicious, inconclusive");
  add_run_options(options);
}

void add_run_options(po::options_description& options) {
  auto add = options.add_options();
  add("label", po::value<std::vector<std::string>>()->composing(),
      "NAME=VALUE, kept with the scan; may be repeated");
  add("fresh", po::bool_switch(), "run it even where a result of the same image could be used again");
  add("duration", po::value<std::string>(), "how long the image runs, as in 30s or 2m");
  add("extend", po::value<std::string>(),
      "further time, at most, for an image that waits or hides, as in 90s; 0: none");
  add("network", po::value<std::string>(),
      "sinkhole: a simulated internet; none: no network; egress: the real one, where agents allow it");
  add("persona", po::value<std::string>(),
      "what the image finds itself in: bare, kubernetes, ci, cloud; all: a scan in each");
  add("platform", po::value<std::string>(),
      "of an image for several platforms the one for this, as linux/arm64 (default: what the agent runs)");
  add("no-provoke", po::bool_switch(), "let the image run by itself, without a run plan");
  add("cpus", po::value<std::string>(), "processor time that the image may use, in CPUs, as in 1.5");
  add("memory", po::value<std::string>(), "memory that it may use, as in 512M");
  add("insecure", po::bool_switch(), "the registry may speak plain HTTP or show an unknown certificate");
  add("authfile", po::value<std::string>(),
      "docker config.json with the registry's credentials, on the agents' hosts");
}

Result<Wish> read_wish(const po::variables_map& map) {
  Wish wish;
  auto given = [&](const char* name) { return map.count(name) > 0; };
  if (given("lane")) {
    ASSAY_TRY(wish.lane, parse_lane(option_text(map, "lane")));
  }
  for (const std::string& text : option_words(map, "label")) {
    ASSAY_TRY(auto label, parse_label(text));
    if (wish.labels.size() == kMaxLabels)
      return Error{Errc::invalid, "more than " + std::to_string(kMaxLabels) + " labels"};
    wish.labels.push_back(std::move(label));
  }
  if (given("expect")) {
    ASSAY_TRY(wish.expect, parse_expectation(option_text(map, "expect")));
  }
  if (given("duration")) {
    ASSAY_TRY(wish.duration, parse_duration(option_text(map, "duration")));
  }
  if (given("extend")) {
    ASSAY_TRY(wish.extension, parse_duration(option_text(map, "extend")));
  }
  if (given("network")) {
    ASSAY_TRY(wish.network, parse_network(option_text(map, "network")));
  }
  if (given("persona")) {
    ASSAY_TRY(wish.personas, parse_personas(option_text(map, "persona")));
  }
  if (given("platform")) {
    ASSAY_TRY(wish.platform, parse_platform(option_text(map, "platform")));
  }
  wish.no_provoke = map["no-provoke"].as<bool>();
  if (given("cpus")) {
    ASSAY_TRY(wish.cpu_millis, parse_cpus(option_text(map, "cpus")));
  }
  if (given("memory")) {
    ASSAY_TRY(wish.memory_bytes, parse_bytes(option_text(map, "memory")));
  }
  wish.fresh = map["fresh"].as<bool>();
  wish.insecure = map["insecure"].as<bool>();
  wish.auth_file = option_text(map, "authfile");
  return wish;
}

Result<std::string> read_input(const std::string& name) {
  if (name == "-") return read_fd(0, kMaxOrderBytes, "standard input");
  return read_file(name, kMaxOrderBytes);
}

Error refuse(const Complaints& complaints) {
  for (const Error& error : complaints.list) complain(error, kUsage);
  size_t all = complaints.list.size() + complaints.more;
  return {Errc::invalid, "nothing was submitted: " + std::to_string(all) +
                             (all == 1 ? " entry is wrong" : " entries are wrong")};
}

}  // namespace assay::cli
