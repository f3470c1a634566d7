// assay artifacts: the files that a scan kept: a list, and the archive that holds them.
#include <boost/program_options.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/new_file.h"
#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "cli/verbs.h"
#include "common/text.h"
#include "scheduler/keep.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

std::string as_text(const Report& report) {
  std::string out;
  for (const KeptFile& file : report.artifacts)
    out += layout::pad(layout::size_text(file.size_bytes), 11) +
           layout::pad(file.executed ? "executed" : "", 10) + file.sha256 + "  " + file.path + "\n";
  if (uint64_t left_out = report.footer.artifacts_left_out; left_out > 0)
    out += "and " + layout::plural(left_out, "file") + " beyond the bounds, not kept\n";
  return out;
}

std::string as_json(const Report& report) {
  auto files = nlohmann::ordered_json::array();
  for (const KeptFile& file : report.artifacts)
    files.push_back({{"path", file.path},
                     {"name", file.name},
                     {"sha256", file.sha256},
                     {"size_bytes", file.size_bytes},
                     {"executed", file.executed}});
  return files.dump(2) + "\n";
}

Status fetch(const po::variables_map& map, const std::string& scan_id, NewFile& to) {
  ASSAY_TRY(bool farm, from_farm(map));
  if (farm) {
    ASSAY_TRY(Remote remote, open_remote(map));
    return remote.download("/v1/scans/" + scan_id + "/artifacts",
                           [&](std::string_view bytes) { return to.add(bytes); });
  }
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  Status written;
  ASSAY_CHECK(Keep(*store).artifacts(scan_id, [&](std::string_view bytes) {
    written = to.add(bytes);
    return static_cast<bool>(written);
  }));
  return written;
}

Result<int> show(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  ASSAY_TRY(std::string scan_id, stored_scan_id(map));
  ASSAY_TRY(std::string json, fetch_report(map, scan_id));
  ASSAY_TRY(Report report, parse_report(json));
  uint64_t left_out = report.footer.artifacts_left_out;
  if (report.artifacts.empty())
    return Error{Errc::not_found,
                 "scan " + scan_id + " has kept no files" +
                     (left_out == 0 ? "" : ": " + std::to_string(left_out) + " were beyond its bounds")};
  std::string list = format == Format::json ? as_json(report) : as_text(report);
  if (map["list"].as<bool>()) {
    std::cout << list;
    return static_cast<int>(kBelowGate);
  }
  std::string path = map.count("output") ? map["output"].as<std::string>() : scan_id + ".zip";
  ASSAY_TRY(NewFile file, NewFile::create(path, map["force"].as<bool>(), "the archive"));
  ASSAY_CHECK(fetch(map, scan_id, file));
  ASSAY_CHECK(file.finish());
  std::cout << list;
  (format == Format::json ? std::cerr : std::cout)
      << "written to " << printable(path) << ", " << layout::size_text(file.bytes())
      << "; live malware may be in it. Its password: infected\n";
  return static_cast<int>(kBelowGate);
}

}  // namespace

int artifacts(const Args& args) {
  po::options_description own;
  auto add = own.add_options();
  add("output,o", po::value<std::string>(), "file of the archive (default: SCAN_ID.zip)");
  add("force", po::bool_switch(), "overwrite that file");
  add("list", po::bool_switch(), "only list what is in it");
  return run_stored(
      args,
      "assay artifacts SCAN_ID [OPTIONS]\nFetches the files that an image dropped or changed, as a "
      "zip archive with the\npassword \"infected\"; with --server, or without --data where "
      "$ASSAY_SERVER is set,\nfrom the farm.",
      "scan-id", true, show, true, &own);
}

}  // namespace assay::cli
