// server_loop: the state of the scheduler's loop, private to the server files: server.cc (the loop,
// recovery), server_reload.cc (what is read again), server_agents.cc (what agents say), server_fence.cc
// (which of them are trusted no more), server_clients.cc (what clients say), server_submit.cc (what they
// submit), server_asks.cc (their questions), server_rescore.cc (what was scored, again), server_sweeps.cc
// (records of sweeps), server_jobs.cc (how a job moves from state to state), server_logins.cc (logins that
// jobs bring), server_prune.cc (retention).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/ids.h"
#include "common/wire.h"
#include "scheduler/agents.h"
#include "scheduler/ask.h"
#include "scheduler/capacity.h"
#include "scheduler/coalesce.h"
#include "scheduler/dispatch.h"
#include "scheduler/keep.h"
#include "scheduler/measure.h"
#include "scheduler/pruning.h"
#include "scheduler/reloading.h"
#include "scheduler/scoring.h"
#include "scheduler/seal.h"
#include "scheduler/server.h"
#include "scheduler/sessions.h"
#include "scheduler/stage.h"
#include "scheduler/watchers.h"

namespace assay {

class Server {
 public:
  struct Sockets {
    Socket agents;
    Monitor connections;  // of `agents`
    Socket clients;
  };
  Server(const Context& context, const ServerConfig& config, Store& store, Sockets sockets, Scoring scoring,
         Reloading reloading, Pruning pruning);

