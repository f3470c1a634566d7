// Server-sent events (WHATWG HTML, section 9.2): every change of state, of one scan, one batch or all.
#include <set>

#include "common/ids.h"
#include "scheduler/api/call.h"
#include "scheduler/api/records_json.h"
#include "scheduler/ask.h"

namespace assay::api {
namespace {

constexpr size_t kMaxAtOnce = 1000;  // notices or records, before the stop and the client are looked at again

std::string event_text(const wire::Notice& notice) {
  const char* name = notice.state == "progress" ? "progress" : "state";
  return std::string("event: ") + name + "\ndata: " + notice_json(notice) + "\n\n";
}

bool has_ended(const std::string& state) {
  return state == "done" || state == "failed" || state == "cancelled";
}

class Events : public HttpStreamer {
 public:
  Events(const Services& services, LoopClient loop, wire::Watch watch)
      : services_(services), loop_(std::move(loop)), watch_(std::move(watch)) {}
  /// What the loop tells from now on reaches this stream.
  Status begin();
  void run(HttpStream& to) override;

 private:
  std::string present();
  std::string present_batch();
  std::string take_notices();
  std::string ended_unheard();
  void note(const wire::Notice& notice);
  bool finished() const { return bounded() && begun_ && open_.empty(); }
  bool bounded() const { return !watch_.scan_id.empty() || !watch_.batch.empty(); }

  const Services& services_;
  LoopClient loop_;
  wire::Watch watch_;
  std::string early_;           // events that came before the loop said that it has begun
  std::set<std::string> open_;  // scans whose end is still to be told
  bool begun_ = false;          // there is one, or was
  bool unsure_ = false;         // something may have been missed: what the store says counts
};

Status Events::begin() {
  ASSAY_CHECK(loop_.send(watch_));
  // The answer comes after the loop has taken the Watch up; what it says does not matter.
  ASSAY_CHECK(loop_.send(wire::Ask{std::string(ask::kExplain), "{}"}));
  for (;;) {
    ASSAY_TRY(wire::Message message, loop_.receive(services_.config.answer));
    if (std::holds_alternative<wire::Answer>(message)) return Status();
    if (const auto* refused = std::get_if<wire::Refused>(&message)) return Error{Errc::busy, refused->reason};
    if (const auto* notice = std::get_if<wire::Notice>(&message)) early_ += event_text(*notice);
  }
}

void Events::note(const wire::Notice& notice) {
  if (notice.missed > 0) unsure_ = true;
  if (!bounded() || notice.state == "progress") return;
  begun_ = true;
  if (has_ended(notice.state))
    open_.erase(notice.scan_id);
  else
    open_.insert(notice.scan_id);
}

// The state as the store has it, so that nothing from before the stream is missing.
std::string Events::present() {
  open_.clear();
  if (!watch_.batch.empty()) return present_batch();
  if (watch_.scan_id.empty()) return "";
  auto record = services_.keep.scan(watch_.scan_id);
  if (!record) return "";
  wire::Notice notice = notice_of(*record);
  note(notice);
  return event_text(notice);
}

std::string Events::present_batch() {
  std::string out;
  (void)services_.keep.each_member(watch_.batch, [&](const std::string& id) {
    auto record = services_.keep.scan(id);
    if (!record) return true;
    wire::Notice notice = notice_of(*record);
    note(notice);
    out += event_text(notice);
    return true;
  });
  return out;
}

std::string Events::take_notices() {
  std::string out;
  for (size_t i = 0; i < kMaxAtOnce; ++i) {
    auto message = loop_.poll();
    if (!message || !*message) break;
    const auto* notice = std::get_if<wire::Notice>(&**message);
    if (notice == nullptr) continue;
    note(*notice);
    out += event_text(*notice);
  }
  return out;
}

// The loop says that it has left notices out only with the next one, and after the last end there is none.
std::string Events::ended_unheard() {
  std::vector<wire::Notice> ended;
  size_t looked = 0;
  for (const std::string& id : open_) {
    if (++looked > kMaxAtOnce) break;
    auto record = services_.keep.scan(id);
    if (record && !is_open(record->state)) ended.push_back(notice_of(*record));
  }
  std::string out;
  for (const wire::Notice& notice : ended) {
    note(notice);
    out += event_text(notice);
  }
  return out;
}

void Events::run(HttpStream& to) {
  if (!to.write(early_ + present())) return;
  auto beat = std::chrono::steady_clock::now() + services_.config.heartbeat;
  for (;;) {
    std::string text = take_notices();
    if (!to.write(text) || finished()) return;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(beat - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      beat += services_.config.heartbeat;
      text = unsure_ ? present() : ended_unheard();
      unsure_ = false;
      if (!to.write(text.empty() ? ":\n\n" : text)) return;
      continue;
    }
    std::vector<WaitFor> items = {WaitFor(loop_.socket()), WaitFor(to.stop_fd()), WaitFor(to.peer_fd())};
    if (!wait(items, left) || items[1].ready || items[2].ready) return;
  }
}

}  // namespace

HttpResponse stream_events(const Call& call) {
  if (Status ok = check_parameters(call.request, {"scan", "batch"}); !ok) return error_answer(ok.error());
  auto scan = id_parameter(call.request, "scan");
  if (!scan) return error_answer(scan.error());
  auto batch = id_parameter(call.request, "batch");
  if (!batch) return error_answer(batch.error());
  if (!scan->empty() && !batch->empty())
    return error_answer(400, "invalid", "scan and batch exclude each other");
  if (auto record = call.services.keep.scan(*scan); !scan->empty() && !record)
    return error_answer(record.error());
  if (auto record = call.services.keep.batch(*batch); !batch->empty() && !record)
    return error_answer(record.error());
  auto loop = open_loop(call);
  if (!loop) return error_answer(loop.error());
  auto events = std::make_unique<Events>(call.services, std::move(*loop), wire::Watch{*scan, *batch});
  if (Status begun = events->begin(); !begun) return error_answer(begun.error());
  HttpResponse out;
  out.content_type = "text/event-stream";
  out.stream = std::move(events);
  return out;
}

}  // namespace assay::api
