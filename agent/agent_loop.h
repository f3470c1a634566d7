// The agent's loop: the scheduler's socket, a link to each worker, and between them the session, the permits
// and the shipper, which decide. Its handlers are in agent_lease.cc (work comes and goes), agent_scheduler.cc
// (what the scheduler says), agent_fence.cc and agent_stop.cc. Internal to agent*.cc.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "agent/affinity.h"
#include "agent/agent.h"
#include "agent/connection.h"
#include "agent/metrics.h"
#include "agent/permits.h"
#include "agent/session.h"
#include "agent/shipper.h"
#include "agent/worker.h"

namespace assay {

class AgentLoop {
 public:
  using Time = Session::Time;
  AgentLoop(const AgentConfig& config, std::string agent_id, std::string instance, Connection scheduler,
            Spool spool, std::optional<Fencing> fenced, AffinityList affinity, AgentMetrics& metrics);
  Status start_workers(const Context& context, const ScanPlace& place);
  Status run(int stop_fd);

 private:
  // A worker and what it is at.
  struct Berth {
    Worker worker;
    std::optional<AttemptKey> key{};  // none: free
    std::string resolved{};           // a message that waits for its answer
    bool handed_back = false;         // cancelled because the agent stops
  };

  Status turn(int stop_fd);
  Status watch_connection();
  Status speak();
  Time wake() const;
  wire::Hello hello() const;
  wire::Want want() const;
  std::string why_full() const;
  Status say(const wire::Message& message) { return pass(wire::encode(message)); }
  Status pass(std::string_view frame);

  Status from_scheduler();
  Status on(const wire::Welcome&);
  Status on(const wire::Who&);
  Status on(const wire::Refused& refused);
  Status on(const wire::Lease& lease);
  Status on(const wire::Proceed& proceed);
  Status on(const wire::ChunkAck& ack);
  Status on(const wire::DoneAck& ack);
  Status on(const wire::Cancel& cancel);
  Status on(const wire::Unfence& order);
  void cancel(const std::string& scan_id, uint32_t attempt);

  void begin(Berth& berth, const wire::Lease& lease);
  void refuse(const wire::Lease& lease, const Error& why);
  Status from_worker(Berth& berth);
  void on(Berth& berth, const LinkNote& note);
  void on_dropped(Berth& berth, const LinkNote& note);
  void grant();
  Berth* berth_of(const AttemptKey& key);
  Need need(const Job& job) const;

  void fence(Fencing fencing);
  void drop_what_is_fenced();
  void tell_fenced() const;
  bool may_finish(const AttemptKey& key) const { return !fenced_ || fenced_->key == key; }

  void begin_stop();
  void hand_back(Berth& berth);
  bool stopped();  // drives the stop
  bool idle() const;
  void count();

  const AgentConfig& config_;
  std::string agent_id_, instance_;
  Connection scheduler_;
  Session session_;
  Shipper shipper_;
  AffinityList affinity_;
  AgentMetrics& metrics_;
  Permits permits_;
  std::deque<Berth> berths_;
  std::optional<Fencing> fenced_;
  Time now_{};
  bool end_now_ = false;                         // told to stop twice
  std::optional<Time> grace_ends_, flush_ends_;  // set while stopping
};

}  // namespace assay
