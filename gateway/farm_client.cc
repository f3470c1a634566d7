// Requests, and answers read field by field: another version of the scheduler may say more, or less.
#include "gateway/farm_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/encodings.h"
#include "common/fd.h"
#include "common/json_parts.h"
#include "common/submission.h"
#include "common/text.h"
#include "common/words.h"
#include "sources/http_url.h"

namespace assay::gateway {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr size_t kMaxTokenFileBytes = 4096;
constexpr size_t kMaxTokenBytes = 512;
constexpr size_t kMaxAnswerBytes = 64 << 20;  // a report of a scan that did much
constexpr milliseconds kConnect{3000};
constexpr milliseconds kLongestAsk{10'000};  // one request

Errc code_of(int status) {
  switch (status) {
    case 400:
    case 413:
      return Errc::invalid;
    case 401:
    case 403:
      return Errc::denied;
    case 404:
      return Errc::not_found;
    case 409:
      return Errc::conflict;
    case 429:
    case 503:
      return Errc::busy;
    case 504:
      return Errc::timeout;
    case 507:
      return Errc::no_space;
    default:
      return Errc::io;
  }
}

// What an answer that is no success says.
Error refusal(const sources::HttpReply& reply) {
  std::string message;
  Json body = Json::parse(reply.body, nullptr, false);
  if (body.is_object() && body.contains("error") && body["error"].is_object())
    message = still_printable(text_of(body["error"], "message"), 500);
  if (message.empty()) message = "status " + std::to_string(reply.status) + " without a reason";
  return Error{code_of(reply.status), "the scheduler says: " + message};
}

Error no_scheduler(const std::string& what) {
  return Error{Errc::corrupt, "the answer of the scheduler " + what + "; does option scheduler name one?"};
}

int64_t number_of(const Json& from, const char* name) {
  auto found = from.find(name);
  return found != from.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

// Retention has taken the report, or has not.
bool kept_report(const Json& scan) {
  auto pruned = scan.find("pruned");
  if (pruned == scan.end()) return true;
  return pruned->dump().find("report") == std::string::npos;
}

FarmScan scan_of(const Json& from) {
  FarmScan out;
  auto text = [&](const char* name) { return still_printable(text_of(from, name), 1024); };
  out.scan_id = text("scan_id");
  out.ref = text("ref");
  out.digest = text("digest");
  out.state = text("state");
  out.tenant = text("tenant");
  out.persona = text("persona");
  out.error = text("error");
  if (auto labels = from.find("labels"); labels != from.end() && labels->is_object())
    for (const auto& [name, value] : labels->items())
      if (value.is_string() && out.labels.size() < kMaxLabels)
        out.labels.emplace_back(still_printable(name, 1024), still_printable(value.get<std::string>(), 1024));
  out.submitted_ns = number_of(from, "submitted_ns");
  out.finished_ns = number_of(from, "finished_ns");
  if (auto labels = from.find("labels"); labels != from.end() && labels->is_object())
    out.imported = labels->contains("imported");
  out.has_report = out.state == "done" && kept_report(from);
  return out;
}

}  // namespace

Status check_farm_url(const std::string& url) {
  auto parsed = sources::parse_url(url);
  if (!parsed || parsed->path != "/" || !parsed->query.empty())
    return Error{Errc::invalid, "scheduler '" + printable(url, 300) +
                                    "' is no URL of a scheduler's API, as in http://127.0.0.1:8440"};
  return Status();
}

Result<std::string> read_token(const std::filesystem::path& file) {
  auto text = read_file(file, kMaxTokenFileBytes);
  if (!text)
    return text.error().context("token file (make a token by `assay tokens new gateway read,submit`)");
  std::string_view line = trimmed(split(*text, '\n').front());
  bool good = !line.empty() && line.size() <= kMaxTokenBytes &&
              std::all_of(line.begin(), line.end(), [](char c) { return c > ' ' && c < 127; });
  if (!good)
    return Error{Errc::invalid, "token file " + file.string() + ": its first line is no token of 1 to " +
                                    std::to_string(kMaxTokenBytes) + " visible ASCII characters"};
  return std::string(line);
}

FarmClient::FarmClient(const FarmConfig& config, int stop_fd, Clock::time_point deadline)
    : config_(config), http_(stop_fd), deadline_(deadline) {}

Result<std::string> FarmClient::ask(const std::string& method, const std::string& target,
                                    const std::string& body) {
  auto left = std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now());
  if (left <= milliseconds(0)) return Error{Errc::timeout, "the scheduler could not be asked in time"};
  ASSAY_TRY(std::string token, read_token(config_.token_file));
  sources::HttpAsk ask;
  ask.method = method;
  ask.url =
      (config_.url.ends_with('/') ? config_.url.substr(0, config_.url.size() - 1) : config_.url) + target;
  ask.headers = {{"Authorization", "Bearer " + token}};
  if (!body.empty()) ask.headers.emplace_back("Content-Type", "application/json");
  ask.body = body;
  if (!config_.ca_file.empty()) ask.tls.ca_files = {config_.ca_file};
  ask.limit_bytes = kMaxAnswerBytes;
  ask.whole = std::min(left, kLongestAsk);
  ask.connect = std::min(kConnect, ask.whole);
  auto reply = http_.ask(ask);
  if (!reply) return reply.error().context("scheduler");
  if (reply->status < 200 || reply->status > 299) return refusal(*reply);
  return std::move(reply->body);
}

Result<std::vector<FarmScan>> FarmClient::scans_of(const std::string& digest, size_t limit) {
  ASSAY_TRY(std::string body,
            ask("GET", "/v1/scans?digest=" + url_encode(digest) + "&limit=" + std::to_string(limit)));
  Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("scans") || !parsed["scans"].is_array())
    return no_scheduler("is no list of scans");
  std::vector<FarmScan> out;
  for (const Json& scan : parsed["scans"])
    if (scan.is_object()) out.push_back(scan_of(scan));
  return out;
}

Result<FarmScan> FarmClient::scan(const std::string& scan_id) {
  ASSAY_TRY(std::string body, ask("GET", "/v1/scans/" + url_encode(scan_id)));
  Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object() || text_of(parsed, "scan_id").empty()) return no_scheduler("is no scan");
  return scan_of(parsed);
}

Result<std::string> FarmClient::submit(const FarmOrder& order) {
  Json scan = {{"ref", order.ref}, {"lane", order.lane}};
  if (!order.once.empty()) scan["once"] = order.once;
  if (order.insecure) scan["insecure"] = true;
  if (order.duration.count() > 0) scan["duration_ms"] = order.duration.count();
  if (!order.registry_auth.empty()) scan["registry_auth"] = order.registry_auth;
  for (const auto& [name, value] : order.labels) scan["labels"][name] = value;
  Json wanted = {{"scans", Json::array({std::move(scan)})}};
  ASSAY_TRY(std::string body,
            ask("POST", "/v1/scans", wanted.dump(-1, ' ', false, Json::error_handler_t::replace)));
  Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("scan_ids") || !parsed["scan_ids"].is_array() ||
      parsed["scan_ids"].size() != 1 || !parsed["scan_ids"][0].is_string())
    return no_scheduler("to a submission has no scan_ids");
  return still_printable(parsed["scan_ids"][0].get<std::string>(), 64);
}

Result<std::string> FarmClient::report(const std::string& scan_id) {
  return ask("GET", "/v1/scans/" + url_encode(scan_id) + "/report");
}

}  // namespace assay::gateway
