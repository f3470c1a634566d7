// Leases out to workers, and what comes back.
#include <algorithm>

#include "agent/agent_loop.h"
#include "common/log.h"
#include "common/text.h"

namespace assay {

Need AgentLoop::need(const Job& job) const {
  constexpr uint32_t kOneCpu = 1000;
  const CgroupLimits& limits = config_.limits.cgroup;
  uint32_t cpus = limits.cpus > 0 ? static_cast<uint32_t>(limits.cpus * kOneCpu) : kOneCpu;
  // What we set ourselves never asks for more than there is.
  return {job.cpu_millis > 0 ? job.cpu_millis : std::min(cpus, permits_.capacity().cpu_millis),
          job.memory_bytes > 0 ? job.memory_bytes
                               : std::min(limits.memory_bytes, permits_.capacity().memory_bytes)};
}

AgentLoop::Berth* AgentLoop::berth_of(const AttemptKey& key) {
  for (Berth& berth : berths_)
    if (berth.key == key) return &berth;
  return nullptr;
}

Status AgentLoop::on(const wire::Lease& lease) {
  AttemptKey key{lease.scan_id, lease.attempt};
  if (!AttemptKey::parse(key.str())) {
    spdlog::warn("event=refused from=scheduler why=\"a lease of '{}', which is no scan id\"",
                 printable(lease.scan_id, 64));
    return Status();
  }
  if (shipper_.holds(key)) return Status();  // said twice
  // An attempt that the scheduler had given up.
  cancel(lease.scan_id, 0);
  auto free = std::find_if(berths_.begin(), berths_.end(), [](const Berth& b) { return !b.key; });
  if (fenced_ || grace_ends_ || free == berths_.end()) {
    refuse(lease, {Errc::cancelled, fenced_       ? "the agent is fenced"
                                    : grace_ends_ ? "the agent is stopping"
                                                  : "all places of the agent are taken"});
  } else if (Status taken = permits_.take(key.str(), need(lease.job)); !taken) {
    refuse(lease, taken.error());
  } else {
    begin(*free, lease);
  }
  return Status();
}

void AgentLoop::refuse(const wire::Lease& lease, const Error& why) {
  spdlog::warn("event=lease_refused scan={} why=\"{}\"", lease.scan_id, why.what);
  shipper_.fail({lease.scan_id, lease.attempt, to_string(why.code), why.what, 0});
}

void AgentLoop::begin(Berth& berth, const wire::Lease& lease) {
  AttemptKey key{lease.scan_id, lease.attempt};
  if (Status told = berth.worker.begin(lease); !told) {
    permits_.end(key.str());
    return refuse(lease, told.error());
  }
  berth.key = key;
  berth.handed_back = false;
  berth.resolved.clear();
  shipper_.begin(key);
  if (Status kept = affinity_.use(wire::affinity_key(lease.job.ref)); !kept)
    spdlog::warn("event=affinity_not_kept why=\"{}\"", printable(kept.error().what, 300));
}

Status AgentLoop::from_worker(Berth& berth) {
  for (;;) {
    ASSAY_TRY(auto note, hear(berth.worker.link()));
    if (!note) return Status();
    if (note->kind == LinkNote::Kind::forward || note->kind == LinkNote::Kind::resolved) {
      if (note->kind == LinkNote::Kind::resolved) berth.resolved = note->frame;
      if (session_.up()) ASSAY_CHECK(pass(note->frame));
    } else if (berth.key) {
      on(berth, *note);
    }
  }
}

void AgentLoop::on(Berth& berth, const LinkNote& note) {
  const AttemptKey& key = *berth.key;
  switch (note.kind) {
    case LinkNote::Kind::ready:
      berth.resolved.clear();
      permits_.ask(key.str());
      break;
    case LinkNote::Kind::chunk:
      shipper_.chunk(key, note.bytes, note.chunks);
      metrics_.chunk_bytes.add(static_cast<double>(note.bytes));
      if (shipper_.bytes() > config_.spool_quota_bytes)
        (void)tell(berth.worker.link(), {.kind = LinkNote::Kind::full});
      break;
    case LinkNote::Kind::fenced:
      fence({key, note.frame});
      break;
    case LinkNote::Kind::ask_room: {
      // Half of the quota stays for traces.
      bool room = shipper_.bytes() + note.bytes <= config_.spool_quota_bytes / 2;
      (void)tell(berth.worker.link(), {.kind = LinkNote::Kind::room, .bytes = room ? note.bytes : 0});
      break;
    }
    case LinkNote::Kind::ended:
      shipper_.ended(key, note.stats.failed);
      if (!may_finish(key)) shipper_.drop(key);
      metrics_.ended(note.stats, note.stats.failed ? "failed" : "done");
      break;
    case LinkNote::Kind::dropped:
      on_dropped(berth, note);
      break;
    case LinkNote::Kind::free:
      permits_.end(key.str());
      berth.key.reset();
      session_.hurry(now_);
      break;
    default:
      break;
  }
}

void AgentLoop::on_dropped(Berth& berth, const LinkNote& note) {
  const AttemptKey& key = *berth.key;
  metrics_.ended(note.stats, berth.handed_back ? "handed_back" : "cancelled");
  if (!berth.handed_back || !may_finish(key)) return shipper_.drop(key);
  shipper_.fail(
      {key.scan_id, key.attempt, to_string(Errc::cancelled), "the agent " + agent_id_ + " stopped", 0});
}

void AgentLoop::grant() {
  for (const std::string& name : permits_.grant()) {
    auto key = AttemptKey::parse(name);
    Berth* berth = key ? berth_of(*key) : nullptr;
    if (berth != nullptr) (void)tell(berth->worker.link(), {.kind = LinkNote::Kind::permit});
  }
}

}  // namespace assay
