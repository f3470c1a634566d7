// The scoring threads. One is asked [id], and answers [id, "", "VERDICT SCORE", report, rules version, bytes
// of trace and artifacts, traits] or [id, error, code]; or [id, "again"] or [id, "apply"], and then says
// behind that what is otherwise now. A message has eight frames at most.
#include "scheduler/scoring.h"

#include <charconv>
#include <functional>
#include <sstream>
#include <utility>

#include "common/ids.h"
#include "common/log.h"
#include "scheduler/evaluate.h"
#include "scheduler/rescore.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

// With a thread at once: one in work and those that keep it from waiting for the loop.
constexpr unsigned kAhead = 64;

// One that cannot be counted counts as nothing: the scan is scored all the same.
std::string sizes_text(uint64_t trace, const Result<uint64_t>& artifacts) {
  return std::to_string(trace) + " " + std::to_string(artifacts ? *artifacts : 0);
}

// Frames, as they follow the scan's id.
Result<std::vector<std::string>> score_one(const Keep& keep, const std::string& scan_id,
                                           const RuleSet& rules) {
  uint64_t bytes = 0;
  std::string uncompared;
  ASSAY_TRY(Report report, evaluate_first(keep, scan_id, rules, &bytes, &uncompared));
  if (!uncompared.empty()) spdlog::warn("event=not_compared scan={} why=\"{}\"", scan_id, uncompared);
  uint64_t left_out = 0;
  Traits traits = traits_of(report, &left_out);
  if (left_out > 0) spdlog::info("event=traits_left_out scan={} count={}", scan_id, left_out);
  return std::vector<std::string>{"",
                                  to_string(report.verdict) + (" " + std::to_string(report.score)),
                                  report_json(report),
                                  report.rules_version,
                                  sizes_text(bytes, keep.artifact_bytes(scan_id)),
                                  encode_traits(traits)};
}

Result<std::vector<std::string>> score_again(const Keep& keep, const std::string& scan_id, bool apply,
                                             const RuleSet& rules) {
  ASSAY_TRY(Rescored rescored, rescore(keep, scan_id, rules));
  const RescoreSide& after = rescored.change.after;
  return std::vector<std::string>{"",
                                  after.verdict + " " + std::to_string(after.score),
                                  std::move(rescored.report),
                                  after.rules,
                                  sizes_text(rescored.trace_bytes, keep.artifact_bytes(scan_id)),
                                  encode_traits(rescored.traits),
                                  rescore_json(scan_id, rescored.change, apply)};
}

void serve_one(Socket& socket, const Keep& keep, const std::vector<std::string>& asked,
               const RuleSet& rules) {
  const std::string& scan_id = asked[0];
  auto said = asked.size() == 1 ? score_one(keep, scan_id, rules)
                                : score_again(keep, scan_id, asked[1] == "apply", rules);
  if (!said)
    said = std::vector<std::string>{said.error().what, std::to_string(static_cast<int>(said.error().code))};
  std::vector<std::string_view> frames{scan_id};
  frames.insert(frames.end(), said->begin(), said->end());
  Status sent = socket.send_frames(frames);
  if (!sent) spdlog::error("event=score_lost scan={} error=\"{}\"", scan_id, sent.error().what);
}

void run_scoring(Socket socket, int stop_fd, Store& store, const RuleSet& rules) {
  for (;;) {
    std::vector<WaitFor> items{socket, WaitFor(stop_fd)};
    if (!wait(items, milliseconds(-1)) || items[1].ready) return;
    auto message = socket.receive();
    if (message && *message) serve_one(socket, Keep(store), **message, rules);
  }
}

Result<Scored> understand(std::vector<std::string> frames) {
  Scored scored;
  if (frames.size() != 3 && frames.size() != 7 && frames.size() != 8)
    return Error{Errc::corrupt, "scoring answered what nobody understands"};
  scored.scan_id = frames[0];
  scored.error = frames[1];
  if (frames.size() == 3) {
    int code = 0;
    std::from_chars(frames[2].data(), frames[2].data() + frames[2].size(), code);
    scored.code = static_cast<Errc>(code);
    return scored;
  }
  size_t space = frames[2].find(' ');
  if (space == std::string::npos) return Error{Errc::corrupt, "scoring answered without a score"};
  scored.verdict = frames[2].substr(0, space);
  std::from_chars(frames[2].data() + space + 1, frames[2].data() + frames[2].size(), scored.score);
  scored.report = std::move(frames[3]);
  scored.rules_version = frames[4];
  std::istringstream(frames[5]) >> scored.trace_bytes >> scored.artifact_bytes;
  ASSAY_TRY(scored.traits, decode_traits(frames[6]));
  if (frames.size() == 8) scored.change = std::move(frames[7]);
  return scored;
}

}  // namespace

Result<Scoring> Scoring::start(const Context& context, Store& store, const RuleSet& rules, unsigned threads) {
  Scoring scoring;
  scoring.rules_version_ = rules.version();
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
  // One at a time, so that a scan which is shipped now waits for that one at most.
  for (Worker& worker : workers_) {
    if (worker.in_work > 0 || !waiting_.empty() || again_.empty()) continue;
    const auto& [scan_id, apply] = again_.front();
    ASSAY_CHECK(worker.socket.send_frames({scan_id, apply ? "apply" : "again"}));
    again_.pop_front();
    worker.in_work = 1;
    worker.again = true;
  }
  return Status();
}

Result<std::optional<Scored>> Scoring::take() {
  ASSAY_CHECK(hand_out());
  for (Worker& worker : workers_) {
    ASSAY_TRY(auto received, worker.socket.receive());
    if (!received) continue;
    --worker.in_work;
    bool again = std::exchange(worker.again, false);
    ASSAY_CHECK(hand_out());
    ASSAY_TRY(Scored scored, understand(std::move(*received)));
    scored.again = again;
    return std::optional(std::move(scored));
  }
  return std::optional<Scored>();
}

size_t Scoring::pending() const {
  size_t count = waiting_.size();
  for (const Worker& worker : workers_) count += worker.in_work - (worker.again ? 1 : 0);
  return count;
}

std::vector<const Socket*> Scoring::sockets() const {
  std::vector<const Socket*> out;
  for (const Worker& worker : workers_) out.push_back(&worker.socket);
  return out;
}

}  // namespace assay
