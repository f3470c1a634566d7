// A scan's trace as one file, read from the store as the client takes it.
#include "common/log.h"
#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/trace_export.h"

namespace assay::api {
namespace {

class TraceDownload : public HttpStreamer {
 public:
  TraceDownload(const Keep& keep, KeptTrace trace, bool artifacts)
      : keep_(keep), trace_(std::move(trace)), artifacts_(artifacts) {}
  void run(HttpStream& to) override {
    auto sent = export_trace(keep_, trace_, artifacts_, [&](std::string_view bytes) -> Status {
      if (to.write(bytes)) return Status();
      return Error{Errc::cancelled, "the client went away"};
    });
    if (sent || sent.error().code == Errc::cancelled) return;
    // The scan was run again meanwhile, retention took its trace, or the disk is damaged.
    spdlog::warn("event=trace_cut scan={} why=\"{}\"", trace_.scan_id, printable(sent.error().what, 300));
    to.cut();
  }

 private:
  const Keep& keep_;
  KeptTrace trace_;
  bool artifacts_;
};

Result<bool> wants_artifacts(const HttpRequest& request) {
  ASSAY_CHECK(check_parameters(request, {"artifacts"}));
  std::string text = request.parameter("artifacts").value_or("false");
  if (text == "true" || text == "false") return text == "true";
  return Error{Errc::invalid, "artifacts '" + printable(text, 40) + "' is neither true nor false"};
}

}  // namespace

HttpResponse show_trace(const Call& call) {
  auto artifacts = wants_artifacts(call.request);
  if (!artifacts) return error_answer(artifacts.error());
  auto found = done_scan(call, "trace");
  if (auto* refused = std::get_if<HttpResponse>(&found)) return std::move(*refused);
  const Keep& keep = call.services.keep;
  // Before the status is out: whether there is one, and that it begins well.
  auto trace = keep.kept_trace(std::get<ScanRecord>(found).scan_id);
  if (!trace && trace.error().code == Errc::not_found)
    return error_answer(404, "no_trace", trace.error().what);
  if (!trace) return error_answer(trace.error());
  Status first = keep.each_chunk(*trace, 0, std::min(trace->footer.chunks, 1u),
                                 [](std::string_view) { return Status(); });
  if (!first) return error_answer(first.error());
  HttpResponse out;
  out.content_type = "application/octet-stream";
  out.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + trace->scan_id + ".trace\"");
  out.stream = std::make_unique<TraceDownload>(keep, std::move(*trace), *artifacts);
  return out;
}

}  // namespace assay::api
