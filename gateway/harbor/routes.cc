// The adapter's routes: what Harbor asks, asked of the scheduler. They keep nothing: a scan request is the
// scan.
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/ids.h"
#include "common/log.h"
#include "common/text.h"
#include "common/version.h"
#include "gateway/farm_client.h"
#include "gateway/harbor/access.h"
#include "gateway/harbor/media.h"
#include "gateway/harbor/report.h"
#include "gateway/harbor/request.h"
#include "gateway/routes.h"

namespace assay::gateway {
namespace {

using namespace harbor;
using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

// Harbor's client gives up after 5 s.
constexpr milliseconds kAnswer{4500};

const harbor::Settings& settings_of(const Services& services) { return services.settings.scanner; }

HttpResponse answer(int status, std::string_view type, std::string body) {
  HttpResponse out = json_answer(status, std::move(body));
  out.content_type = type;
  return out;
}

HttpResponse refusal(int status, std::string_view message) {
  return answer(status, kError, Json{{"error", {{"message", still_printable(message, 2000)}}}}.dump());
}

std::optional<HttpResponse> refuse(const Services& services, const HttpRequest& head) {
  const harbor::Settings& settings = settings_of(services);
  if (settings.auth == Auth::off)
    return refusal(404, "there is no scanner adapter here: option harbor is off");
  auto denied = check_access(settings, head);
  if (!denied) return std::nullopt;
  HttpResponse out = refusal(denied->status, denied->message);
  if (std::string scheme = challenge(settings.auth); denied->status == 401 && !scheme.empty())
    out.headers.emplace_back("WWW-Authenticate", scheme);
  return out;
}

FarmClient farm_of(const Call& call) {
  return FarmClient(call.services.settings.farm, call.request.stop_fd, call.began + kAnswer);
}

HttpResponse show_metadata(const Call& call) {
  auto type = metadata_type(call.request.header("accept").value_or(""));
  if (!type) return refusal(406, "metadata is served as " + std::string(kMetadata10) + " and " + kMetadata11);
  Json capability = {{"type", "vulnerability"},
                     {"consumes_mime_types", {kOciManifest, kDockerManifest}},
                     {"produces_mime_types", {kGenericReport, kReport10, kRawReport}}};
  // A token could be given to what pulls by its command line alone (common/registry_auth.h).
  Json properties = {{"harbor.scanner-adapter/scanner-type", "behaviour"},
                     {"harbor.scanner-adapter/registry-authorization-type", "Basic"}};
  return answer(200, *type,
                Json{{"scanner", {{"name", "Assay"}, {"vendor", "Assay"}, {"version", kVersion}}},
                     {"capabilities", Json::array({std::move(capability)})},
                     {"properties", std::move(properties)}}
                    .dump());
}

HttpResponse accept_scan(const Call& call) {
  if (!is_scan_request(call.request.header("content-type").value_or("")))
    return refusal(400,
                   "the body is no application/vnd.scanner.adapter.scan.request+json of version 1.0 or 1.1");
  auto read = read_scan_request(call.request.body, settings_of(call.services));
  if (auto* bad = std::get_if<Refusal>(&read)) return refusal(bad->status, bad->message);
  const auto& order = std::get<FarmOrder>(read);
  auto scan_id = farm_of(call).submit(order);
  if (!scan_id) {
    spdlog::warn("event=harbor_scan_refused ref={} why=\"{}\"", printable(order.ref, 300),
                 printable(scan_id.error().what, 300));
    return refusal(scan_id.error().code == Errc::invalid ? 422 : 500, scan_id.error().what);
  }
  call.services.metrics.submitted.add();
  spdlog::info("event=harbor_scan scan={} ref={}", *scan_id, printable(order.ref, 300));
  return answer(202, kScanResponse, Json{{"id", *scan_id}}.dump());
}

HttpResponse not_ready(const Call& call) {
  HttpResponse out;
  out.status = 302;
  out.headers.emplace_back("Refresh-After", std::to_string(settings_of(call.services).refresh.count()));
  out.headers.emplace_back("Location", "/api/v1/scan/" + call.words[0] + "/report");
  return out;
}

// A scheduler that starts anew, or is busy, has lost nothing: Harbor would take any error for the scan's end.
HttpResponse no_answer(const Call& call, const Error& error) {
  if (error.code == Errc::not_found) return refusal(404, error.what);
  bool passing = error.code == Errc::unreachable || error.code == Errc::timeout || error.code == Errc::busy;
  // Ids sort by their time.
  if (passing && call.words[0] > scan_id_at(wall_s() - settings_of(call.services).patience.count(), 0))
    return not_ready(call);
  return refusal(500, error.what);
}

HttpResponse write_report(const Call& call, const FarmScan& scan, const Artifact& artifact,
                          std::string_view type, FarmClient& farm) {
  auto json = farm.report(scan.scan_id);
  if (!json) return no_answer(call, json.error());
  if (type == kRawReport) return answer(200, type, std::move(*json));
  auto report = parse_report(*json);
  if (!report) return refusal(500, "the report of scan " + scan.scan_id + ": " + report.error().what);
  int64_t generated = scan.finished_ns > 0 ? scan.finished_ns : scan.submitted_ns;
  return answer(200, type,
                vulnerability_report(*report, artifact, settings_of(call.services).inconclusive, generated));
}

HttpResponse show_report(const Call& call) {
  const std::string& scan_id = call.words[0];
  if (!is_scan_id(scan_id)) return refusal(404, "there is no such scan request");
  if (auto sbom = call.request.parameter("sbom_media_type")) {
    bool known = *sbom == "application/spdx+json" || *sbom == "application/vnd.cyclonedx+json";
    return refusal(known ? 501 : 400, known ? "this scanner makes no SBOM: it tells what an image does"
                                            : "sbom_media_type is none that there is");
  }
  auto type = report_type(call.request.header("accept").value_or(""));
  if (!type) return refusal(501, "no report of that type: there are those of this scanner's metadata");
  FarmClient farm = farm_of(call);
  auto scan = farm.scan(scan_id);
  if (!scan && scan.error().code == Errc::not_found) return refusal(404, "there is no such scan request");
  if (!scan) return no_answer(call, scan.error());
  auto artifact = artifact_of(*scan);
  if (!artifact) return refusal(404, "there is no such scan request");
  if (scan->open()) return not_ready(call);
  if (scan->state != "done")
    return refusal(500, "the scan " + scan->state + ": " + (scan->error.empty() ? "no reason" : scan->error));
  return write_report(call, *scan, *artifact, *type, farm);
}

HttpResponse show_alive(const Call&) { return json_answer(200, R"({"status":"ok"})"); }

// That scans can be taken: the scheduler knows no scan of this id, and says so.
HttpResponse show_ready(const Call& call) {
  constexpr char kNobodys[] = "19700101T000000-00000000";
  auto known = farm_of(call).scan(kNobodys);
  if (known || known.error().code == Errc::not_found) return show_alive(call);
  return refusal(503, known.error().what);
}

std::optional<HttpResponse> refuse_off(const Services& services, const HttpRequest&) {
  if (settings_of(services).auth != Auth::off) return std::nullopt;
  return refusal(404, "there is no scanner adapter here: option harbor is off");
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/metadata", 0, true, show_metadata, refuse},
    {"POST", "/api/v1/scan", kMaxRequestBytes, true, accept_scan, refuse},
    {"GET", "/api/v1/scan/{scan_request_id}/report", 0, true, show_report, refuse},
    {"GET", "/probe/healthy", 0, true, show_alive, refuse_off},
    {"GET", "/probe/ready", 0, true, show_ready, refuse_off},
};

}  // namespace

std::span<const Route> harbor_routes() { return kRoutes; }

}  // namespace assay::gateway
