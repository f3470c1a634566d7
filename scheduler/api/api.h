// api: the scheduler's HTTP API (docs/api.md, docs/openapi.yaml). Reads go to the store on the server's
// threads; whatever changes state, or needs what only the loop knows, is asked of the loop. Who may do what
// is decided here, and only here.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/http_server.h"
#include "common/loop.h"
#include "common/metrics.h"
#include "scheduler/metrics.h"
#include "scheduler/store.h"

namespace assay::hooks {
class Intake;
}

namespace assay::api {

struct ApiConfig {
  HttpConfig http;                   // where it listens, and its limits; port 0: any free one
  std::string clients;               // endpoint of the loop's socket for clients ("inproc://NAME")
  std::string sweeps{};              // that of the sweeper; empty: there is none
  std::filesystem::path token_file;  // read anew for every request, so that what was revoked is out at once
  hooks::Intake* hooks = nullptr;    // borrowed; null: there are no webhooks
  std::chrono::milliseconds answer{10000};     // for the loop to answer in; then 504
  std::chrono::milliseconds heartbeat{10000};  // of streams of events
};

class Api {
 public:
  /// Serves until destroyed; that waits for the requests under way. All are borrowed. Errors: the address
  /// cannot be had, the token file cannot be read or breaks a rule.
  static Result<Api> start(const Context& context, const ApiConfig& config, Store& store,
                           SchedulerMetrics& metrics, const Metrics& all_metrics);
  Api(Api&&) noexcept;
  Api& operator=(Api&&) noexcept;
  ~Api();

  int port() const;

 private:
  struct State;
  explicit Api(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::api
