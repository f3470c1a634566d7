// One batch, followed to its end; then the report of each scan.
#include <boost/program_options.hpp>
#include <iostream>
#include <map>

#include "cli/follow.h"
#include "cli/json_fields.h"
#include "cli/order_json.h"
#include "cli/send.h"
#include "cli/vet_scans.h"
#include "common/signals.h"
#include "common/text.h"

namespace assay::cli {
namespace {

Json image_json(const VetImage& image, bool fresh) {
  Wish wish;
  wish.duration = image.job.duration;
  wish.extension = image.job.extension;
  wish.network = image.job.network;
  wish.personas = {image.job.persona};
  wish.no_provoke = !image.job.provoke;
  wish.insecure = image.job.insecure;
  wish.auth_file = image.job.auth_file;
  wish.platform = image.job.platform;
  wish.fresh = fresh;
  if (image.job.memory_bytes != 0) wish.memory_bytes = image.job.memory_bytes;
  Json out = {{"ref", image.job.ref}};
  write_wish(out, wish);
  return out;
}

Result<SubmittedBatch> submit(const Remote& remote, const VetOptions& options, const std::string& name,
                              std::span<const VetImage> images) {
  Json body = {{"name", name}, {"lane", to_string(Lane::batch)}, {"images", Json::array()}};
  for (const VetImage& image : images) body["images"].push_back(image_json(image, options.fresh));
  Patience patience;
  patience.after_timeout = false;  // a batch twice is worse than one to look for
  auto note = [](const std::string& text) { std::cerr << "assay: " << text << "\n"; };
  ASSAY_TRY(Reply reply, post_patiently(remote, "/v1/batches", body_text(body), patience, note));
  if (reply.status / 100 != 2) {
    Error error = reply_error(reply, "POST /v1/batches");
    Refusal refusal = read_refusal(reply);
    if (refusal.index && *refusal.index < images.size())
      return error.context(printable(images[*refusal.index].name, 100));
    return error;
  }
  ASSAY_TRY(SubmittedBatch batch, read_submitted_batch(reply.body));
  if (batch.scan_ids.size() != images.size())
    return Error{Errc::corrupt, "the server answered " + std::to_string(batch.scan_ids.size()) +
                                    " scans for " + std::to_string(images.size()) + " images"};
  return batch;
}

Status follow_batch(const Remote& remote, const std::string& batch_id, Watched& watched) {
  Live live(false);
  Status ended = follow(remote, "/v1/events?batch=" + batch_id, nullptr, watched, live);
  if (!ended && ended.error().code == Errc::cancelled)
    return Error{Errc::cancelled,
                 "interrupted: the batch goes on in the farm; `assay batch watch " + batch_id + "` shows it"};
  return ended;
}

ScanOutcome outcome_of(const Remote& remote, const std::string& scan_id) {
  ScanOutcome out;
  out.scan_id = scan_id;
  auto scans = load_each(remote, {scan_id});
  if (!scans) {
    out.trouble = scans.error().what;
    return out;
  }
  const ScanView& scan = (*scans)[0];
  if (scan.state != "done") {
    out.trouble = "the scan is " + scan.state + (scan.error.empty() ? "" : ": " + scan.error);
    return out;
  }
  auto body = remote.get("/v1/scans/" + scan_id + "/report");
  auto report = body ? parse_report(*body) : Result<Report>(body.error());
  if (report)
    out.report = std::move(*report);
  else
    out.trouble = report.error().what;
  return out;
}

}  // namespace

Result<std::vector<ScanOutcome>> vet_by_farm(const po::variables_map& map, const VetOptions& options,
                                             const std::string& name, std::span<const VetImage> images) {
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(Remote remote, open_remote(map, signals.get()));
  ASSAY_TRY(SubmittedBatch batch, submit(remote, options, name, images));
  std::cerr << "batch " << batch.batch_id << "\n";
  Watched watched;
  for (size_t i = 0; i < images.size(); ++i) {
    ScanView scan;
    scan.scan_id = batch.scan_ids[i];
    scan.ref = images[i].job.ref;
    scan.state = "queued";
    (void)watched.set(scan);
  }
  ASSAY_CHECK(follow_batch(remote, batch.batch_id, watched));
  std::vector<ScanOutcome> out;
  for (const std::string& scan_id : batch.scan_ids) out.push_back(outcome_of(remote, scan_id));
  return out;
}

}  // namespace assay::cli
