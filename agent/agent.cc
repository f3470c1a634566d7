// The agent's loop: it reads only as much of a message as it needs to pass it on.
#include "agent/agent.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

#include "agent/cleanup.h"
#include "agent/sandbox.h"
#include "agent/slot.h"
#include "common/log.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kHeartbeat{3000};
constexpr rlim_t kOpenFiles = 65'536;

class Agent {
 public:
  Agent(Socket scheduler, std::string agent_id)
      : scheduler_(std::move(scheduler)), agent_id_(std::move(agent_id)) {}
  Status start_slots(const Context& context, const AgentConfig& config, const RunDir& run_dir);
  Status run(int stop_fd);

 private:
  Status from_scheduler();
  Status from_slot(Slot& slot);
  void route(const std::string& scan_id, std::string_view frame, bool cancel);
  void begin(const wire::Lease& lease, std::string_view frame);
  uint32_t credit() const;
  Status say(const wire::Message& message) { return scheduler_.send(wire::encode(message)); }

  Socket scheduler_;
  std::string agent_id_;
  std::deque<Slot> slots_;
};

Status Agent::start_slots(const Context& context, const AgentConfig& config, const RunDir& run_dir) {
  ScanPlace place{config.data_dir, run_dir.path(), run_dir.instance(), agent_id_};
  for (unsigned i = 0; i < config.slots; ++i) {
    ASSAY_TRY(Slot slot, Slot::start(context, i, place, config.limits));
    slots_.push_back(std::move(slot));
  }
  return Status();
}

Status Agent::run(int stop_fd) {
  ASSAY_CHECK(say(wire::Hello{wire::kVersion, agent_id_}));
  ASSAY_CHECK(say(wire::Want{credit()}));
  auto next_heartbeat = steady_clock::now() + kHeartbeat;
  for (;;) {
    std::vector<WaitFor> items{scheduler_, WaitFor(stop_fd)};
    for (Slot& slot : slots_) items.emplace_back(slot.link());
    auto left = std::chrono::duration_cast<milliseconds>(next_heartbeat - steady_clock::now());
    ASSAY_CHECK(wait(items, std::max(milliseconds(0), left)));
    if (items[1].ready) return Status();
    if (items[0].ready) ASSAY_CHECK(from_scheduler());
    for (size_t i = 0; i < slots_.size(); ++i)
      if (items[2 + i].ready) ASSAY_CHECK(from_slot(slots_[i]));
    if (steady_clock::now() >= next_heartbeat) {
      next_heartbeat = steady_clock::now() + kHeartbeat;
      // Credit is stated anew with every beat: a scheduler that has restarted learns of us by it.
      (void)say(wire::Heartbeat{agent_id_});
      (void)say(wire::Want{credit()});
    }
  }
}

Status Agent::from_scheduler() {
  for (;;) {
    ASSAY_TRY(auto frames, scheduler_.receive());
    if (!frames) return Status();
    const std::string& frame = frames->back();
    auto message = wire::decode(frame);
    if (!message) {
      spdlog::warn("event=refused from=scheduler why=\"{}\"", message.error().what);
      continue;
    }
    if (auto* lease = std::get_if<wire::Lease>(&*message)) begin(*lease, frame);
    if (auto* ack = std::get_if<wire::ChunkAck>(&*message)) route(ack->scan_id, frame, false);
    if (auto* done = std::get_if<wire::DoneAck>(&*message)) route(done->scan_id, frame, false);
    if (auto* cancel = std::get_if<wire::Cancel>(&*message)) route(cancel->scan_id, frame, true);
    if (auto* refused = std::get_if<wire::Refused>(&*message))
      return Error{Errc::denied, "the scheduler refuses this agent: " + refused->reason};
  }
}

Status Agent::from_slot(Slot& slot) {
  for (;;) {
    ASSAY_TRY(auto frames, slot.link().receive());
    if (!frames) return Status();
    const std::string& frame = frames->back();
    if (frame.empty()) {
      slot.scan_id.clear();
      ASSAY_CHECK(say(wire::Want{credit()}));
      continue;
    }
    // A full queue to a scheduler that is away: the slot's window stops it from filling memory, so only
    // progress can be lost here.
    if (Status sent = scheduler_.send(frame); !sent && sent.error().code != Errc::limit) return sent;
  }
}

void Agent::begin(const wire::Lease& lease, std::string_view frame) {
  for (Slot& slot : slots_) {
    if (!slot.scan_id.empty()) continue;
    slot.clear_cancel();
    if (Status sent = slot.link().send(frame); !sent) {
      spdlog::warn("event=lease_refused scan={} why=\"{}\"", lease.scan_id, sent.error().what);
      return;
    }
    slot.scan_id = lease.scan_id;
    return;
  }
  spdlog::warn("event=lease_refused scan={} why=\"no free slot\"",
               lease.scan_id);  // it lapses and goes elsewhere
}

void Agent::route(const std::string& scan_id, std::string_view frame, bool cancel) {
  for (Slot& slot : slots_) {
    if (slot.scan_id != scan_id) continue;
    if (cancel) slot.cancel();
    (void)slot.link().send(frame);
  }
}

uint32_t Agent::credit() const {
  uint32_t free = 0;
  for (const Slot& slot : slots_) free += slot.scan_id.empty() ? 1 : 0;
  return free;
}

std::string host_name() {
  char name[256] = "agent";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

Status prepare_agent_process() {
  ASSAY_CHECK(become_subreaper());
  // Executed files wait open to be hashed: by far not so many as this, but more than the usual 1024 with a
  // few slots.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return errno_error("get the limit of open files");
  files.rlim_cur = std::max(files.rlim_cur, std::min<rlim_t>(files.rlim_max, kOpenFiles));
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return errno_error("raise the limit of open files");
  if (::unshare(CLONE_NEWNS) != 0) return errno_error("make a mount namespace (are you root?)");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return errno_error("make mounts private");
  return Status();
}

Status serve_agent(const Context& context, const AgentConfig& config, int stop_fd) {
  ASSAY_TRY(CleanupCount cleaned, clean_up_dead_agents(config.run_base));
  if (cleaned.instances + cleaned.cgroups > 0)
    spdlog::info("event=cleanup instances={} processes={} cgroups={}", cleaned.instances, cleaned.processes,
                 cleaned.cgroups);
  ASSAY_TRY(RunDir run_dir, RunDir::create(config.run_base));
  ASSAY_TRY(Socket scheduler, Socket::open(context, Socket::Type::dealer));
  ASSAY_CHECK(scheduler.connect(config.endpoint));
  Agent agent(std::move(scheduler), config.agent_id.empty() ? host_name() : config.agent_id);
  ASSAY_CHECK(agent.start_slots(context, config, run_dir));
  return agent.run(stop_fd);
}

}  // namespace assay
