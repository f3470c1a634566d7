// The files that a scan kept, as the archive that its agent made, read from the store as the client takes it.
#include "common/log.h"
#include "common/text.h"
#include "scheduler/api/call.h"

namespace assay::api {
namespace {

class Archive : public HttpStreamer {
 public:
  Archive(const Keep& keep, std::string scan_id) : keep_(keep), scan_id_(std::move(scan_id)) {}
  void run(HttpStream& to) override {
    Status read = keep_.artifacts(scan_id_, [&](std::string_view piece) { return to.write(piece); });
    if (read) return;
    // The scan was run again meanwhile, or the disk is damaged.
    spdlog::warn("event=artifacts_cut scan={} why=\"{}\"", scan_id_, printable(read.error().what, 300));
    to.cut();
  }

 private:
  const Keep& keep_;
  std::string scan_id_;
};

}  // namespace

HttpResponse show_artifacts(const Call& call) {
  auto found = done_scan(call, "artifacts");
  if (auto* refused = std::get_if<HttpResponse>(&found)) return std::move(*refused);
  const std::string& scan_id = std::get<ScanRecord>(found).scan_id;
  // Before the status is out: whether there are any.
  Status first = call.services.keep.artifacts(scan_id, [](std::string_view) { return false; });
  if (!first && first.error().code == Errc::not_found)
    return error_answer(404, "no_artifacts", first.error().what);
  if (!first) return error_answer(first.error());
  HttpResponse out;
  out.content_type = "application/zip";
  out.headers.emplace_back("Content-Disposition", "attachment; filename=\"" + scan_id + ".zip\"");
  out.stream = std::make_unique<Archive>(call.services.keep, scan_id);
  return out;
}

}  // namespace assay::api