  /// Before bind(): an agent that holds a lease must find it known.
  Status recover();
  Status bind();
  Status run(int stop_fd);
  const ServerStats& stats() const { return stats_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  /// Who said something: a connection, and its key's name where connections are encrypted.
  struct Peer {
    std::string id;
    std::string user;
    std::string key;
  };

  // server_logins.cc: logins that jobs bring with them.
  Status open_seal();
  void recall_login(ScanRecord& record) const;
  Result<std::string> sealed_login(const ScanRecord& record) const;

  // server.cc
  Status turn();
  void drain(Socket& socket, bool from_agents);
  void handle(const Peer& peer, const std::string& frame, bool from_agents);
  Status commit();
  Status each_second();
  std::chrono::milliseconds time_to_wait() const;
  void refuse(const Peer& peer, const std::string& reason, const std::string& why);
  void drain_zap();
  void drain_connections();

  // server_reload.cc
  void want_reload(const std::string& client);  // who is answered when it is done; "": nobody
  void begin_reload();
  void end_reload();
  Status install(Reload fresh);

  // server_agents.cc: each takes a message of an agent whose session is known, but for Hello.
  void from_agent(const Peer& peer, wire::Message& message);
  void on_hello(const Peer& peer, wire::Hello& m);
  void on(const std::string& agent, wire::Want& m);
  void on(const std::string& agent, wire::Heartbeat&);
  void on(const std::string& agent, wire::Progress& m);
  void on(const std::string& agent, wire::Resolved& m);
  void on(const std::string& agent, wire::Chunk& m);
  void on(const std::string& agent, wire::Done& m);
  void on(const std::string& agent, wire::Failed& m);
  /// A registry said so; for a minute where `pause` is 0.
  void leave_alone(const std::string& registry, std::chrono::milliseconds pause);
  bool holds(const std::string& agent, const std::string& scan_id, uint32_t attempt);
  bool holds_or_forgets(const std::string& agent, const std::string& scan_id, uint32_t attempt);
  void lose(const std::string& agent, const std::string& why);

  // server_fence.cc
  void on(const std::string& agent, wire::Fenced& m);
  void keep_mode(const std::string& agent);
  void take_back(const std::string& agent, const Agents::Fencing& but);
  void end_with_its_agent(const std::string& agent, const Agents::Fencing& by, const std::string& why);
  wire::Answer forget_agent(const std::string& name, bool fenced_too);
  void forget(const std::string& name, const char* why);
  void forget_unheard();
  wire::Answer set_agent_mode(const std::string& name, const std::string& order);
  Status tell_agent(const std::string& agent, const wire::Message& message);

  // server_clients.cc
  void from_client(const std::string& client, wire::Message& message);
  void on_client(const std::string& client, wire::Watch& m);
  void on_client(const std::string& client, wire::Cancel& m);
  void on_client(const std::string& client, wire::Ask& m);
  std::optional<ScanRecord> result_for(const Submission& submission, const std::string& digest) const;
  void take_up(const ScanRecord& record);
  void tell_client(const std::string& client, const wire::Message& message);
  void notify(const ScanRecord& record);
  void notify(wire::Notice notice);

  // server_submit.cc
  struct Taking {
    StoreBatch batch;
    std::vector<ScanRecord> records;  // of those that are new
    wire::Accepted accepted;
  };
  void on_client(const std::string& client, wire::Submit& m);
  std::optional<Error> why_not_submit(const wire::Submit& m) const;
  ScanRecord new_record(Submission submission);
  Result<std::string> scan_with_key(const Submission& submission) const;
  Status take(Submission submission, Taking& into);
  void withdraw(const std::vector<ScanRecord>& records);
  void follow_taken(const std::string& client, const std::string& scan_id);

  // server_asks.cc
  /// The answer, or nothing when it comes once what was ordered is on disk.
  std::optional<wire::Answer> answer(const std::string& client, const wire::Ask& m);
  wire::Answer explain(const std::string& scan_id) const;
  wire::Answer describe_agents() const;
  wire::Answer describe_queue() const;
  wire::Answer describe_capacity(const ask::CapacityQuestion& question) const;
  wire::Answer order_left_alone(const std::string& registry, uint64_t pause_ms);
  std::optional<wire::Answer> order_cancel(const std::string& client, const std::string& scan_id,
                                           const std::string& batch_id, bool queued_only);
  std::optional<wire::Answer> order_retry(const std::string& client, const std::string& scan_id);
  std::optional<wire::Answer> order_batch(const std::string& client, const BatchRecord& batch);

  // server_sweeps.cc
  std::optional<wire::Answer> order_sweep_records(const std::string& client, const std::string& body);
  bool has_begun(const ScanRecord& record) const;

  // server_rescore.cc: a kept scan scored again.
  struct RescoreOrder {
    std::string client;
    bool apply = false;
  };
  std::optional<wire::Answer> order_rescore(const std::string& client, const std::string& scan_id,
                                            bool apply);
  void on_rescored(Scored scored);
  Status apply_rescored();
  void apply_one(const Scored& scored, const RescoreOrder& order);

  // server_jobs.cc
  void attach(ScanRecord record);
  void enqueue(const ScanRecord& record);
  QueuedJob queued_job(const ScanRecord& record) const;
  void dispatch_jobs();
  void expire_leases();
  void lapse(const Lapse& lapse, const std::string& code, const std::string& why);
  void move(ScanRecord after, Stage::Kept kept = {});
  void start_scoring(const std::string& scan_id);
  Status drain_scoring();
  void keep_scored(const Scored& scored);
  void end_failed(const std::string& scan_id, const std::string& code, const std::string& reason);
  void end_without_report(const std::string& scan_id, ScanState state, const std::string& code,
                          const std::string& reason);
  void end_with_result_of(const std::string& scan_id, const ScanRecord& other);
  void end_followers(const ScanRecord& leader);
  void promote(const std::string& scan_id);
  Status cancel(const std::string& scan_id);
  Result<ScanRecord> retry(const std::string& scan_id);
  void finished(const ScanRecord& record, const std::string& report);
  bool no_room() const { return stalled_ || low_on_space_; }

  // server_prune.cc
  void consider_pruning();
  void begin_pruning(bool look_only, bool measure_only);
  void take_prune_step();
  void commit_prunes(const std::vector<PruneAction>& actions);
  void settle_prune(const PruneChoice& choice, const Status& outcome);
  void go_on_pruning();
  void end_pruning(const std::string& trouble);
  void tell_prune_askers(const Status& outcome = Status());
  std::optional<wire::Answer> order_prune(const std::string& client, bool dry_run);
  std::optional<wire::Answer> order_pin(const std::string& client, const std::string& scan_id,
                                        const std::string& reason);

  const Context& context_;
  ServerConfig config_;
  Store& store_;
  Keep keep_;
  Stage stage_;
  std::optional<Seal> seal_;  // since recover()
  Socket agents_socket_;
  Monitor connections_;
  Socket clients_socket_;
  std::unique_ptr<RuleSet> rules_;  // those of a reload; the first ones are borrowed by scoring_
  std::optional<Scoring> scoring_;
  Reloading reloading_;
  std::vector<std::string> reload_askers_, reload_told_;  // of the next reload, of the one under way
  struct PruneAsker {
    std::string client;
    bool dry_run;
  };
  std::unique_ptr<Pruner> pruner_;  // pruning_'s thread has it while a step is under way
  Pruning pruning_;
  std::vector<PruneAsker> prune_askers_;
  bool pruner_measures_ = false;                  // only looks how large the store is
  size_t prunes_left_ = 0;                        // staged of the last step
  std::string prune_trouble_;                     // why the run is to end
  std::unordered_set<std::string> shared_since_;  // whose results came to be shared since the look
  std::unordered_set<std::string> taking_;        // whose results are staged to go
  Time last_prune_{}, last_measure_{};
  uint64_t used_bytes_ = 0;  // of the store, as of the last look
  Queue queue_;
  Agents agents_;
  Dispatch dispatch_;
  Sessions sessions_;
  Coalesce coalesce_;
  Watchers watchers_;
  ServiceRate rate_;
  Measure measure_;
  ScanIds ids_;
  std::unordered_map<std::string, ScanRecord> open_;      // scans that have not ended, as the store has them
  std::unordered_map<std::string, std::string> once_;     // once_key() -> scan: those that are staged
  std::unordered_map<std::string, std::string> phases_;   // of leased scans, as their agents last said
  std::unordered_set<std::string> resolved_;              // of them, those whose digest their agents know
  std::unordered_map<std::string, std::string> clients_;  // scan id -> the client that follows it
  std::unordered_map<std::string, RescoreOrder>
      rescores_;  // by scan: those that a scoring thread has, or will
  std::vector<std::pair<Scored, RescoreOrder>> rescored_;  // to be applied once everything staged is on disk
  Time now_{};
  Time next_second_{}, next_commit_{}, next_forget_{};
  bool stalled_ = false, low_on_space_ = false;
  bool more_ = false;  // what was kept has made work: jobs to lease, traces to score
  uint64_t free_bytes_ = 0;
  uint64_t refusals_this_second_ = 0;
  ServerStats stats_;
};

}  // namespace assay
