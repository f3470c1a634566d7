// The members are loaded first, silently: what has ended already is in the summary.
#include "cli/batch_watch.h"

#include <boost/program_options.hpp>
#include <iostream>

#include "cli/farm_text.h"
#include "cli/follow.h"
#include "cli/json_fields.h"
#include "cli/terminal.h"
#include "common/signals.h"

namespace assay::cli {
namespace {

constexpr size_t kMaxMembers = 1'000'000;

}  // namespace

Status print_batch(const Remote& remote, const std::string& batch_id, Format format) {
  ASSAY_TRY(std::string body, remote.get("/v1/batches/" + batch_id));
  ASSAY_TRY(BatchView batch, read_batch(body));
  if (format == Format::text) {
    std::cout << batch_text(batch, table_width());
    return Status();
  }
  ASSAY_TRY(std::string shown, shown_answer(body));
  std::cout << shown;
  return Status();
}

Result<int> watch_batch(const po::variables_map& map, const std::string& batch_id) {
  ASSAY_TRY(Gate gate, parse_gate(option_text(map, "gate")));
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(Remote remote, open_remote(map, signals.get()));
  Watched watched;
  ASSAY_TRY(auto scans, load_pages(remote, "&batch=" + batch_id, kMaxMembers));
  for (const ScanView& scan : scans) (void)watched.set(scan);
  // Without a member the batch is not there, or has none: the server says which.
  if (watched.total() == 0) ASSAY_CHECK(remote.get("/v1/batches/" + batch_id));
  Live live(format == Format::text);
  Status ended =
      watched.all_ended() ? Status() : follow(remote, "/v1/events?batch=" + batch_id, nullptr, watched, live);
  if (!ended && ended.error().code == Errc::cancelled)
    return Error{Errc::cancelled,
                 "interrupted: the batch goes on in the farm; `assay batch watch " + batch_id + "` shows it"};
  if (!ended) return ended.error();
  if (format == Format::text && ::isatty(1) == 1) std::cout << "\n";
  ASSAY_CHECK(print_batch(remote, batch_id, format));
  return static_cast<int>(watched.exit(gate));
}

}  // namespace assay::cli
