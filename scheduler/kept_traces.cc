// Records to traces.
#include "scheduler/kept_traces.h"

#include <unordered_map>

namespace assay {

KeptTraces kept_traces(const Keep& keep, const ScanFilter& filter) {
  KeptTraces out;
  std::unordered_map<std::string, size_t> by_owner;
  Status read = keep.each_scan([&](const ScanRecord& record) {
    if (!filter.fits(record)) return true;
    ++out.scans;
    if (record.state != ScanState::done) return ++out.unfinished, true;
    std::string owner = record.owner();
    auto [at, fresh] = by_owner.emplace(owner, out.all.size());
    if (fresh) {
      out.all.push_back({record, std::move(owner), {}});
    } else {
      ++out.shared;
      out.all[at->second].sharers.push_back(record.scan_id);
    }
    return true;
  });
  if (!read) out.damage = read.error().what;
  return out;
}

bool is_pruned(const Keep& keep, const TracedScan& trace, const Error& error) {
  if (error.code == Errc::not_found) return true;
  auto now = keep.scan(trace.owner);
  return now ? (now->pruned & kTracePruned) != 0 : now.error().code == Errc::not_found;
}

}  // namespace assay
