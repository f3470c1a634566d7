// assay status: one scan, the scans that match, or the farm as a whole.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/farm_text.h"
#include "cli/follow.h"
#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "common/encodings.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay status [SCAN_ID...] [OPTIONS]\n"
    "Shows scans of the farm; with --state, --batch, --digest or --limit those that match, newest first; "
    "without any\n"
    "of them the farm: its queue, its agents, its pace.",
    "scan-id"};
constexpr const char* kFilters[] = {"state", "batch", "digest"};

Result<int> show_each(const Remote& remote, const std::vector<std::string>& ids, Format format) {
  Json all = Json::array();
  bool first = true;
  for (const std::string& id : ids) {
    ASSAY_TRY(std::string body, remote.get("/v1/scans/" + id));
    ASSAY_TRY(ScanView scan, read_scan(body));
    ASSAY_TRY(Json json, parse_object(body, "the server's answer"));
    if (format == Format::text) std::cout << (first ? "" : "\n") << scan_text(scan);
    all.push_back(std::move(json));
    first = false;
  }
  if (format == Format::json) std::cout << shown_json(all.size() == 1 ? all[0] : all) << "\n";
  return static_cast<int>(kBelowGate);
}

Result<int> list_scans(const Remote& remote, const po::variables_map& map, Format format) {
  unsigned limit = map["limit"].as<unsigned>();
  std::string query = "/v1/scans?limit=" + std::to_string(limit);
  for (const char* name : kFilters)
    if (map.count(name)) query += std::string("&") + name + "=" + url_encode(option_text(map, name));
  ASSAY_TRY(std::string body, remote.get(query));
  ASSAY_TRY(ScanPage page, read_scans(body));
  if (format == Format::json) {
    ASSAY_TRY(std::string shown, shown_answer(body));
    std::cout << shown;
    return static_cast<int>(kBelowGate);
  }
  Table table({{"SCAN"}, {"VERDICT"}, {"SCORE", true}, {"LANE"}, {"AGENT"}, {"IMAGE"}, {"ERROR"}});
  for (const ScanView& scan : page.scans)
    table.row({scan.scan_id, outcome(scan), scan.state == "done" ? std::to_string(scan.score) : "-",
               scan.lane, scan.agent, scan.ref, scan.error});
  std::cout << table.str(table_width());
  if (!page.next.empty()) std::cerr << "assay: there are more: --limit shows them\n";
  return static_cast<int>(kBelowGate);
}

Result<int> show_farm(const Remote& remote, Format format) {
  ASSAY_TRY(std::string queue_body, remote.get("/v1/queue"));
  ASSAY_TRY(std::string agents_body, remote.get("/v1/agents"));
  ASSAY_TRY(std::string capacity_body, remote.get("/v1/capacity?in_s=3600"));
  ASSAY_TRY(QueueView queue, read_queue(queue_body));
  ASSAY_TRY(auto agents, read_agents(agents_body));
  ASSAY_TRY(CapacityView capacity, read_capacity(capacity_body));
  if (format == Format::text) {
    std::cout << farm_text(queue, agents, capacity, table_width());
    return static_cast<int>(kBelowGate);
  }
  Json all;
  ASSAY_TRY(all["queue"], parse_object(queue_body, "the server's answer"));
  ASSAY_TRY(Json list, parse_object(agents_body, "the server's answer"));
  all["agents"] = list["agents"];
  ASSAY_TRY(all["capacity"], parse_object(capacity_body, "the server's answer"));
  std::cout << shown_json(all) << "\n";
  return static_cast<int>(kBelowGate);
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  bool filtered = !map["limit"].defaulted();
  for (const char* name : kFilters) filtered = filtered || map.count(name) > 0;
  std::vector<std::string> ids;
  if (map.count("scan-id")) {
    if (filtered)
      return Error{Errc::invalid, "a scan id and --state, --batch, --digest or --limit exclude each other"};
    ASSAY_TRY(ids, option_ids(map, "scan-id", "scan"));
  }
  ASSAY_TRY(Remote remote, open_remote(map));
  if (!ids.empty()) return show_each(remote, ids, format);
  return filtered ? list_scans(remote, map, format) : show_farm(remote, format);
}

}  // namespace

int status(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("state", po::value<std::string>(), "queued, leased, shipped, done, failed or cancelled");
  add("batch", po::value<std::string>(), "scans of this batch");
  add("digest", po::value<std::string>(), "scans of this image, sha256:...");
  add("limit", po::value<unsigned>()->default_value(50), "at most so many");
  add_format_option(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
