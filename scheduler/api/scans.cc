// Scans: submitted, listed, shown, cancelled, run again.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "common/ids.h"
#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/api/order.h"
#include "scheduler/api/records_json.h"
#include "scheduler/api/submitting.h"
#include "scheduler/ask.h"
#include "scheduler/export/export.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxPage = 1000;
constexpr size_t kMaxLooked = 100'000;  // records that one request reads; `next` says where to go on

// Scans may be added to a batch by who made it, and by operators.
Status check_batches(const Call& call, const std::vector<Submission>& submissions) {
  std::set<std::string_view> names;
  for (const Submission& submission : submissions)
    if (!submission.batch.empty()) names.insert(submission.batch);
  for (std::string_view name : names) {
    ASSAY_TRY(BatchRecord batch, call.services.keep.batch(std::string(name)));
    ASSAY_CHECK(check_tenant(call, batch.tenant, "batch " + batch.batch_id));
  }
  return Status();
}

std::optional<ScanState> parse_state(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(ScanState::cancelled); ++i)
    if (text == to_string(static_cast<ScanState>(i))) return static_cast<ScanState>(i);
  return std::nullopt;
}

// What the query of a list asks for.
struct Wanted {
  size_t limit = 0;
  std::string start, batch, digest;
  std::optional<ScanState> state;

  bool fits(const ScanRecord& record) const {
    return (!state || record.state == *state) && (batch.empty() || record.submission.batch == batch) &&
           (digest.empty() || record.digest == digest);
  }
};

Result<Wanted> wanted_of(const HttpRequest& request) {
  Wanted out;
  ASSAY_CHECK(check_parameters(request, {"limit", "start", "state", "batch", "digest"}));
  ASSAY_TRY(out.limit, number_parameter(request, "limit", 1, kMaxPage, 100));
  ASSAY_TRY(out.start, id_parameter(request, "start"));
  ASSAY_TRY(out.batch, id_parameter(request, "batch"));
  out.digest = request.parameter("digest").value_or("");
  std::string state = request.parameter("state").value_or("");
  out.state = parse_state(state);
  if (!state.empty() && !out.state)
    return Error{Errc::invalid, "state '" + printable(state, 40) +
                                    "' is none of queued, leased, shipped, done, failed, cancelled"};
  return out;
}

struct Page {
  std::vector<ScanRecord> scans;
  std::string next;
  size_t looked = 0;

  // False: the page is full, and `id` is the next one's first.
  bool more(const Wanted& wanted, const std::string& id) {
    if (scans.size() < wanted.limit && looked < kMaxLooked) return ++looked, true;
    next = id;
    return false;
  }
};

// Newest first, from `ids`, which are sorted so.
Result<Page> page_of(const Keep& keep, const Wanted& wanted, const std::vector<std::string>& ids) {
  Page page;
  for (const std::string& id : ids) {
    if (!wanted.start.empty() && id > wanted.start) continue;
    if (!page.more(wanted, id)) break;
    auto record = keep.scan(id);
    if (!record && record.error().code == Errc::not_found) continue;  // taken away since the index was read
    if (!record) return record.error();
    if (wanted.fits(*record)) page.scans.push_back(std::move(*record));
  }
  return page;
}

Result<Page> load_page(const Keep& keep, const Wanted& wanted) {
  std::vector<std::string> ids;
  if (!wanted.digest.empty()) {
    ASSAY_TRY(ids, keep.scans_of(wanted.digest));
    return page_of(keep, wanted, ids);
  }
  if (!wanted.batch.empty()) {
    ASSAY_TRY(BatchRecord known, keep.batch(wanted.batch));
    ASSAY_CHECK(
        keep.each_member(wanted.batch, [&](const std::string& id) { return ids.push_back(id), true; }));
    std::reverse(ids.begin(), ids.end());
    return page_of(keep, wanted, ids);
  }
  Page page;
  ASSAY_CHECK(keep.each_scan(
      [&](const ScanRecord& record) {
        if (!page.more(wanted, record.scan_id)) return false;
        if (wanted.fits(record)) page.scans.push_back(record);
        return true;
      },
      wanted.start));
  return page;
}

