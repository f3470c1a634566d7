// The table, and a path held against it.
#include "scheduler/api/routes.h"

#include "common/path_pattern.h"
#include "scheduler/api/call.h"
#include "scheduler/hooks/intake.h"

namespace assay::api {
namespace {

constexpr size_t kNoBody = 4096;  // an empty object does no harm
constexpr size_t kScansBody = 16 << 20;
constexpr size_t kBatchBody = 64 << 20;
constexpr size_t kSweepBody = sweeps::kMaxSpecBytes + 4096;
constexpr Roles kOwnOrOperate = kSubmit | kOperate;  // the handler looks whose scan it is

}  // namespace

const std::vector<Route>& routes() {
  static const std::vector<Route> kRoutes = {
      {"POST", "/v1/scans", kSubmit, kScansBody, post_scans},
      {"GET", "/v1/scans", kRead, kNoBody, list_scans},
      {"GET", "/v1/scans/{id}", kRead, kNoBody, show_scan},
      {"GET", "/v1/scans/{id}/report", kRead, kNoBody, show_report},
      {"GET", "/v1/scans/{id}/artifacts", kRead, kNoBody, show_artifacts},
      {"GET", "/v1/scans/{id}/trace", kRead, kNoBody, show_trace},
      {"POST", "/v1/scans/{id}/cancel", kOwnOrOperate, kNoBody, cancel_scan},
      {"POST", "/v1/scans/{id}/retry", kOwnOrOperate, kNoBody, retry_scan},
      {"POST", "/v1/scans/{id}/rescore", kOperate, kNoBody, rescore_scan},
      {"PUT", "/v1/scans/{id}/pin", kOwnOrOperate, kNoBody, pin_scan},
      {"DELETE", "/v1/scans/{id}/pin", kOwnOrOperate, kNoBody, unpin_scan},
      {"POST", "/v1/prune", kOperate, kNoBody, post_prune},
      {"GET", "/v1/search", kRead, kNoBody, search_scans},
      {"POST", "/v1/batches", kSubmit, kBatchBody, post_batch},
      {"GET", "/v1/batches", kRead, kNoBody, list_batches},
      {"GET", "/v1/batches/{id}", kRead, kNoBody, show_batch},
      {"POST", "/v1/batches/{id}/cancel", kOwnOrOperate, kNoBody, cancel_batch},
      {"POST", "/v1/batches/{id}/rerun", kSubmit, kNoBody, rerun_batch},
      {"POST", "/v1/sweeps", kSubmit, kSweepBody, post_sweep},
      {"GET", "/v1/sweeps", kRead, kNoBody, list_sweeps},
      {"GET", "/v1/sweeps/{id}", kRead, kNoBody, show_sweep},
      {"PUT", "/v1/sweeps/{id}", kOwnOrOperate, kSweepBody, put_sweep},
      {"DELETE", "/v1/sweeps/{id}", kOwnOrOperate, kNoBody, delete_sweep},
      {"GET", "/v1/sweeps/{id}/runs", kRead, kNoBody, list_sweep_runs},
      {"GET", "/v1/sweeps/{id}/report", kRead, kNoBody, show_sweep_report},
      {"POST", "/v1/sweeps/{id}/{order}", kOwnOrOperate, kNoBody, order_sweep},
      {"GET", "/v1/agents", kRead, kNoBody, list_agents},
      {"DELETE", "/v1/agents/{id}", kOperate, kNoBody, forget_agent},
      {"POST", "/v1/agents/{id}/{order}", kOperate, kNoBody, set_agent_mode},
      {"GET", "/v1/queue", kRead, kNoBody, show_queue},
      {"GET", "/v1/capacity", kRead, kNoBody, show_capacity},
      {"POST", "/v1/reload", kAdmin, kNoBody, reload},
      {"GET", "/v1/events", kRead, kNoBody, stream_events},
      {"POST", "/v1/hooks/{id}", 0, hooks::kMaxPayloadBytes, take_hook, admit_hook},
      {"POST", "/v1/hooks/{id}/{order}", 0, hooks::kMaxPayloadBytes, take_hook, admit_hook},
      {"GET", "/v1/health", 0, kNoBody, show_health},
      {"GET", "/v1/openapi.yaml", 0, kNoBody, show_openapi},
      {"GET", "/metrics", kRead, kNoBody, show_metrics},
  };
  return kRoutes;
}

Matched match(std::string_view method, std::string_view path) {
  Matched out;
  for (const Route& route : routes()) {
    auto words = match_path(route.path, path);
    if (!words) continue;
    words->resize(2);
    out.id = std::move((*words)[0]);
    out.word = std::move((*words)[1]);
    if (route.method == method) {
      out.route = &route;
      return out;
    }
    out.allowed += (out.allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  return out;
}

}  // namespace assay::api
