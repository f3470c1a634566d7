// Scan by scan: the scheduler takes few at once, and scores what is shipped before them.
#include "cli/rescore_farm.h"

#include <poll.h>

#include <algorithm>
#include <chrono>

#include "cli/answers.h"
#include "cli/follow.h"
#include "common/text.h"

namespace assay::cli {
namespace {

using std::chrono::seconds;

constexpr size_t kMaxScans = 1'000'000;
constexpr int kTries = 30;
constexpr seconds kLongestWait{10};

ScanRecord record_of(const ScanView& view) {
  ScanRecord out;
  out.scan_id = view.scan_id;
  out.submission.job.ref = view.ref;
  out.submission.batch = view.batch;
  out.submitted_ns = view.submitted_ns;
  out.digest = view.digest;
  out.verdict = view.verdict;
  return out;
}

Result<std::vector<ScanView>> scans_of(const Remote& remote, const FarmRescoring& wanted) {
  if (!wanted.scan_ids.empty()) return load_each(remote, wanted.scan_ids);
  std::string query = wanted.filter.batch.empty() ? "" : "batch=" + wanted.filter.batch;
  ASSAY_TRY(auto all, load_pages(remote, query, kMaxScans));
  std::erase_if(all, [&](const ScanView& view) { return !wanted.filter.fits(record_of(view)); });
  return all;
}

// Others may be rescoring, too: the server then says when to come again.
Result<Reply> order(const Remote& remote, const std::string& scan_id, bool apply) {
  for (int left = kTries;; --left) {
    ASSAY_TRY(Reply reply, remote.call("POST", "/v1/scans/" + scan_id + "/rescore",
                                       apply ? R"({"apply":true})" : R"({"apply":false})"));
    if ((reply.status != 429 && reply.status != 503) || left == 1) return reply;
    seconds pause = std::clamp(reply.retry_after.value_or(seconds(1)), seconds(1), kLongestWait);
    pollfd stop{remote.stop_fd(), POLLIN, 0};
    if (::poll(&stop, 1, static_cast<int>(pause.count() * 1000)) > 0)
      return Error{Errc::cancelled, "stopped"};
  }
}

class FarmRun {
 public:
  FarmRun(const Remote& remote, const FarmRescoring& wanted, const FarmRescored& tell)
      : remote_(remote), wanted_(wanted), tell_(tell) {
    totals_.dry = !wanted.apply;
  }

  Status take(const ScanView& view) {
    if (view.state != "done") return ++totals_.unfinished, Status();
    if (!view.same_as.empty()) return ++totals_.shared, Status();
    ASSAY_TRY(auto dry, ask(view.scan_id, false));
    if (!dry) return Status();
    ++totals_.evaluated;
    if (!dry->of_verdict() && !(wanted_.all_changes && dry->any())) return Status();
    ++totals_.changed;
    if (!wanted_.apply) return tell_(view.scan_id, view.ref, *dry, false), Status();
    ASSAY_TRY(auto done, ask(view.scan_id, true));
    if (!done) return Status();
    ++totals_.applied;
    // What was applied, which a reload may have made another than what was announced.
    tell_(view.scan_id, view.ref, *done, true);
    return Status();
  }
  const RescoreTotals& totals() const { return totals_; }

 private:
  // Nothing: this one cannot be rescored, and is counted.
  Result<std::optional<RescoreChange>> ask(const std::string& scan_id, bool apply) {
    ASSAY_TRY(Reply reply, order(remote_, scan_id, apply));
    if (reply.status == 200) {
      ASSAY_TRY(RescoreChange change, read_rescored(reply.body));
      return std::optional(std::move(change));
    }
    // A scan without a trace, or one that another run of its image has changed meanwhile.
    if (reply.status == 404 || reply.status == 409) return ++totals_.pruned, std::optional<RescoreChange>();
    if (reply.status == 500) {
      ++totals_.damaged;
      (void)complain(reply_error(reply, "rescore of scan " + scan_id), kFailed);
      return std::optional<RescoreChange>();
    }
    return reply_error(reply, "rescore of scan " + scan_id);
  }

  const Remote& remote_;
  const FarmRescoring& wanted_;
  const FarmRescored& tell_;
  RescoreTotals totals_;
};

}  // namespace

Result<RescoreTotals> rescore_farm(const Remote& remote, const FarmRescoring& wanted,
                                   const FarmRescored& tell,
                                   const std::function<void(uint64_t done, uint64_t of)>& progress) {
  ASSAY_TRY(auto scans, scans_of(remote, wanted));
  FarmRun run(remote, wanted, tell);
  for (size_t i = 0; i < scans.size(); ++i) {
    progress(i, scans.size());
    ASSAY_CHECK(run.take(scans[i]));
  }
  return run.totals();
}

}  // namespace assay::cli
