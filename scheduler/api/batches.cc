// Batches: made, listed, summed up, cancelled, run again.
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/ids.h"
#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/api/order.h"
#include "scheduler/api/records_json.h"
#include "scheduler/api/submitting.h"
#include "scheduler/ask.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;

std::string put_body(const BatchRecord& batch) {
  Json labels = Json::object();
  for (const auto& [name, value] : batch.labels) labels[name] = value;
  return Json{{"batch_id", batch.batch_id},     {"name", batch.name},
              {"tenant", batch.tenant},         {"labels", labels},
              {"created_ns", batch.created_ns}, {"manifest", batch.manifest}}
      .dump();
}

// The record first, then its scans.
HttpResponse create(const Call& call, BatchRecord batch, std::vector<Submission> submissions) {
  batch.batch_id = make_scan_id(std::chrono::system_clock::now());
  batch.tenant = call.who.name;
  batch.created_ns = wall_ns();
  HttpResponse put = ask_loop(call, ask::kBatchPut, put_body(batch));
  if (put.status != 200) return put;
  for (Submission& submission : submissions) {
    submission.tenant = call.who.name;
    submission.batch = batch.batch_id;
  }
  size_t wanted = submissions.size();
  Submitted done = submit_all(call, std::move(submissions));
  if (!done.status) return partial_answer(done, wanted, batch.batch_id);
  return json_answer(201, ids_json(done.scan_ids, batch.batch_id));
}

Status each_scan_of(const Keep& keep, const std::string& batch_id,
                    const std::function<void(const ScanRecord&)>& visit) {
  Status failed;
  ASSAY_CHECK(keep.each_member(batch_id, [&](const std::string& id) {
    auto record = keep.scan(id);
    if (record) visit(*record);
    bool gone = !record && record.error().code == Errc::not_found;  // taken away since the index was read
    if (!record && !gone) failed = record.error();
    return record || gone;
  }));
  return failed;
}

Result<BatchRecord> batch_of(const Call& call) { return call.services.keep.batch(call.route.id); }

// What of a batch is to be run again.
struct Rerun {
  std::string only = "all";
  bool fresh = false;

  bool wants(const ScanRecord& record) const {
    if (only == "failed") return record.state == ScanState::failed || record.state == ScanState::cancelled;
    if (only == "unexpected") return missed_expectation(record);
    return true;
  }
};

Result<Rerun> read_rerun(const std::string& text) {
  Rerun out;
  if (text.empty()) return out;
  Json body = Json::parse(text, nullptr, false);
  if (!body.is_object()) return Error{Errc::invalid, "the body is not a JSON object"};
  for (const auto& [name, value] : body.items()) {
    if (name == "only" && value.is_string())
      out.only = value.get<std::string>();
    else if (name == "fresh" && value.is_boolean())
      out.fresh = value.get<bool>();
    else
      return Error{Errc::invalid,
                   "'" + printable(name, 64) + "' is none of only (a text) and fresh (true or false)"};
  }
  if (out.only != "all" && out.only != "failed" && out.only != "unexpected")
    return Error{Errc::invalid,
                 "only '" + printable(out.only, 64) + "' is none of all, failed and unexpected"};
  return out;
}

}  // namespace

HttpResponse post_batch(const Call& call) {
  OrderOrComplaint read = read_batch(call.request.body);
  if (const auto* complaint = std::get_if<Complaint>(&read)) return complaint_answer(*complaint);
  Order& order = std::get<Order>(read);
  BatchRecord batch;
  batch.name = std::move(order.name);
  batch.labels = std::move(order.labels);
  batch.manifest = make_manifest(order.submissions.size(), "", "");
  return create(call, std::move(batch), std::move(order.submissions));
}

HttpResponse list_batches(const Call& call) {
  if (Status ok = check_parameters(call.request, {"limit", "start"}); !ok) return error_answer(ok.error());
  auto limit = number_parameter(call.request, "limit", 1, 1000, 100);
  if (!limit) return error_answer(limit.error());
  auto start = id_parameter(call.request, "start");
  if (!start) return error_answer(start.error());
  std::vector<BatchRecord> batches;
  std::string next;
  Status read = call.services.keep.each_batch([&](const BatchRecord& batch) {
    if (!start->empty() && batch.batch_id > *start) return true;
    if (batches.size() == *limit) return next = batch.batch_id, false;
    batches.push_back(batch);
    return true;
  });
  if (!read) return error_answer(read.error());
  return json_answer(200, batches_json(batches, next));
}

HttpResponse show_batch(const Call& call) {
  auto batch = batch_of(call);
  if (!batch) return error_answer(batch.error());
  BatchSummary summary;
  Status read =
      each_scan_of(call.services.keep, batch->batch_id, [&](const ScanRecord& scan) { summary.add(scan); });
  if (!read) return error_answer(read.error());
  return json_answer(200, batch_json(*batch, summary));
}

HttpResponse cancel_batch(const Call& call) {
  auto batch = batch_of(call);
  if (!batch) return error_answer(batch.error());
  if (Status ours = check_tenant(call, batch->tenant, "batch " + batch->batch_id); !ours)
    return error_answer(ours.error());
  return ask_loop(call, ask::kCancel, Json{{"batch_id", batch->batch_id}}.dump());
}

HttpResponse rerun_batch(const Call& call) {
  auto batch = batch_of(call);
  if (!batch) return error_answer(batch.error());
  if (Status ours = check_tenant(call, batch->tenant, "batch " + batch->batch_id); !ours)
    return error_answer(ours.error());
  auto rerun = read_rerun(call.request.body);
  if (!rerun) return error_answer(rerun.error());
  std::vector<Submission> submissions;
  Status read = each_scan_of(call.services.keep, batch->batch_id, [&](const ScanRecord& scan) {
    if (!rerun->wants(scan)) return;
    submissions.push_back(scan.submission);
    submissions.back().once.clear();  // the key stands for the scan that is to be run again
    submissions.back().fresh = submissions.back().fresh || rerun->fresh;
  });
  if (!read) return error_answer(read.error());
  if (submissions.empty())
    return error_answer(
        409, "conflict",
        "no scan of batch " + batch->batch_id + " is " + (rerun->only == "all" ? "there" : rerun->only));
  BatchRecord again;
  again.name = batch->name;
  again.labels = batch->labels;
  again.manifest = make_manifest(submissions.size(), batch->batch_id, rerun->only);
  return create(call, std::move(again), std::move(submissions));
}

}  // namespace assay::api
