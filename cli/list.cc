// assay list: the scans of the data directory, newest first.
#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/filter_options.h"
#include "cli/options.h"
#include "cli/stored.h"
#include "cli/verbs.h"
#include "common/ids.h"
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

// Where to begin: at --start, or at the newest that the filter lets through.
Result<std::string> first_id(const po::variables_map& map, const ScanFilter& filter) {
  std::string newest = filter.newest_id();
  if (!map.count("start")) return newest;
  std::string start = map["start"].as<std::string>();
  if (!is_scan_id(start)) return Error{Errc::invalid, "--start '" + printable(start, 64) + "' is no scan id"};
  return newest.empty() ? start : std::min(start, newest);
}

Result<int> show(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  ASSAY_TRY(ScanFilter filter, read_filter(map));
  ASSAY_TRY(std::string start, first_id(map, filter));
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  unsigned left = map["limit"].as<unsigned>();
  if (format == Format::text) std::printf("%-24s  %-12s  %5s  %s\n", "SCAN", "VERDICT", "SCORE", "IMAGE");
  std::string rows, next, oldest = filter.oldest_id();
  Status all = Keep(*store).each_scan(
      [&](const ScanRecord& record) {
        if (record.scan_id < oldest) return false;
        if (!filter.fits(record)) return true;
        if (left == 0) return next = record.scan_id, false;
        --left;
        if (format == Format::text)
          std::printf("%s\n", as_text(record).c_str());
        else
          rows += (rows.empty() ? "" : ",\n ") + as_json(record);
        return true;
      },
      start);
  if (format == Format::json) std::printf("[%s]\n", rows.c_str());
  if (Status out = flush_stdout(); !out) return out.error();
  if (!next.empty()) std::cerr << "assay: there are more: --start " << next << " goes on from there\n";
  ASSAY_CHECK(all);  // after the rows that are whole
  return static_cast<int>(kBelowGate);
}

}  // namespace

int list(const Args& args) {
  po::options_description more("Which");
  more.add_options()("start", po::value<std::string>(), "from this scan on, as the page before said");
  add_filter_options(more);
  return run_stored(
      args, "assay list [OPTIONS]\nLists the stored scans, newest first.", "word", false,
      [](const po::variables_map& map) -> Result<int> {
        if (map.count("word"))
          return Error{Errc::invalid,
                       "assay list takes no word, but got '" + map["word"].as<std::string>() + "'"};
        return show(map);
      },
      false, &more);
}

}  // namespace assay::cli
