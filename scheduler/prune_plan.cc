// Two passes: who shares whose result, and how large things are; then what is to go.
#include "scheduler/prune_plan.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace assay {
namespace {

constexpr KeptKind kKinds[] = {KeptKind::artifacts, KeptKind::traces, KeptKind::reports, KeptKind::records};

size_t at(KeptKind kind) { return static_cast<size_t>(kind); }

uint64_t known_bytes(const ScanRecord& record, KeptKind kind) {
  switch (kind) {
    case KeptKind::artifacts:
      return record.artifact_bytes;
    case KeptKind::traces:
      return record.trace_bytes;
    case KeptKind::reports:
      return record.report_bytes;
    case KeptKind::records:
      break;
  }
  return 1;
}

struct Sharers {
  int64_t since_ns = 0;  // of the last of them
  bool pinned = false;
};

struct Candidate {
  uint8_t rank;
  int64_t since_ns;
  std::string scan_id;
  KeptKind kind;
  ScanClass of;
  uint64_t bytes;
  bool operator<(const Candidate& o) const {
    return std::tie(rank, since_ns, scan_id) < std::tie(o.rank, o.since_ns, o.scan_id);
  }
};

class Look {
 public:
  Look(const RetentionPolicy& policy, int64_t now_ns, size_t most, PrunePlan& plan)
      : policy_(policy), now_ns_(now_ns), most_(most), plan_(plan) {
    uint64_t used = plan.usage.disk_bytes, budget = policy.budget_bytes;
    if (budget > 0 && used > budget) wanted_ = used - low_water(budget);
  }

  void measure(const ScanRecord& record);
  void decide(const ScanRecord& record);
  void finish();

 private:
  uint64_t on_disk(const ScanRecord& record, KeptKind kind) const;
  void choose(PruneChoice choice);
  void offer(const ScanRecord& record, KeptKind kind, ScanClass of, int64_t since_ns);

