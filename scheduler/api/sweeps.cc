// Sweeps: listed, made, changed, run, paused, reported. What changes something is an order to the sweeper;
// the rest is read from the store.
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/sweeps/orders.h"
#include "scheduler/sweeps/report.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;
using sweeps::RunRecord;
using sweeps::SweepRecord;

constexpr uint64_t kTextColumns = 100;

HttpResponse ask_sweeper(const Call& call, std::string_view op, const std::string& body) {
  const std::string& endpoint = call.services.config.sweeps;
  if (endpoint.empty())
    return error_answer({Errc::unsupported, "this scheduler carries out no sweeps (sweep-workers is 0)"});
  auto line = LoopClient::open(call.services.context, endpoint, call.request.stop_fd);
  if (!line) return error_answer(line.error());
  return loop_answer(call, line->ask(op, body, call.services.config.answer));
}

Json time_or_null(int64_t value) { return value == 0 ? Json() : Json(value); }

Json sweep_row(const SweepRecord& sweep) {
  Json sources = Json::array();
  for (const auto& source : sweep.spec.sources) sources.push_back(printable(source.str(), 300));
  return {{"name", sweep.spec.name},
          {"tenant", sweep.tenant},
          {"sources", std::move(sources)},
          {"schedule", sweep.spec.schedule},
          {"time_zone", sweep.spec.time_zone},
          {"paused", sweep.paused},
          {"running", sweep.running.empty() ? Json() : Json(sweep.running)},
          {"created_ns", sweep.created_ns},
          {"last_due_s", time_or_null(sweep.last_due_s)}};
}

Json run_row(const RunRecord& run) {
  Json trouble = Json::array();
  for (const std::string& line : run.trouble) trouble.push_back(still_printable(line));
  return {{"run_id", run.run_id},
          {"state", to_string(run.state)},
          {"why", run.why},
          {"rules_version", run.rules_version},
          {"started_ns", run.started_ns},
          {"listed_ns", time_or_null(run.listed_ns)},
          {"ended_ns", time_or_null(run.ended_ns)},
          {"deadline_s", run.deadline_s ? Json(*run.deadline_s) : Json()},
          {"listed_all", run.listed_all},
          {"trouble", std::move(trouble)}};
}

// The sweep of the path, if whoever asks may change it.
Result<SweepRecord> own_sweep(const Call& call) {
  ASSAY_TRY(SweepRecord sweep, call.services.sweeps.sweep(call.route.id));
  ASSAY_CHECK(check_tenant(call, sweep.tenant, "sweep " + sweep.spec.name));
  return sweep;
}

HttpResponse put(const Call& call, const std::string& tenant, bool replace, int status) {
  Json spec = Json::parse(call.request.body, nullptr, false);
  if (!spec.is_object()) return error_answer({Errc::invalid, "the body is no JSON object"});
  if (replace) {
    auto [name, added] = spec.emplace("name", call.route.id);
    if (*name != call.route.id)
      return error_answer(
          {Errc::invalid, "name: is not '" + printable(call.route.id, 64) + "', as the path has it"});
  }
  HttpResponse out =
      ask_sweeper(call, sweeps::kPut, Json{{"tenant", tenant}, {"spec", spec}, {"replace", replace}}.dump());
  if (out.status == 200) out.status = status;
  return out;
}

}  // namespace

HttpResponse list_sweeps(const Call& call) {
  if (Status ok = check_parameters(call.request, {}); !ok) return error_answer(ok.error());
  Json list = Json::array();
  Status read = call.services.sweeps.each_sweep([&](const SweepRecord& sweep) {
    list.push_back(sweep_row(sweep));
    return list.size() < sweeps::kMaxSweeps;
  });
  if (!read) return error_answer(read.error());
  return json_answer(200, Json{{"sweeps", std::move(list)}}.dump());
}

HttpResponse post_sweep(const Call& call) { return put(call, call.who.name, false, 201); }

HttpResponse put_sweep(const Call& call) {
  auto sweep = own_sweep(call);
  if (!sweep) return error_answer(sweep.error());
  return put(call, sweep->tenant, true, 200);
}