Result<ScanRecord> scan_of(const Call& call) { return call.services.keep.scan(call.route.id); }

// An order about one scan, by whose it is or an operator.
HttpResponse order(const Call& call, std::string_view op) {
  auto record = scan_of(call);
  if (!record) return error_answer(record.error());
  Status ours = check_tenant(call, record->submission.tenant, "scan " + record->scan_id);
  if (!ours) return error_answer(ours.error());
  return ask_loop(call, op, Json{{"scan_id", record->scan_id}}.dump());
}

}  // namespace

HttpResponse post_scans(const Call& call) {
  OrderOrComplaint read = read_scans(call.request.body);
  if (const auto* complaint = std::get_if<Complaint>(&read)) return complaint_answer(*complaint);
  auto& submissions = std::get<Order>(read).submissions;
  if (Status ok = check_batches(call, submissions); !ok) return error_answer(ok.error());
  for (Submission& submission : submissions) submission.tenant = call.who.name;
  size_t wanted = submissions.size();
  Submitted done = submit_all(call, std::move(submissions));
  if (!done.status) return partial_answer(done, wanted, "");
  return json_answer(202, ids_json(done.scan_ids, ""));
}

HttpResponse list_scans(const Call& call) {
  auto wanted = wanted_of(call.request);
  if (!wanted) return error_answer(wanted.error());
  auto page = load_page(call.services.keep, *wanted);
  if (!page) return error_answer(page.error());
  return json_answer(200, scans_json(page->scans, page->next));
}

HttpResponse show_scan(const Call& call) {
  auto record = scan_of(call);
  if (!record) return error_answer(record.error());
  std::string waits;
  if (is_open(record->state)) {
    HttpResponse explained = ask_loop(call, ask::kExplain, Json{{"scan_id", record->scan_id}}.dump());
    auto body = Json::parse(explained.body, nullptr, false);
    // Else it has ended meanwhile, or the loop is busy: the record is worth showing without.
    if (explained.status == 200 && body.is_object() && body.contains("waits")) waits = body["waits"].dump();
  }
  return json_answer(200, scan_json(*record, waits));
}

HttpResponse show_report(const Call& call) {
  if (Status ok = check_parameters(call.request, {"format"}); !ok) return error_answer(ok.error());
  std::string format = call.request.parameter("format").value_or("json");
  const ExportForm* form = nullptr;
  if (format != "json" && format != "text") {
    auto wanted = find_export_form(format);
    if (!wanted) return error_answer(wanted.error());
    form = *wanted;
  }
  auto found = done_scan(call, "report");
  if (auto* refused = std::get_if<HttpResponse>(&found)) return std::move(*refused);
  const std::string& scan_id = std::get<ScanRecord>(found).scan_id;
  auto json = call.services.keep.report(scan_id);
  if (!json) return error_answer(json.error());
  if (format == "json") return json_answer(200, std::move(*json));
  auto report = parse_report(*json);
  if (!report) return error_answer(report.error());
  HttpResponse out;
  out.body = form != nullptr ? form->write(*report) : report_text(*report, TextStyle());
  out.content_type = form != nullptr ? form->mime : "text/plain; charset=utf-8";
  // Saved, never shown as a page of this server's: much of it has come from an image.
  if (form != nullptr)
    out.headers.emplace_back("Content-Disposition",
                             "attachment; filename=\"" + scan_id + "." + std::string(form->extension) + "\"");
  out.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return out;
}

HttpResponse cancel_scan(const Call& call) { return order(call, ask::kCancel); }
HttpResponse retry_scan(const Call& call) { return order(call, ask::kRetry); }

}  // namespace assay::api
