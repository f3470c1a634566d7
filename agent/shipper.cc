// Files to frames.
#include "agent/shipper.h"

#include <algorithm>

#include "common/log.h"
#include "common/text.h"

namespace assay {
namespace {

// While the socket is full: a megabyte takes about as long.
constexpr std::chrono::milliseconds kBlocked{20};

}  // namespace

Shipper::Shipper(Spool spool) : spool_(std::move(spool)) {
  for (const Spool::Found& found : spool_.found()) {
    spdlog::info("event=spool_resumed attempt={} chunks={}..{} bytes={}", found.key.str(), found.first,
                 found.chunks, found.bytes);
    Attempt attempt{Shipment(found.first), found.chunks, found.bytes, true};
    attempt.shipment.spooled(found.chunks);
    attempt.shipment.end();
    bytes_ += found.bytes;
    chunks_ += found.chunks - found.first;
    attempts_.emplace(found.key, std::move(attempt));
  }
}

void Shipper::begin(const AttemptKey& key) { attempts_[key] = Attempt{}; }

void Shipper::chunk(const AttemptKey& key, uint64_t bytes, uint32_t count) {
  auto it = attempts_.find(key);
  if (it == attempts_.end()) return;  // dropped meanwhile; its scan is on its way to its end
  it->second.chunks += count;
  it->second.shipment.spooled(it->second.chunks);
  it->second.bytes += bytes;
  bytes_ += bytes;
  chunks_ += count;
}

void Shipper::ended(const AttemptKey& key, bool failed) {
  auto it = attempts_.find(key);
  if (it == attempts_.end()) return spool_.drop(key);
  if (failed) {
    forget(key);
    it = attempts_.emplace(key, Attempt{}).first;
  }
  it->second.whole = true;
  it->second.shipment.end();
}

void Shipper::fail(const wire::Failed& failed) {
  AttemptKey key{failed.scan_id, failed.attempt};
  forget(key);
  if (Status kept = spool_.replace(failed); !kept) {
    // Then its lease lapses, and the job goes elsewhere all the same.
    spdlog::error("event=scan_lost scan={} why=\"{}\"", key.scan_id, printable(kept.error().what, 400));
    return spool_.drop(key);
  }
  Attempt attempt;
  attempt.whole = true;
  attempt.shipment.end();
  attempts_.emplace(key, std::move(attempt));
}

void Shipper::forget(const AttemptKey& key) {
  auto it = attempts_.find(key);
  if (it == attempts_.end()) return;
  bytes_ -= std::min(bytes_, it->second.bytes);
  chunks_ -= std::min<uint64_t>(chunks_, it->second.chunks - it->second.shipment.first());
  attempts_.erase(it);
}

void Shipper::drop(const AttemptKey& key) {
  forget(key);
  spool_.drop(key);
}

void Shipper::drop_whole_but(const AttemptKey& key) {
  for (auto it = attempts_.begin(); it != attempts_.end();) {
    const auto& [other, attempt] = *it++;  // drop() erases this one
    if (attempt.whole && other != key) drop(AttemptKey(other));
  }
}

bool Shipper::whole(const AttemptKey& key) const {
  auto it = attempts_.find(key);
  return it != attempts_.end() && it->second.whole;
}

std::vector<wire::Held> Shipper::held() const {
  std::vector<wire::Held> held;
  for (const auto& [key, attempt] : attempts_)
    if (held.size() < wire::kMaxHeld) held.push_back({key.scan_id, key.attempt});
  return held;
}

void Shipper::acked(const wire::ChunkAck& ack, Time now) {
  AttemptKey key{ack.scan_id, ack.attempt};
  auto it = attempts_.find(key);
  if (it == attempts_.end() || !it->second.shipment.acked(ack.index, now)) return;
  uint64_t freed = spool_.drop_chunk(key, ack.index);
  it->second.bytes -= std::min(it->second.bytes, freed);
  bytes_ -= std::min(bytes_, freed);
  chunks_ -= std::min<uint64_t>(chunks_, 1);
}

void Shipper::restart() {
  for (auto& [key, attempt] : attempts_) attempt.shipment.restart();
}

Result<unsigned> Shipper::ship(Socket& scheduler, Time now) {
  blocked_ = false;
  unsigned sent = 0;
  for (auto it = attempts_.begin(); it != attempts_.end() && !blocked_;) {
    auto& [key, attempt] = *it++;  // ship() may replace this one
    ASSAY_TRY(unsigned chunks, ship(key, attempt, scheduler, now));
    sent += chunks;
  }
  return sent;
}

Result<unsigned> Shipper::ship(const AttemptKey& key, Attempt& attempt, Socket& scheduler, Time now) {
  unsigned sent = 0;
  while (auto index = attempt.shipment.next(now)) {
    auto frame = part(key, *index);
    if (!frame) {
      spdlog::error("event=spool_damaged attempt={} why=\"{}\"", key.str(),
                    printable(frame.error().what, 400));
      fail({key.scan_id, key.attempt, to_string(Errc::io), "its trace was lost from the agent's spool", 0});
      return sent;
    }
    Status told = scheduler.send(*frame);
    if (!told && told.error().code != Errc::limit) return told.error();
    blocked_ = !told;
    if (blocked_) return sent;
    attempt.shipment.sent(*index, now);
    if (*index != Shipment::kEnd) ++sent;
  }
  return sent;
}

Result<std::string> Shipper::part(const AttemptKey& key, uint32_t index) const {
  if (index == Shipment::kEnd) return spool_.end(key);
  ASSAY_TRY(std::string bytes, spool_.chunk(key, index));
  return wire::encode(wire::Chunk{key.scan_id, key.attempt, index, std::move(bytes)});
}

Shipper::Time Shipper::wake(Time now) const {
  if (blocked_) return now + kBlocked;
  Time first = Time::max();
  for (const auto& [key, attempt] : attempts_) first = std::min(first, attempt.shipment.wake());
  return first;
}

}  // namespace assay
