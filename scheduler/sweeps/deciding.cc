// A result is one of the same digest, run in the same way by this tracer: result_key() of keep.
#include "scheduler/sweeps/deciding.h"

#include "common/text.h"
#include "common/version.h"

namespace assay::sweeps {

std::string image_key(const Item& item) { return item.digest + "/" + to_string(item.persona); }

Submission submission_for(const RunRecord& run, const RepositoryRecord& repository, const Item& item,
                          bool fresh) {
  Submission out = run.spec.profile;
  std::string name = repository.host + "/" + repository.name;
  out.job.ref = name + "@" + item.digest;
  out.job.persona = item.persona;
  if (!item.platform.empty()) out.job.platform = item.platform;
  if (repository.source < run.spec.sources.size())
    out.job.insecure = out.job.insecure || run.spec.sources[repository.source].insecure;
  out.lane = Lane::sweep;
  out.tenant = run.tenant;
  out.batch = run.run_id;
  std::string image = item.tag.empty() ? name + "@" + item.digest : name + ":" + item.tag;
  out.labels = {{"sweep", run.sweep}, {"run", run.run_id}, {"image", image.substr(0, kMaxLabelBytes)}};
  for (const auto& label : run.spec.profile.labels)
    if (out.labels.size() < kMaxLabels) out.labels.push_back(label);
  out.fresh = fresh || run.spec.profile.fresh;
  out.once = "sweep/" + run.run_id + "/" + image_key(item);
  return out;
}

Decision decide(const Keep& keep, const RunRecord& run, const RepositoryRecord& repository, const Item& item,
                const std::string& rules_version) {
  Submission as = submission_for(run, repository, item, false);
  if (as.fresh) return {};  // `once` keeps it from being scanned twice
  auto known = keep.result(result_key(item.digest, as.job, kVersion));
  if (!known) return {};
  auto scan = keep.scan(*known);
  if (!scan || scan->state != ScanState::done || scan->pruned & kReportPruned) return {};
  Decision out{Decision::Kind::submit, scan->scan_id, scan->verdict};
  if (scan->submission.batch == run.run_id)
    out.kind = Decision::Kind::submitted;
  else if (scan->rules_version == rules_version)
    out.kind = Decision::Kind::known;
  else if (!(scan->pruned & kTracePruned))
    out.kind = Decision::Kind::rescore;
  else
    out.fresh = true;
  return out;
}

}  // namespace assay::sweeps
