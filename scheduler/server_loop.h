// server_loop: the state of the scheduler's loop, private to server.cc (the loop, leases, scoring, ends) and
// server_messages.cc (what peers say).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/wire.h"
#include "scheduler/collect.h"
#include "scheduler/dispatch.h"
#include "scheduler/scoring.h"
#include "scheduler/server.h"

namespace assay {

class Server {
 public:
  Server(const ServerConfig& config, Store& store, Socket router, Scoring& scoring)
      : config_(config),
        keep_(store),
        collect_(keep_),
        queue_(config.limits),
        router_(std::move(router)),
        scoring_(scoring) {}

  Status recover();
  Status run(int stop_fd);
  const ServerStats& stats() const { return stats_; }

 private:
  void drain_router();
  void handle(const std::string& peer, wire::Message message);
  void on(const std::string& peer, wire::Submit& m);
  void on(const std::string& peer, wire::Hello& m);
  void on(const std::string& peer, wire::Want& m);
  void on(const std::string& peer, wire::Heartbeat& m);
  void on(const std::string& peer, wire::Progress& m);
  void on(const std::string& peer, wire::Chunk& m);
  void on(const std::string& peer, wire::Done& m);
  void on(const std::string& peer, wire::Failed& m);
  void on(const std::string& peer, wire::Cancel& m);
  template <class T>
  void on(const std::string& peer, T&) {  // what only a scheduler says
    refuse(peer, "a message that only the scheduler sends");
  }
  void refuse(const std::string& peer, const std::string& why);
  void dispatch_jobs();
  void expire_leases();
  void start_scoring(const std::string& scan_id);
  void drain_scoring();
  void keep_scored(const Scored& scored);
  void finish_failed(const std::string& scan_id, const std::string& reason);
  void finish_without_report(const std::string& scan_id, ScanState state, const std::string& reason);
  Result<std::string> new_scan_id() const;
  void tell_client(const std::string& scan_id, const wire::Message& message, bool last);
  Status send(const std::string& peer, const wire::Message& message) {
    return router_.send_frames({peer, wire::encode(message)});
  }

  ServerConfig config_;
  Keep keep_;
  Collect collect_;
  Queue queue_;
  Dispatch dispatch_;
  Socket router_;
  Scoring& scoring_;                            // borrowed
  std::map<std::string, std::string> clients_;  // scan id -> who waits for it
  ServerStats stats_;
  std::optional<Error> fatal_;
};

}  // namespace assay
