// assay list: the scans of the data directory, newest first.
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/stored.h"
#include "cli/verbs.h"
#include "common/text.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;

std::string as_json(const ScanRecord& record) {
  nlohmann::ordered_json out;
  out["scan"] = record.scan_id;
  out["ref"] = printable(record.submission.job.ref);
  out["digest"] = printable(record.digest);
  out["state"] = to_string(record.state);
  out["verdict"] = printable(record.verdict);
  out["score"] = record.score;
  out["submitted_ns"] = record.submitted_ns;
  out["finished_ns"] = record.finished_ns;
  out["error"] = printable(record.error);
  out["pinned"] = printable(record.pinned);
  out["pruned"] = pruned_words(record.pruned);
  return out.dump();
}

std::string as_text(const ScanRecord& record) {
  char head[128];
  bool done = record.state == ScanState::done;
  std::snprintf(head, sizeof head, "%-24s  %-12s  %5s  ", record.scan_id.c_str(),
                done ? printable(record.verdict).c_str() : to_string(record.state),
                done ? std::to_string(record.score).c_str() : "-");
  std::string out = head + printable(record.submission.job.ref, 200);
  if (!record.error.empty()) out += "  (" + printable(record.error, 200) + ")";
  return out;
}

Result<int> show(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  unsigned left = map["limit"].as<unsigned>();
  if (format == Format::text) std::printf("%-24s  %-12s  %5s  %s\n", "SCAN", "VERDICT", "SCORE", "IMAGE");
  std::string rows;
  Status all = Keep(*store).each_scan([&](const ScanRecord& record) {
    if (left == 0) return false;
    --left;
    if (format == Format::text)
      std::printf("%s\n", as_text(record).c_str());
    else
      rows += (rows.empty() ? "" : ",\n ") + as_json(record);
    return true;
  });
  if (format == Format::json) std::printf("[%s]\n", rows.c_str());
  ASSAY_CHECK(all);  // after the rows that are whole
  return static_cast<int>(kBelowGate);
}

}  // namespace

int list(const Args& args) {
  return run_stored(args, "assay list [OPTIONS]\nLists the stored scans, newest first.", "word", false,
                    [](const po::variables_map& map) -> Result<int> {
                      if (map.count("word"))
                        return Error{Errc::invalid, "assay list takes no word, but got '" +
                                                        map["word"].as<std::string>() + "'"};
                      return show(map);
                    });
}

}  // namespace assay::cli
