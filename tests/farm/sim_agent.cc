// The session and the faults; the road of one attempt is in sim_attempt.cc.
#include "tests/farm/sim_agent.h"

#include <algorithm>

#include "common/version.h"

namespace assay::farm {

using std::chrono::milliseconds;

namespace {
constexpr int kFramesPerTurn = 64;
constexpr uint64_t kSlotMemory = uint64_t{4} << 30;
constexpr milliseconds kDownLeast{300}, kDownMost{2000};
constexpr milliseconds kLateLeast{200}, kLateMost{4000};
constexpr milliseconds kHelloAgain{1000}, kConnectAgain{5000};
}  // namespace

SimAgent::SimAgent(std::string name, const SimSettings& settings, uint64_t seed, Connect connect)
    : name_(std::move(name)), settings_(settings), random_(seed), connect_(std::move(connect)) {}

bool SimAgent::roll(double chance) {
  return chance > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < chance;
}

namespace {
milliseconds between(std::mt19937_64& random, milliseconds least, milliseconds most) {
  return milliseconds(std::uniform_int_distribution<int64_t>(least.count(), most.count())(random));
}
}  // namespace

void SimAgent::come_up(SimTime now) {
  instance_ = name_ + "-" + std::to_string(random_() & 0xffffffff);
  for (auto& attempt : attempts_) attempt.due = now + settings_.resend;
  connect(now);
}

// libzmq gives a connection up whose handshake the scheduler's death cut short.
void SimAgent::connect(SimTime now) {
  socket_.reset();
  auto socket = connect_(name_);
  if (!socket) return;
  socket_.emplace(std::move(*socket));
  welcomed_ = false;
  came_up_ = now;
  hello();
  next_beat_ = now + kHelloAgain;
}

// What had run is on its disk if it is lucky, and comes back with it; all else is gone.
void SimAgent::crash(SimTime now) {
  ++crashes_;
  socket_.reset();
  late_.clear();
  if (!roll(settings_.faults.spooled)) attempts_.clear();
  std::erase_if(attempts_, [](const Attempt& a) { return a.stage < Stage::shipping; });
  away_until_ = now + between(random_, kDownLeast, kDownMost);
}

void SimAgent::hello() {
  wire::Hello hello;
  hello.agent_id = name_;
  hello.instance = instance_;
  hello.tracer_version = kVersion;
  hello.capacity = {settings_.slots, settings_.slots * 1000, settings_.slots * kSlotMemory};
  hello.platforms = {"linux/amd64"};
  for (const auto& attempt : attempts_) hello.held.push_back({attempt.scan_id, attempt.attempt});
  wanted_.reset();
  (void)socket_->send(wire::encode(hello));
}

void SimAgent::want() {
  auto taken = static_cast<uint32_t>(attempts_.size());
  uint32_t credit = wanting_ && taken < settings_.slots ? settings_.slots - taken : 0;
  if (wanted_ == credit || !welcomed_) return;
  wanted_ = credit;
  (void)socket_->send(wire::encode(wire::Want{credit, credit * 1000, credit * kSlotMemory, ""}));
}

void SimAgent::send(std::string frame, SimTime now) {
  (void)socket_->send(frame);
  if (roll(settings_.faults.repeat)) (void)socket_->send(frame);
  if (roll(settings_.faults.late))
    late_.push_back({now + between(random_, kLateLeast, kLateMost), std::move(frame)});
}

void SimAgent::turn(SimTime now, const SimObserver& observer) {
  if (now < away_until_) return;
  if (!up()) come_up(now);
  if (!up()) return;
  receive(now, observer);
  if (!up() || now < away_until_) return;  // it crashed or was cut off meanwhile
  for (size_t i = 0; i < attempts_.size(); ++i)
    if (attempts_[i].due <= now) step(attempts_[i], now);
  for (size_t i = 0; i < late_.size();) {
    if (late_[i].due > now) {
      ++i;
      continue;
    }
    (void)socket_->send(late_[i].frame);
    late_.erase(late_.begin() + static_cast<ptrdiff_t>(i));
  }
  want();
  if (next_beat_ > now) return;
  if (welcomed_) {
    (void)socket_->send(wire::encode(wire::Heartbeat{}));
    next_beat_ = now + settings_.heartbeat;
  } else if (now > came_up_ + kConnectAgain) {
    connect(now);
  } else {
    hello();
    next_beat_ = now + kHelloAgain;
  }
}

void SimAgent::receive(SimTime now, const SimObserver& observer) {
  for (int i = 0; i < kFramesPerTurn && up() && now >= away_until_; ++i) {
    auto frames = socket_->receive();
    if (!frames || !*frames) return;
    auto message = wire::decode((*frames)->back());
    if (message) handle(*message, now, observer);
  }
}

void SimAgent::handle(const wire::Message& message, SimTime now, const SimObserver& observer) {
  using What = SimSeen::What;
  if (std::get_if<wire::Welcome>(&message)) {
    welcomed_ = true;
    next_beat_ = now + settings_.heartbeat;
  } else if (std::get_if<wire::Who>(&message)) {
    welcomed_ = false;
    came_up_ = now;
    hello();
  } else if (auto* refused = std::get_if<wire::Refused>(&message)) {
    observer(*this, {What::refused, "", 0, refused->code + ": " + refused->reason});
  } else if (auto* taken = std::get_if<wire::Lease>(&message)) {
    observer(*this, {What::leased, taken->scan_id, taken->attempt, taken->job.ref});
    lease(*taken, now);
  } else if (auto* proceed = std::get_if<wire::Proceed>(&message)) {
    Attempt* attempt = find(proceed->scan_id, proceed->attempt);
    if (attempt && attempt->stage == Stage::resolving) {
      attempt->stage = Stage::running;
      attempt->due = now + around(settings_.run);
      if (attempt->due <= now) step(*attempt, now);
    }
  } else if (auto* ack = std::get_if<wire::ChunkAck>(&message)) {
    Attempt* attempt = find(ack->scan_id, ack->attempt);
    if (attempt && attempt->stage == Stage::shipping) {
      observer(*this, {What::chunk_acked, ack->scan_id, ack->attempt, ""});
      finish(*attempt, now);
    }
  } else if (auto* done = std::get_if<wire::DoneAck>(&message)) {
    Attempt* attempt = find(done->scan_id, done->attempt);
    if (!attempt) return;
    observer(*this, {attempt->stage == Stage::failing ? What::failed_acked : What::done_acked, done->scan_id,
                     done->attempt, ""});
    drop(done->scan_id, done->attempt);
  } else if (auto* cancel = std::get_if<wire::Cancel>(&message)) {
    if (find(cancel->scan_id, cancel->attempt))
      observer(*this, {What::cancelled, cancel->scan_id, cancel->attempt, ""});
    drop(cancel->scan_id, cancel->attempt);
  }
}

void SimAgent::lease(const wire::Lease& lease, SimTime now) {
  if (wanted_ && *wanted_ > 0) --*wanted_;
  if (find(lease.scan_id, lease.attempt)) return;
  attempts_.push_back(
      {lease.scan_id, lease.attempt, lease.job, Stage::pulling, now + around(settings_.pull), ""});
  const Faults& faults = settings_.faults;
  if (roll(faults.crash)) return crash(now);
  if (roll(faults.partition)) {
    ++partitions_;
    away_until_ = now + between(random_, faults.partition_least, faults.partition_most);
    return;
  }
  if (attempts_.back().due <= now) step(attempts_.back(), now);
}

}  // namespace assay::farm
