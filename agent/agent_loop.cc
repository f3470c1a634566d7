// One turn after another: say and send what is due, wait, hear everybody.
#include "agent/agent_loop.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/platforms.h"
#include "common/disk.h"
#include "common/log.h"
#include "common/version.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Between two turns at most: for the watchdog, and for disks that fill up or empty by other hands.
constexpr milliseconds kTurn{3000};

// An eventfd or a signalfd: what it says has been heard, so that it can say it again.
void hear_out(int fd) {
  std::array<char, 128> heard;
  while (::read(fd, heard.data(), heard.size()) > 0) {
  }
}

}  // namespace

AgentLoop::AgentLoop(const AgentConfig& config, std::string agent_id, std::string instance,
                     Connection scheduler, Spool spool, std::optional<Fencing> fenced, AffinityList affinity,
                     AgentMetrics& metrics)
    : config_(config),
      agent_id_(std::move(agent_id)),
      instance_(std::move(instance)),
      scheduler_(std::move(scheduler)),
      shipper_(std::move(spool)),
      affinity_(std::move(affinity)),
      metrics_(metrics),
      permits_({config.slots, config.cpu_millis, config.memory_bytes}, config.prefetch) {
  metrics_.slots.set(config.slots);
  metrics_.reserve_bytes.set(static_cast<double>(config.reserve_bytes));
  metrics_.spool_quota.set(static_cast<double>(config.spool_quota_bytes));
  if (scheduler_.watched()) session_.disconnected();  // until the monitor says otherwise
  if (fenced) fence(std::move(*fenced));
}

Status AgentLoop::start_workers(const Context& context, const ScanPlace& place) {
  for (unsigned i = 0; i < config_.slots + config_.prefetch; ++i) {
    ASSAY_TRY(Worker worker,
              Worker::start(context, i, place, config_.limits, shipper_.dir(), config_.reserve_bytes / 2));
    berths_.push_back(Berth{std::move(worker)});
  }
  return Status();
}

Status AgentLoop::run(int stop_fd) {
  if (config_.ready) config_.ready();
  while (!stopped()) ASSAY_CHECK(turn(stop_fd));
  return Status();
}

Status AgentLoop::turn(int stop_fd) {
  now_ = steady_clock::now();
  grant();
  ASSAY_CHECK(watch_connection());
  ASSAY_CHECK(speak());
  count();
  if (config_.beat) config_.beat();

  std::vector<WaitFor> items{scheduler_.socket(), WaitFor(stop_fd), WaitFor(config_.reload_fd)};
  for (Berth& berth : berths_) items.emplace_back(berth.worker.link());
  if (scheduler_.watched()) items.emplace_back(*scheduler_.watched());  // heard at the next turn
  auto left = std::chrono::duration_cast<milliseconds>(wake() - now_) + milliseconds(1);
  ASSAY_CHECK(wait(items, std::clamp(left, milliseconds(0), kTurn)));
  now_ = steady_clock::now();
  if (items[0].ready) ASSAY_CHECK(from_scheduler());
  size_t next = 3;
  for (Berth& berth : berths_)
    if (items[next++].ready) ASSAY_CHECK(from_worker(berth));
  if (items[2].ready) {
    hear_out(config_.reload_fd);
    spdlog::warn(
        "event=reload why=\"an agent reads its configuration and its keys when it starts: restart it\"");
  }
  if (items[1].ready) {
    hear_out(stop_fd);
    if (grace_ends_) end_now_ = true;
    if (!grace_ends_) begin_stop();
  }
  return Status();
}

Status AgentLoop::watch_connection() {
  for (;;) {
    ASSAY_TRY(Connection::Change change, scheduler_.next(now_));
    if (change == Connection::Change::none) return Status();
    if (change == Connection::Change::up) session_.connected(now_);
    if (change == Connection::Change::down) session_.disconnected();
  }
}

// What is due to the scheduler: Hello or Want, then chunks.
Status AgentLoop::speak() {
  Session::Say due = session_.next(now_);
  if (due == Session::Say::hello) ASSAY_CHECK(say(hello()));
  // Before anything is shipped, and again with each Want: whatever is lost or forgotten on the way.
  if (due == Session::Say::want && fenced_)
    ASSAY_CHECK(say(wire::Fenced{fenced_->key.scan_id, fenced_->key.attempt, fenced_->reason}));
  if (due == Session::Say::want) ASSAY_CHECK(say(want()));
  if (!session_.up()) return Status();
  ASSAY_TRY(unsigned sent, shipper_.ship(scheduler_.socket(), now_));
  metrics_.chunks_sent.add(sent);
  return Status();
}

AgentLoop::Time AgentLoop::wake() const {
  Time first = std::min(session_.wake(), scheduler_.wake());
  if (session_.up()) first = std::min(first, shipper_.wake(now_));
  if (flush_ends_) first = std::min(first, *flush_ends_);
  if (grace_ends_ && *grace_ends_ > now_) first = std::min(first, *grace_ends_);
  return std::min(first, now_ + kTurn);
}

wire::Hello AgentLoop::hello() const {
  wire::Hello hello;
  hello.agent_id = agent_id_;
  hello.instance = instance_;
  hello.tracer_version = kVersion;
  hello.capacity = permits_.capacity();
  hello.held = shipper_.held();
  std::erase_if(hello.held, [&](const wire::Held& held) {
    return !may_finish({held.scan_id, held.attempt});
  });
  hello.cached = affinity_.keys();
  hello.platforms = host_platforms();
  return hello;
}

wire::Want AgentLoop::want() const {
  wire::Want want = permits_.offer();
  want.why = fenced_ ? fenced_text(*fenced_) : grace_ends_ ? "stopping" : why_full();
  if (!want.why.empty()) want.credit = 0;
  return want;
}

// Why no more can be recorded here, or empty.
std::string AgentLoop::why_full() const {
  if (shipper_.bytes() >= config_.spool_quota_bytes)
    return "spool full: " + shipper_.dir().string() + " holds " + std::to_string(shipper_.bytes() >> 20) +
           " MiB that the scheduler has not taken yet";
  auto free = free_bytes(config_.data_dir);
  if (!free) return "disk full: " + free.error().what;
  if (*free >= config_.reserve_bytes) return "";
  return "disk full: " + config_.data_dir.string() + " has " + std::to_string(*free >> 20) +
         " MiB left, less than its reserve of " + std::to_string(config_.reserve_bytes >> 20);
}

// A full queue belongs to a scheduler that is slow or away: what is lost by it is said again, or is advice.
Status AgentLoop::pass(std::string_view frame) {
  Status sent = scheduler_.socket().send(frame);
  if (!sent && sent.error().code == Errc::limit) return Status();
  return sent;
}

void AgentLoop::count() {
  auto held = static_cast<double>(std::count_if(berths_.begin(), berths_.end(),
                                                [](const Berth& berth) { return berth.key.has_value(); }));
  metrics_.fenced.set(fenced_ ? 1 : 0);
  metrics_.connected.set(session_.up() ? 1 : 0);
  if (auto free = free_bytes(config_.data_dir)) metrics_.free_bytes.set(static_cast<double>(*free));
  metrics_.running.set(permits_.running());
  metrics_.waiting.set(held - permits_.running());
  metrics_.spool_bytes.set(static_cast<double>(shipper_.bytes()));
  metrics_.spool_chunks.set(static_cast<double>(shipper_.chunks()));
  metrics_.spool_attempts.set(static_cast<double>(shipper_.attempts()));
}

}  // namespace assay