// The record with the sweeper's word on it; where that has none to say now, without.
HttpResponse show_sweep(const Call& call) {
  auto sweep = call.services.sweeps.sweep(call.route.id);
  if (!sweep) return error_answer(sweep.error());
  Json out = sweep_row(*sweep);
  out["spec"] = Json::parse(sweeps::spec_json(sweep->spec), nullptr, false);
  out["next_due_s"] = out["run"] = nullptr;
  if (call.services.config.sweeps.empty()) return json_answer(200, out.dump());
  HttpResponse answer = ask_sweeper(call, sweeps::kStatus, Json{{"name", sweep->spec.name}}.dump());
  if (answer.status != 200) return answer;
  Json status = Json::parse(answer.body, nullptr, false);
  for (const char* field : {"next_due_s", "run"})
    if (status.is_object() && status.contains(field)) out[field] = status[field];
  return json_answer(200, out.dump());
}

HttpResponse delete_sweep(const Call& call) {
  auto sweep = own_sweep(call);
  if (!sweep) return error_answer(sweep.error());
  return ask_sweeper(call, sweeps::kRemove, Json{{"name", sweep->spec.name}}.dump());
}

HttpResponse order_sweep(const Call& call) {
  const std::string& order = call.route.word;
  if (order != "run" && order != "pause" && order != "resume")
    return error_answer(404, "not_found", "'" + printable(order, 40) + "' is none of run, pause and resume");
  auto sweep = own_sweep(call);
  if (!sweep) return error_answer(sweep.error());
  if (order == "run") return ask_sweeper(call, sweeps::kRun, Json{{"name", sweep->spec.name}}.dump());
  return ask_sweeper(call, sweeps::kPause,
                     Json{{"name", sweep->spec.name}, {"paused", order == "pause"}}.dump());
}

HttpResponse list_sweep_runs(const Call& call) {
  if (Status ok = check_parameters(call.request, {"limit"}); !ok) return error_answer(ok.error());
  auto limit = number_parameter(call.request, "limit", 1, 1000, 100);
  if (!limit) return error_answer(limit.error());
  auto sweep = call.services.sweeps.sweep(call.route.id);
  if (!sweep) return error_answer(sweep.error());
  Json list = Json::array();
  Status read = call.services.sweeps.each_run(sweep->spec.name, [&](const RunRecord& run) {
    list.push_back(run_row(run));
    return list.size() < *limit;
  });
  if (!read) return error_answer(read.error());
  return json_answer(200, Json{{"runs", std::move(list)}}.dump());
}

namespace {

struct RunPair {
  std::optional<RunRecord> run, before;
};

// The run that is asked for (empty: the latest), and the one before it that ended.
Result<RunPair> find_runs(const Call& call, const std::string& name, const std::string& run_id) {
  RunPair out;
  ASSAY_CHECK(call.services.sweeps.each_run(name, [&](const RunRecord& run) {
    if (!out.run) {
      if (run_id.empty() || run.run_id == run_id) out.run = run;
      return true;
    }
    if (run.state == sweeps::RunState::done) out.before = run;
    return !out.before;
  }));
  if (!out.run)
    return Error{Errc::not_found, run_id.empty() ? "sweep " + name + " has not run yet"
                                                 : "sweep " + name + " has no run " + run_id};
  return out;
}

}  // namespace

HttpResponse show_sweep_report(const Call& call) {
  if (Status ok = check_parameters(call.request, {"run", "format", "width"}); !ok)
    return error_answer(ok.error());
  auto run_id = id_parameter(call.request, "run");
  if (!run_id) return error_answer(run_id.error());
  auto width = number_parameter(call.request, "width", 40, 1000, kTextColumns);
  if (!width) return error_answer(width.error());
  std::string format = call.request.parameter("format").value_or("json");
  if (format != "json" && format != "text")
    return error_answer({Errc::invalid, "format '" + printable(format, 40) + "' is none of json and text"});
  auto sweep = call.services.sweeps.sweep(call.route.id);
  if (!sweep) return error_answer(sweep.error());
  auto runs = find_runs(call, sweep->spec.name, *run_id);
  if (!runs) return error_answer(runs.error());
  auto report = sweeps::make_report(call.services.keep, call.services.sweeps, *runs->run, runs->before);
  if (!report) return error_answer(report.error());
  if (format == "json") return json_answer(200, sweeps::report_json(*report));
  HttpResponse out = json_answer(200, sweeps::report_text(*report, *width));
  out.content_type = "text/plain; charset=utf-8";
  return out;
}

}  // namespace assay::api
