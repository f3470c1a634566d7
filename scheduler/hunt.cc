// Workers that look through some traces each, and what they found in order.
#include "scheduler/hunt.h"

#include <optional>
#include <utility>

#include "scheduler/kept_traces.h"
#include "scheduler/score/scorer.h"

namespace assay {
namespace {

constexpr size_t kTracesATask = 8;  // enough to be worth a thread, few enough to be told soon

// What a worker says of one trace.
struct Looked {
  std::vector<Finding> findings;
  uint64_t events = 0, bytes = 0;
  std::optional<Error> error;
};

Looked look_through(const Keep& keep, const std::string& owner, const RuleSet& rules) {
  Looked out;
  auto fails = [&](const Error& error) {
    out.error = error;
    return out;
  };
  auto header = keep.header(owner);
  if (!header) return fails(header.error());
  auto footer = keep.footer(owner);
  if (!footer) return fails(footer.error());
  Scorer scorer(rules, *header, Yield::findings);
  Status read = keep.each_event(
      owner,
      [&](const Event& event) {
        ++out.events;
        scorer.add(event);
      },
      &out.bytes);
  if (!read) return fails(read.error());
  out.findings = scorer.finish_findings(*footer);
  return out;
}

class Hunt {
 public:
  Hunt(const Keep& keep, const RuleSet& rules, const HuntOptions& options, const HuntSink& sink)
      : keep_(keep), rules_(rules), options_(options), sink_(sink), kept_(kept_traces(keep, options.filter)) {
    counts_.scans = kept_.scans;
    counts_.shared = kept_.shared;
    counts_.unfinished = kept_.unfinished;
    counts_.records_damage = kept_.damage;
  }

  HuntCounts run() {
    in_order(
        options_.threads, kept_.all.size(), kTracesATask,
        [this](size_t index) { return look_through(keep_, kept_.all[index].owner, rules_); },
        [this](size_t index, Looked& looked) {
          tell(kept_.all[index], looked);
          return goes_on(index + 1);
        });
    return counts_;
  }

 private:
  void tell(TracedScan& trace, Looked& looked) {
    counts_.events += looked.events;
    counts_.bytes += looked.bytes;
    if (!looked.error)
      ++counts_.looked;
    else if (is_pruned(keep_, trace, *looked.error))
      ++counts_.pruned;
    else if (counts_.damaged++ == 0)
      counts_.first_damage = looked.error->what;
    if (!options_.rule_ids.empty())
      std::erase_if(looked.findings,
                    [&](const Finding& finding) { return !options_.rule_ids.contains(finding.rule_id); });
    if (looked.findings.empty()) return;
    ++counts_.matched;
    sink_.found({std::move(trace.scan), std::move(trace.sharers), std::move(looked.findings)});
  }

  bool goes_on(size_t done) {
    bool wanted = !sink_.goes_on || sink_.goes_on(counts_, kept_.all.size());
    bool enough = options_.limit > 0 && counts_.matched >= options_.limit;
    counts_.stopped = done < kept_.all.size() && (enough || !wanted);
    return !counts_.stopped;
  }

  const Keep& keep_;
  const RuleSet& rules_;
  const HuntOptions& options_;
  const HuntSink& sink_;
  KeptTraces kept_;
  HuntCounts counts_;
};

}  // namespace

Result<HuntCounts> hunt(const Keep& keep, const RuleSet& rules, const HuntOptions& options,
                        const HuntSink& sink) {
  return Hunt(keep, rules, options, sink).run();
}

}  // namespace assay
