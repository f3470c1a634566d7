// Messages cut, sent one after the other.
#include "scheduler/api/submitting.h"

#include <nlohmann/json.hpp>

#include "common/text.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxMessageBytes = wire::kMaxFrameBytes * 3 / 4;  // as frame_bytes() reckons

// How many of the submissions from `first` on fit one message.
size_t message_size(const std::vector<Submission>& submissions, size_t first) {
  size_t bytes = 0, end = first;
  while (end < submissions.size() && end - first < wire::kMaxSubmissions) {
    bytes += frame_bytes(submissions[end]);
    if (bytes > kMaxMessageBytes && end > first) break;
    ++end;
  }
  return end - first;
}

}  // namespace

Submitted submit_all(const Call& call, std::vector<Submission> submissions) {
  Submitted out;
  auto loop = open_loop(call);
  if (!loop) {
    out.status = loop.error();
    return out;
  }
  for (size_t at = 0; at < submissions.size();) {
    size_t count = message_size(submissions, at);
    auto begin = submissions.begin() + static_cast<ptrdiff_t>(at);
    std::vector<Submission> part(std::make_move_iterator(begin),
                                 std::make_move_iterator(begin + static_cast<ptrdiff_t>(count)));
    auto ids = loop->submit(std::move(part), call.services.config.answer);
    if (!ids) {
      if (ids.error().code == Errc::timeout) call.services.metrics.requests_timed_out.add();
      out.status = ids.error();
      return out;
    }
    std::move(ids->begin(), ids->end(), std::back_inserter(out.scan_ids));
    at += count;
  }
  return out;
}

std::string ids_json(const std::vector<std::string>& scan_ids, const std::string& batch_id) {
  Json out;
  if (!batch_id.empty()) out["batch_id"] = batch_id;
  out["scan_ids"] = scan_ids;
  return out.dump();
}

HttpResponse complaint_answer(const Complaint& complaint) {
  HttpResponse out = error_answer(complaint.error);
  Json error = {{"code", to_string(complaint.error.code)}, {"message", printable(complaint.error.what)}};
  if (complaint.index) error["index"] = *complaint.index;
  out.body = Json{{"error", std::move(error)}}.dump();
  return out;
}

HttpResponse partial_answer(const Submitted& submitted, size_t wanted, const std::string& batch_id) {
  const Error& error = submitted.status.error();
  HttpResponse out = error_answer(error);
  if (submitted.scan_ids.empty() && batch_id.empty()) return out;
  Json body;
  body["error"] = {{"code", to_string(error.code)},
                   {"message", printable(error.what) + " (" + std::to_string(submitted.scan_ids.size()) +
                                   " of " + std::to_string(wanted) + " scans had been accepted before)"}};
  body["accepted"] = submitted.scan_ids.size();
  if (!batch_id.empty()) body["batch_id"] = batch_id;
  body["scan_ids"] = submitted.scan_ids;
  out.body = body.dump();
  return out;
}

}  // namespace assay::api
