// assay trace export: one scan's trace as a single file, from the local store or from a farm.
#include "cli/trace_verbs.h"

#include <boost/program_options.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/new_file.h"
#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "common/ids.h"
#include "common/text.h"
#include "common/trace_file.h"
#include "scheduler/keep.h"
#include "scheduler/score/text_layout.h"
#include "scheduler/trace_export.h"

namespace assay::cli {
namespace {

constexpr uint64_t kMaxFileBytes = 8ull << 30;  // 4,096 chunks of 1 MiB, and then some

Status fetch(const po::variables_map& map, const std::string& scan_id, bool artifacts, NewFile& to) {
  ASSAY_TRY(bool farm, from_farm(map));
  auto add = [&](std::string_view bytes) { return to.add(bytes); };
  if (farm) {
    ASSAY_TRY(Remote remote, open_remote(map));
    return remote.download("/v1/scans/" + scan_id + "/trace" + (artifacts ? "?artifacts=true" : ""), add);
  }
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  Keep keep(*store);
  ASSAY_TRY(KeptTrace trace, keep.kept_trace(scan_id));
  ASSAY_CHECK(export_trace(keep, trace, artifacts, add));
  return Status();
}

std::string as_json(const TraceFile& file, const std::string& path) {
  nlohmann::ordered_json out = {{"scan", file.header.scan_id},   {"file", printable(path)},
                                {"bytes", file.bytes},           {"events", file.events},
                                {"chunks", file.chunks},         {"pieces", file.pieces},
                                {"report", !file.report.empty()}};
  return out.dump() + "\n";
}

std::string as_text(const TraceFile& file, const std::string& path, const std::string& asked) {
  std::string out = "written to " + printable(path) + ", " + layout::size_text(file.bytes) + ": " +
                    layout::plural(file.events, "event");
  if (file.pieces > 0) out += ", and artifacts; live malware may be in them. Their password: infected";
  if (file.header.scan_id != asked)
    out += "\nscan " + asked + " has the result of scan " + file.header.scan_id + ": the file is that one's";
  return out + "\n";
}

Result<int> write(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  ASSAY_TRY(std::string scan_id, stored_scan_id(map));
  std::string path = map.count("output") ? map["output"].as<std::string>() : scan_id + ".trace";
  ASSAY_TRY(NewFile file, NewFile::create(path, map["force"].as<bool>(), "the trace", kMaxFileBytes));
  ASSAY_CHECK(fetch(map, scan_id, map["artifacts"].as<bool>(), file));
  // What came is read as its next reader will read it, before it gets its name: a farm is not trusted, nor a
  // disk.
  auto read = read_trace_file(file.part(), TraceVisit());
  if (!read) return read.error();
  if (!read->sealed || !is_scan_id(read->header.scan_id))
    return Error{Errc::corrupt, "what came as the trace of scan " + scan_id + " is none"};
  ASSAY_CHECK(file.finish());
  std::cout << (format == Format::json ? as_json(*read, path) : as_text(*read, path, scan_id));
  return static_cast<int>(kBelowGate);
}

}  // namespace

int trace_export(const Args& args) {
  po::options_description own;
  auto add = own.add_options();
  add("output,o", po::value<std::string>(), "file to write (default: SCAN_ID.trace)");
  add("force", po::bool_switch(), "overwrite that file");
  add("artifacts", po::bool_switch(), "with the archive of the files that the image left behind");
  return run_stored(
      args,
      "assay trace export SCAN_ID [OPTIONS]\nWrites one scan's trace, with its report, as a "
      "single file that `assay trace import`\nand other programs can read (docs/trace.md); with "
      "--server, or without --data where\n$ASSAY_SERVER is set, from the farm.",
      "scan-id", true, write, true, &own);
}

}  // namespace assay::cli
