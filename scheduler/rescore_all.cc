// Rescoring many: evaluated on several threads, told in order, written one by one.
#include <optional>
#include <set>

#include "scheduler/kept_traces.h"
#include "scheduler/rescore.h"

namespace assay {
namespace {

// Those of the ids alone, or all that fit.
Result<KeptTraces> wanted(const Keep& keep, const RescoreOptions& options) {
  if (options.scan_ids.empty()) return kept_traces(keep, options.filter);
  KeptTraces out;
  std::set<std::string> owners;
  for (const std::string& id : options.scan_ids) {
    ASSAY_TRY(ScanRecord record, keep.scan(id));
    ++out.scans;
    if (record.state != ScanState::done) {
      ++out.unfinished;
      continue;
    }
    std::string owner = record.owner();
    if (owners.insert(owner).second)
      out.all.push_back({std::move(record), std::move(owner), {}});
    else
      ++out.shared;
  }
  return out;
}

class Rescoring {
 public:
  Rescoring(Store& store, const RuleSet& rules, const RescoreOptions& options, const RescoreSink& sink,
            KeptTraces kept)
      : store_(store), keep_(store), rules_(rules), options_(options), sink_(sink), kept_(std::move(kept)) {
    counts_.scans = kept_.scans;
    counts_.shared = kept_.shared;
    counts_.unfinished = kept_.unfinished;
    counts_.records_damage = kept_.damage;
  }

  Result<RescoreCounts> run() {
    in_order(
        options_.threads, kept_.all.size(), 1,
        [this](size_t index) { return rescore(keep_, kept_.all[index].owner, rules_); },
        [this](size_t index, const Result<Rescored>& rescored) {
          failed_ = take(kept_.all[index], rescored);
          bool goes_on = !sink_.goes_on || sink_.goes_on(counts_, kept_.all.size());
          counts_.stopped = !goes_on && index + 1 < kept_.all.size();
          return static_cast<bool>(failed_) && goes_on;
        });
    ASSAY_CHECK(failed_);
    return counts_;
  }

 private:
  Status take(const TracedScan& trace, const Result<Rescored>& rescored) {
    if (!rescored) {
      if (is_pruned(keep_, trace, rescored.error()))
        ++counts_.pruned;
      else if (counts_.damaged++ == 0)
        counts_.first_damage = rescored.error().what;
      return Status();
    }
    ++counts_.evaluated;
    const RescoreChange& change = rescored->change;
    if (!change.of_verdict() && !(options_.all_changes && change.any())) return Status();
    ++counts_.changed;
    if (options_.apply) ASSAY_CHECK(apply(*rescored));
    ASSAY_TRY(ScanRecord owner, keep_.scan(trace.owner));
    sink_.changes(owner, change, options_.apply);
    return Status();
  }

  Status apply(const Rescored& rescored) {
    ASSAY_TRY(StoreBatch batch, rescore_batch(keep_, rescored));
    ASSAY_TRY(auto written, store_.commit({std::move(batch)}));
    ASSAY_CHECK(written.at(0));
    ++counts_.applied;
    return Status();
  }

  Store& store_;
  Keep keep_;
  const RuleSet& rules_;
  const RescoreOptions& options_;
  const RescoreSink& sink_;
  KeptTraces kept_;
  RescoreCounts counts_;
  Status failed_;
};

}  // namespace

Result<RescoreCounts> rescore_all(Store& store, const RuleSet& rules, const RescoreOptions& options,
                                  const RescoreSink& sink) {
  ASSAY_TRY(KeptTraces kept, wanted(Keep(store), options));
  return Rescoring(store, rules, options, sink, std::move(kept)).run();
}

}  // namespace assay
