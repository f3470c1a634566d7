// The scoring threads. One answers [id, "", verdict, score, report, rules version, bytes of the trace,
// traits] or [id, error].
#include "scheduler/scoring.h"

#include <charconv>
#include <functional>

#include "common/ids.h"
#include "common/log.h"
#include "scheduler/evaluate.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

// With a thread at once: one in work and those that keep it from waiting for the loop.
constexpr unsigned kAhead = 64;

void score_one(Socket& socket, Store& store, const std::string& scan_id, const RuleSet& rules) {
  uint64_t bytes = 0;
  Result<Report> report = evaluate(Keep(store), scan_id, rules, &bytes);
  Status sent;
  if (report) {
    std::string json = report_json(*report), score = std::to_string(report->score);
    uint64_t left_out = 0;
    Traits traits = traits_of(*report, &left_out);
    if (left_out > 0) spdlog::info("event=traits_left_out scan={} count={}", scan_id, left_out);
    sent = socket.send_frames({scan_id, "", to_string(report->verdict), score, json, report->rules_version,
                               std::to_string(bytes), encode_traits(traits)});
  } else {
    sent = socket.send_frames({scan_id, report.error().what});
  }
  if (!sent) spdlog::error("event=score_lost scan={} error=\"{}\"", scan_id, sent.error().what);
}

void run_scoring(Socket socket, int stop_fd, Store& store, const RuleSet& rules) {
  for (;;) {
    std::vector<WaitFor> items{socket, WaitFor(stop_fd)};
    if (!wait(items, milliseconds(-1)) || items[1].ready) return;
    auto message = socket.receive();
    if (message && *message) score_one(socket, store, (**message)[0], rules);
  }
}

Result<Scored> understand(std::vector<std::string> frames) {
  Scored scored;
  if (frames.size() != 2 && frames.size() != 8)
    return Error{Errc::corrupt, "scoring answered what nobody understands"};
  scored.scan_id = frames[0];
  scored.error = frames[1];
  if (frames.size() == 2) return scored;
  scored.verdict = frames[2];
  scored.report = std::move(frames[4]);
  scored.rules_version = frames[5];
  std::from_chars(frames[3].data(), frames[3].data() + frames[3].size(), scored.score);
  std::from_chars(frames[6].data(), frames[6].data() + frames[6].size(), scored.trace_bytes);
  ASSAY_TRY(scored.traits, decode_traits(frames[7]));
  return scored;
}

}  // namespace

Result<Scoring> Scoring::start(const Context& context, Store& store, const RuleSet& rules, unsigned threads) {
  Scoring scoring;
  for (unsigned i = 0; i < threads; ++i) {
    ASSAY_TRY(Socket near, Socket::open(context, Socket::Type::pair, 2 * kAhead));
    ASSAY_TRY(Socket far, Socket::open(context, Socket::Type::pair, 2 * kAhead));
    // A name that nobody has had: ZeroMQ gives one up some time after its socket is closed, and with new
    // rules new threads start beside the old ones.
    std::string endpoint = "inproc://scorer-" + make_scan_id(std::chrono::system_clock::now());
    ASSAY_CHECK(near.bind(endpoint));
    ASSAY_CHECK(far.connect(endpoint));
    ASSAY_TRY(Fd stop, make_event());
    std::thread thread(run_scoring, std::move(far), stop.get(), std::ref(store), std::cref(rules));
    scoring.workers_.push_back({std::move(near), std::move(stop), std::move(thread), 0});
  }
  return scoring;
}

Scoring::~Scoring() {
  for (Worker& worker : workers_) raise_event(worker.stop.get());
  for (Worker& worker : workers_)
    if (worker.thread.joinable()) worker.thread.join();
}

Status Scoring::hand_out() {
  for (Worker& worker : workers_)
    for (; worker.in_work < kAhead && !waiting_.empty(); ++worker.in_work) {
      ASSAY_CHECK(worker.socket.send(waiting_.front()));
      waiting_.pop_front();
    }
  return Status();
}

Result<std::optional<Scored>> Scoring::take() {
  ASSAY_CHECK(hand_out());
  for (Worker& worker : workers_) {
    ASSAY_TRY(auto received, worker.socket.receive());
    if (!received) continue;
    --worker.in_work;
    ASSAY_CHECK(hand_out());
    ASSAY_TRY(Scored scored, understand(std::move(*received)));
    return std::optional(std::move(scored));
  }
  return std::optional<Scored>();
}

size_t Scoring::pending() const {
  size_t count = waiting_.size();
  for (const Worker& worker : workers_) count += worker.in_work;
  return count;
}

std::vector<const Socket*> Scoring::sockets() const {
  std::vector<const Socket*> out;
  for (const Worker& worker : workers_) out.push_back(&worker.socket);
  return out;
}

}  // namespace assay
