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

// Of all that is offered, what goes first, as much as makes up the bytes that are wanted. Keeps no more than
// that, so that a large store is no large list.
class Offers {
 public:
  explicit Offers(size_t most) : most_(most) {}
  void want(uint64_t bytes) { wanted_ = bytes; }
  uint64_t wanted() const { return wanted_; }
  uint64_t bytes() const { return bytes_; }
  bool full() const { return full_; }  // more would have been wanted than may be held

  void offer(Candidate candidate) {
    bool enough = bytes_ >= wanted_ || held_.size() >= most_;
    if (enough && (held_.empty() || !(candidate < held_.top()))) return;
    bytes_ += candidate.bytes;
    held_.push(std::move(candidate));
    trim(wanted_);
  }
  void trim(uint64_t wanted) {
    while (!held_.empty() && (bytes_ - held_.top().bytes >= wanted || held_.size() > most_)) {
      full_ = full_ || held_.size() > most_;
      bytes_ -= held_.top().bytes;
      held_.pop();
    }
  }
  /// What goes first comes first.
  std::vector<Candidate> take() {
    std::vector<Candidate> out;
    for (; !held_.empty(); held_.pop()) out.push_back(held_.top());
    std::reverse(out.begin(), out.end());
    return out;
  }

 private:
  size_t most_;
  uint64_t wanted_ = 0, bytes_ = 0;
  bool full_ = false;
  std::priority_queue<Candidate> held_;  // the last to be taken on top
};

class Look {
 public:
  Look(const RetentionPolicy& policy, int64_t now_ns, size_t most, PrunePlan& plan)
      : policy_(policy), now_ns_(now_ns), most_(most), plan_(plan), early_(most), offers_(most) {
    uint64_t used = plan.usage.disk_bytes, budget = policy.budget_bytes;
    if (budget == 0 || used <= budget) return;
    offers_.want(used - low_water(budget));
    uint64_t reports = plan.usage.bytes[at(KeptKind::reports)] + plan.usage.index_bytes;
    if (reports > reports_share(budget))
      early_.want(std::min(offers_.wanted(), reports - reports_share(budget)));
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
  uint64_t by_age_ = 0;
  ByKind<uint64_t> bytes_{}, holders_{};
  std::unordered_map<std::string, Sharers> shared_;
  Offers early_;   // reports of what is not bad, beyond their share: before any trace
  Offers offers_;  // whatever may go
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
  if (offers_.wanted() == 0) return;
  for (KeptKind kind : kKinds)
    if (there & ~go & bit_of(kind)) offer(record, kind, of, since);
}

void Look::offer(const ScanRecord& record, KeptKind kind, ScanClass of, int64_t since_ns) {
  Candidate candidate{rank_of(kind, of), since_ns, record.scan_id, kind, of, on_disk(record, kind)};
  if (kind == KeptKind::reports && of <= ScanClass::inconclusive && early_.wanted() > 0)
    early_.offer(candidate);
  offers_.offer(std::move(candidate));
}

void Look::finish() {
  std::stable_sort(plan_.choices.begin(), plan_.choices.end(),
                   [](const PruneChoice& a, const PruneChoice& b) { return a.scan_id < b.scan_id; });
  uint64_t gone = by_age_ + early_.bytes();
  offers_.trim(offers_.wanted() - std::min(offers_.wanted(), gone));
  plan_.more = plan_.more || offers_.full() || early_.full();
  std::vector<PruneChoice> choices;
  std::unordered_map<std::string, size_t> places;
  for (Offers* offers : {&early_, &offers_})
    for (const Candidate& taken : offers->take()) {
      auto [place, fresh] = places.try_emplace(taken.scan_id, choices.size());
      if (fresh) choices.push_back({taken.scan_id, 0, taken.of, true, {}});
      PruneChoice& choice = choices[place->second];
      choice.take = static_cast<uint8_t>(choice.take | bit_of(taken.kind));
      choice.bytes[at(taken.kind)] = taken.bytes;
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
