// call: one request on its way through a handler, and the forms that answers have.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "common/http_server.h"
#include "scheduler/api/api.h"
#include "scheduler/api/loop_client.h"
#include "scheduler/api/routes.h"
#include "scheduler/api/tokens.h"
#include "scheduler/keep.h"
#include "scheduler/metrics.h"
#include "scheduler/sweeps/records.h"

namespace assay::api {

/// What the handlers share. Nothing in it changes while the server runs; the store may be read from any
/// thread.
struct Services {
  const Context& context;
  ApiConfig config;
  Keep keep;
  SchedulerMetrics& metrics;
  const Metrics& all_metrics;
  sweeps::Records sweeps;
};

struct Call {
  const Services& services;
  const HttpRequest& request;
  Matched route;                       // of it, `id` has been read
  Token who;                           // empty for routes without a token
  const std::any* admitted = nullptr;  // what Route::admit left
};

using Handler = HttpResponse (*)(const Call&);

/// The scan of the path, if it is done; else the answer that says why there is no `what` of it.
std::variant<ScanRecord, HttpResponse> done_scan(const Call& call, std::string_view what);
HttpResponse json_answer(int status, std::string body);
/// Status by the error's code; with Retry-After where another try may go better.
HttpResponse error_answer(const Error& error);
HttpResponse error_answer(int status, std::string_view code, std::string_view message);
/// What the loop answered, as it is.
HttpResponse loop_answer(const Call& call, Result<wire::Answer> answer);
Result<LoopClient> open_loop(const Call& call);
/// Asks the loop and answers with what it says; waits `times` as long as for any other answer.
HttpResponse ask_loop(const Call& call, std::string_view op, const std::string& body, int times = 1);

/// A tenant's own, or an operator. Errc::denied names `what`.
Status check_tenant(const Call& call, const std::string& tenant, const std::string& what);

/// A whole number in the query, between `least` and `most`; `otherwise` when it is not there. Errc::invalid
/// names it.
Result<uint64_t> number_parameter(const HttpRequest& request, std::string_view name, uint64_t least,
                                  uint64_t most, uint64_t otherwise);
/// An id in the query, or empty.
Result<std::string> id_parameter(const HttpRequest& request, std::string_view name);
/// Errc::invalid names the first parameter that is none of these.
Status check_parameters(const HttpRequest& request, std::initializer_list<std::string_view> known);

// scans.cc
HttpResponse post_scans(const Call&);
HttpResponse list_scans(const Call&);
HttpResponse show_scan(const Call&);
HttpResponse show_report(const Call&);
HttpResponse cancel_scan(const Call&);
HttpResponse retry_scan(const Call&);
// rescore.cc
HttpResponse rescore_scan(const Call&);
// artifacts.cc
HttpResponse show_artifacts(const Call&);
// trace.cc
HttpResponse show_trace(const Call&);
// retention.cc
HttpResponse post_prune(const Call&);
HttpResponse pin_scan(const Call&);
HttpResponse unpin_scan(const Call&);
// search.cc
HttpResponse search_scans(const Call&);
// batches.cc
HttpResponse post_batch(const Call&);
HttpResponse list_batches(const Call&);
HttpResponse show_batch(const Call&);
HttpResponse cancel_batch(const Call&);
HttpResponse rerun_batch(const Call&);
// sweeps.cc
HttpResponse list_sweeps(const Call&);
HttpResponse post_sweep(const Call&);
HttpResponse show_sweep(const Call&);
HttpResponse put_sweep(const Call&);
HttpResponse delete_sweep(const Call&);
HttpResponse order_sweep(const Call&);
HttpResponse list_sweep_runs(const Call&);
HttpResponse show_sweep_report(const Call&);
// farm.cc
HttpResponse list_agents(const Call&);
HttpResponse set_agent_mode(const Call&);
HttpResponse forget_agent(const Call&);
HttpResponse show_queue(const Call&);
HttpResponse show_capacity(const Call&);
HttpResponse reload(const Call&);
HttpResponse show_health(const Call&);
HttpResponse show_metrics(const Call&);
HttpResponse show_openapi(const Call&);
// hooks.cc
HttpAdmission admit_hook(const Services&, const HttpRequest& head, const Matched& route);
HttpResponse take_hook(const Call&);
// events.cc
HttpResponse stream_events(const Call&);

}  // namespace assay::api