  const RetentionPolicy& policy_;
  int64_t now_ns_;
  size_t most_;
  PrunePlan& plan_;
  uint64_t wanted_ = 0, by_age_ = 0, offered_ = 0;
  ByKind<uint64_t> bytes_{}, holders_{};
  std::unordered_map<std::string, Sharers> shared_;
  std::priority_queue<Candidate> offers_;  // the last to be taken on top
};

void Look::measure(const ScanRecord& record) {
  ++plan_.scans;
  if (!record.pinned.empty()) ++plan_.pinned;
  if (!record.same_as.empty()) {
    Sharers& sharers = shared_[record.same_as];
    sharers.since_ns = std::max(sharers.since_ns, is_open(record.state) ? now_ns_ : since_of(record));
    sharers.pinned = sharers.pinned || !record.pinned.empty();
  }
  for (KeptKind kind : kKinds) {
    bytes_[at(kind)] += known_bytes(record, kind);
    bool holds = record.state == ScanState::done && record.same_as.empty() && !(record.pruned & bit_of(kind));
    if (holds || kind == KeptKind::records) ++holders_[at(kind)];
  }
}

// Reports are compressed on disk, and of scans that were kept long ago no size is known.
uint64_t Look::on_disk(const ScanRecord& record, KeptKind kind) const {
  uint64_t all = plan_.usage.bytes[at(kind)] + (kind == KeptKind::reports ? plan_.usage.index_bytes : 0);
  uint64_t known = known_bytes(record, kind), sum = bytes_[at(kind)], holders = holders_[at(kind)];
  auto share = [&](uint64_t part, uint64_t of) {
    return of == 0 ? 0
                   : static_cast<uint64_t>(static_cast<double>(all) * static_cast<double>(part) /
                                           static_cast<double>(of));
  };
  if (known > 0) return share(known, sum);
  bool old = record.state == ScanState::done && record.trace_bytes == 0 && record.report_bytes == 0;
  return old ? share(1, holders) : 0;
}

void Look::choose(PruneChoice choice) {
  for (KeptKind kind : kKinds)
    if (choice.take & bit_of(kind)) {
      PruneTotal& total = plan_.totals[at(kind)][static_cast<size_t>(choice.of)];
      ++total.scans;
      total.bytes += choice.bytes[at(kind)];
    }
  plan_.choices.push_back(std::move(choice));
}

void Look::decide(const ScanRecord& record) {
  uint8_t there = takable(record);
  int64_t since = since_of(record);
  ScanClass of = class_of(record);
  uint8_t go = due(policy_, record, since, now_ns_);
  // What others share stays while the last of them would, and its record until they have gone.
  if (auto sharers = shared_.find(record.scan_id); sharers != shared_.end()) {
    if (sharers->second.pinned) return;
    since = std::max(since, sharers->second.since_ns);
    go = static_cast<uint8_t>(due(policy_, record, since, now_ns_) & ~kRecordPruned);
    there = static_cast<uint8_t>(there & ~kRecordPruned);
  }
  if (go != 0 && plan_.choices.size() >= most_) {
    plan_.more = true;
    go = 0;
  }
  if (go != 0) {
    PruneChoice choice{record.scan_id, go, of, false, {}};
    for (KeptKind kind : kKinds)
      if (go & bit_of(kind)) by_age_ += choice.bytes[at(kind)] = on_disk(record, kind);
    choose(std::move(choice));
  }
  if (wanted_ == 0) return;
  for (KeptKind kind : kKinds)
    if (there & ~go & bit_of(kind)) offer(record, kind, of, since);
}

// Keeps no more than is wanted, so that a large store is no large list.
void Look::offer(const ScanRecord& record, KeptKind kind, ScanClass of, int64_t since_ns) {
  Candidate candidate{rank_of(kind, of), since_ns, record.scan_id, kind, of, on_disk(record, kind)};
  bool enough = offered_ >= wanted_ || offers_.size() >= most_;
  if (enough && !(candidate < offers_.top())) return;
  offered_ += candidate.bytes;
  offers_.push(std::move(candidate));
  while (!offers_.empty() && (offered_ - offers_.top().bytes >= wanted_ || offers_.size() > most_)) {
    plan_.more = plan_.more || offers_.size() > most_;
    offered_ -= offers_.top().bytes;
    offers_.pop();
  }
}

void Look::finish() {
  std::stable_sort(plan_.choices.begin(), plan_.choices.end(),
                   [](const PruneChoice& a, const PruneChoice& b) { return a.scan_id < b.scan_id; });
  uint64_t left = wanted_ - std::min(wanted_, by_age_);
  while (!offers_.empty() && offered_ - offers_.top().bytes >= left) {
    offered_ -= offers_.top().bytes;
    offers_.pop();
  }
  std::vector<Candidate> taken;
  for (; !offers_.empty(); offers_.pop()) taken.push_back(offers_.top());
  std::vector<PruneChoice> choices;
  std::unordered_map<std::string, size_t> places;
  for (auto it = taken.rbegin(); it != taken.rend(); ++it) {
    auto [place, fresh] = places.try_emplace(it->scan_id, choices.size());
    if (fresh) choices.push_back({it->scan_id, 0, it->of, true, {}});
    PruneChoice& choice = choices[place->second];
    choice.take = static_cast<uint8_t>(choice.take | bit_of(it->kind));
    choice.bytes[at(it->kind)] = it->bytes;
  }
  for (PruneChoice& choice : choices) choose(std::move(choice));
}

// A batch whose scans have all gone says nothing; but it may still be filled while it is young.
Status find_batches(const Keep& keep, const RetentionPolicy& policy, int64_t now_ns, PrunePlan& plan) {
  std::chrono::seconds oldest{0};
  for (const RetentionPolicy::Age& age : policy.ages[at(KeptKind::records)]) {
    if (!age) return Status();
    oldest = std::max(oldest, *age);
  }
  std::vector<std::string> old;
  Status read = keep.each_batch([&](const BatchRecord& batch) {
    if ((now_ns - batch.created_ns) / 1'000'000'000 >= oldest.count()) old.push_back(batch.batch_id);
    return old.size() < kMaxChoices;
  });
  if (!read && read.error().code == Errc::io) return read;
  for (const std::string& batch_id : old) {
    bool empty = true;
    ASSAY_CHECK(keep.each_member(batch_id, [&](const std::string&) { return empty = false; }));
    if (empty) plan.batches.push_back(batch_id);
  }
  return Status();
}

}  // namespace

Result<StoreUsage> usage_of(const Store& store) {
  StoreUsage out;
  ASSAY_TRY(out.disk_bytes, store.disk_bytes());
  auto family = [&](Family of, uint64_t& into) -> Status {
    ASSAY_TRY(FamilyBytes bytes, store.bytes(of));
    into = bytes.disk;
    return Status();
  };
  ASSAY_CHECK(family(Family::artifacts, out.bytes[at(KeptKind::artifacts)]));
  ASSAY_CHECK(family(Family::chunks, out.bytes[at(KeptKind::traces)]));
  ASSAY_CHECK(family(Family::reports, out.bytes[at(KeptKind::reports)]));
  ASSAY_CHECK(family(Family::scans, out.bytes[at(KeptKind::records)]));
  ASSAY_CHECK(family(Family::index, out.index_bytes));
  uint64_t known = out.index_bytes;
  for (uint64_t bytes : out.bytes) known += bytes;
  out.other_bytes = out.disk_bytes - std::min(out.disk_bytes, known);
  return out;
}

Result<PrunePlan> plan_prune(Store& store, const RetentionPolicy& policy, int64_t now_ns, size_t most) {
  PrunePlan plan;
  ASSAY_TRY(plan.usage, usage_of(store));
  const Keep keep(store);
  Look look(policy, now_ns, most, plan);
  auto pass = [&](void (Look::*visit)(const ScanRecord&)) -> Status {
    Status read = keep.each_scan([&](const ScanRecord& record) { return (look.*visit)(record), true; });
    if (!read && read.error().code == Errc::io) return read;
    if (!read) plan.unreadable = 1;
    return Status();
  };
  ASSAY_CHECK(pass(&Look::measure));
  bool over = policy.budget_bytes > 0 && plan.usage.disk_bytes > policy.budget_bytes;
  if (policy.by_age() || over) ASSAY_CHECK(pass(&Look::decide));
  look.finish();
  ASSAY_CHECK(find_batches(keep, policy, now_ns, plan));
  return plan;
}

}  // namespace assay
