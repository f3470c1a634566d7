// Which traces there are, workers that look through some of them each, and what they found in order.
#include "scheduler/hunt.h"

#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <unordered_map>
#include <utility>

#include "scheduler/score/scorer.h"

namespace assay {
namespace {

constexpr size_t kTracesATask = 8;  // what one is handed: enough to be worth a thread, few enough to be told soon

// One trace, and whose it is.
struct Target {
  ScanRecord scan;
  std::string owner;
  std::vector<std::string> sharers;
};

struct Targets {
  std::vector<Target> all;
  HuntCounts counts;
};

// What a worker says of one target.
struct Looked {
  std::vector<Finding> findings;
  uint64_t events = 0, bytes = 0;
  std::optional<Error> error;
};

Targets targets_of(const Keep& keep, const ScanFilter& filter) {
  Targets out;
  std::unordered_map<std::string, size_t> by_owner;
  Status read = keep.each_scan([&](const ScanRecord& record) {
    if (!filter.fits(record)) return true;
    ++out.counts.scans;
    if (record.state != ScanState::done) return ++out.counts.unfinished, true;
    std::string owner = record.same_as.empty() ? record.scan_id : record.same_as;
    auto [at, fresh] = by_owner.emplace(owner, out.all.size());
    if (fresh) {
      out.all.push_back({record, std::move(owner), {}});
    } else {
      ++out.counts.shared;
      out.all[at->second].sharers.push_back(record.scan_id);
    }
    return true;
  });
  if (!read) out.counts.records_damage = read.error().what;
  return out;
}

Looked look_through(const Keep& keep, const Target& target, const RuleSet& rules) {
  Looked out;
  auto fails = [&](const Error& error) {
    out.error = error;
    return out;
  };
  if ((target.scan.pruned & kTracePruned) != 0)
    return fails({Errc::not_found, "scan " + target.owner + " has no trace any more"});
  auto header = keep.header(target.owner);
  if (!header) return fails(header.error());
  auto footer = keep.footer(target.owner);
  if (!footer) return fails(footer.error());
  Scorer scorer(rules, *header, Yield::findings);
  Status read = keep.each_event(
      target.owner,
      [&](const Event& event) {
        ++out.events;
        scorer.add(event);
      },
      &out.bytes);
  if (!read) return fails(read.error());
  out.findings = scorer.finish_findings(*footer);
  return out;
}

// A trace that retention took while it was read lacks its chunks all at once: that is no damage.
bool is_gone(const Keep& keep, const Target& target, const Error& error) {
  if (error.code == Errc::not_found) return true;
  auto now = keep.scan(target.owner);
  return now ? (now->pruned & kTracePruned) != 0 : now.error().code == Errc::not_found;
}

class Hunt {
 public:
  Hunt(const Keep& keep, const RuleSet& rules, const HuntOptions& options, const HuntSink& sink)
      : keep_(keep), rules_(rules), options_(options), sink_(sink), targets_(targets_of(keep, options.filter)) {}

  HuntCounts run() {
    // One more than threads: while the first is waited for, no processor is without work.
    size_t ahead = options_.threads > 1 ? options_.threads + 1 : 1;
    std::deque<std::future<std::vector<Looked>>> tasks;
    size_t given = 0, told = 0;
    while (told < targets_.all.size() && !counts().stopped) {
      for (; tasks.size() < ahead && given < targets_.all.size(); given += kTracesATask)
        tasks.push_back(std::async(options_.threads > 1 ? std::launch::async : std::launch::deferred,
                                   [this, given] { return look_through_some(given); }));
      for (Looked& looked : tasks.front().get())
        if (!counts().stopped) tell(told++, looked);
      tasks.pop_front();
    }
    return counts();
  }

 private:
  HuntCounts& counts() { return targets_.counts; }

  std::vector<Looked> look_through_some(size_t from) const {
    std::vector<Looked> out;
    for (size_t i = from; i < std::min(from + kTracesATask, targets_.all.size()); ++i)
      out.push_back(look_through(keep_, targets_.all[i], rules_));
    return out;
  }

  void tell(size_t index, Looked& looked) {
    Target& target = targets_.all[index];
    counts().events += looked.events;
    counts().bytes += looked.bytes;
    if (looked.error && is_gone(keep_, target, *looked.error)) {
      ++counts().pruned;
    } else if (looked.error) {
      if (counts().damaged++ == 0) counts().first_damage = looked.error->what;
    } else {
      ++counts().looked;
    }
    if (!options_.rule_ids.empty())
      std::erase_if(looked.findings,
                    [&](const Finding& finding) { return !options_.rule_ids.contains(finding.rule_id); });
    if (!looked.findings.empty()) {
      ++counts().matched;
      sink_.found({std::move(target.scan), std::move(target.sharers), std::move(looked.findings)});
    }
    bool enough = options_.limit > 0 && counts().matched >= options_.limit;
    bool last = index + 1 == targets_.all.size();
    bool goes_on = !sink_.goes_on || sink_.goes_on(counts(), targets_.all.size());
    if (!last && (enough || !goes_on)) counts().stopped = true;
  }

  const Keep& keep_;
  const RuleSet& rules_;
  const HuntOptions& options_;
  const HuntSink& sink_;
  Targets targets_;
};

}  // namespace

Result<HuntCounts> hunt(const Keep& keep, const RuleSet& rules, const HuntOptions& options,
                        const HuntSink& sink) {
  return Hunt(keep, rules, options, sink).run();
}

}  // namespace assay
