// Two passes over the trace, one file.
#include "cli/report_pcapng.h"

#include <boost/program_options.hpp>
#include <iostream>

#include "cli/new_file.h"
#include "cli/stored.h"
#include "common/ids.h"
#include "common/text.h"
#include "common/trace_file.h"
#include "scheduler/export/pcapng.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

using Visit = std::function<void(const Event&)>;
// Hands on every event, from the first, each time it is called.
using Events = std::function<Status(const Visit&)>;

Result<PcapngWriter::Counts> write(const TraceHeader& header, const Events& events, NewFile& file) {
  FlowBook book(header);
  ASSAY_CHECK(events([&](const Event& event) { book.add(event); }));
  book.close();
  PcapngWriter writer(header, book, [&](std::string_view bytes) { return file.add(bytes); });
  Status status;  // the first that went wrong: events cannot be stopped
  ASSAY_CHECK(events([&](const Event& event) {
    if (status) status = writer.add(event);
  }));
  ASSAY_CHECK(status);
  return writer.finish();
}

}  // namespace

Result<int> report_pcapng(const boost::program_options::variables_map& map, const std::string& source) {
  if (map.count("output") == 0)
    return Error{Errc::invalid, "pcapng is bytes for a file: name it with --output"};
  bool stored = is_scan_id(source);
  ASSAY_TRY(bool farm, from_farm(map));
  if (stored && farm)
    return Error{Errc::unsupported,
                 "pcapng is made from a trace, and the farm's lies there: export it, and give its file"};
  std::unique_ptr<Store> store;
  Events events = [&](const Visit& visit) -> Status {
    if (stored) return Keep(*store).each_event(source, visit);
    ASSAY_TRY(TraceEnds ends, read_trace_file(source, visit));
    return Status();
  };
  TraceHeader header;
  if (stored) {
    ASSAY_TRY(store, open_stored(map));
    ASSAY_TRY(header, Keep(*store).header(source));
  } else {
    ASSAY_TRY(TraceEnds ends, read_trace_file(source, [](const Event&) {}));
    header = std::move(ends.header);
  }
  const auto& path = map["output"].as<std::string>();
  ASSAY_TRY(NewFile file, NewFile::create(path, map["force"].as<bool>(), "the capture"));
  ASSAY_TRY(PcapngWriter::Counts counts, write(header, events, file));
  ASSAY_CHECK(file.finish());
  std::cerr << "written to " << printable(path) << ": " << counts.packets << " packets of "
            << counts.conversations << " flows, left out: " << counts.left_out << " events\n";
  return static_cast<int>(kBelowGate);
}

}  // namespace assay::cli
