// Two passes over the trace, one file.
#include "cli/report_pcapng.h"

#include <boost/program_options.hpp>
#include <iostream>
#include <optional>

#include "cli/new_file.h"
#include "cli/stored.h"
#include "common/ids.h"
#include "common/text.h"
#include "common/trace_file.h"
#include "scheduler/export/pcapng.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

// Hands out the header, then every event, from the first, each time it is called.
using Pass = std::function<Status(const std::function<void(const TraceHeader&)>&,
                                  const std::function<void(const Event&)>&)>;

Pass pass_of_file(const std::string& path) {
  return [path](const auto& on_header, const auto& on_event) -> Status {
    TraceVisit visit;
    visit.header = [&](const TraceHeader& header) {
      on_header(header);
      return Status();
    };
    visit.chunk = [&](std::string_view, const std::vector<Event>& events) {
      for (const Event& event : events) on_event(event);
      return Status();
    };
    ASSAY_TRY(TraceFile file, read_trace_file(path, visit));
    return Status();
  };
}

Pass pass_of_scan(Store& store, const std::string& scan_id) {
  return [&store, scan_id](const auto& on_header, const auto& on_event) -> Status {
    ASSAY_TRY(TraceHeader header, Keep(store).header(scan_id));
    on_header(header);
    return Keep(store).each_event(scan_id, on_event);
  };
}

Result<PcapngWriter::Counts> write(const Pass& pass, NewFile& file) {
  std::optional<FlowBook> book;
  ASSAY_CHECK(pass([&](const TraceHeader& header) { book.emplace(header); },
                   [&](const Event& event) { book->add(event); }));
  book->close();
  std::optional<PcapngWriter> writer;
  Status status;  // the first that went wrong: events cannot be stopped
  ASSAY_CHECK(pass(
      [&](const TraceHeader& header) {
        writer.emplace(header, *book, [&](std::string_view bytes) { return file.add(bytes); });
      },
      [&](const Event& event) {
        if (status) status = writer->add(event);
      }));
  ASSAY_CHECK(status);
  return writer->finish();
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
  if (stored) {
    ASSAY_TRY(store, open_stored(map));
    ASSAY_CHECK(Keep(*store).header(source));  // no file is begun for what is not there
  }
  const auto& path = map["output"].as<std::string>();
  ASSAY_TRY(NewFile file, NewFile::create(path, map["force"].as<bool>(), "the capture"));
  ASSAY_TRY(PcapngWriter::Counts counts,
            write(stored ? pass_of_scan(*store, source) : pass_of_file(source), file));
  ASSAY_CHECK(file.finish());
  std::cerr << "written to " << printable(path) << ": " << counts.packets << " packets of "
            << counts.conversations << " flows, left out: " << counts.left_out << " events\n";
  return static_cast<int>(kBelowGate);
}

}  // namespace assay::cli
