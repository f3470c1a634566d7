// The scoring thread. It answers [id, "", verdict, score, report] or [id, error].
#include "scheduler/scoring.h"

#include <charconv>
#include <functional>

#include "common/log.h"
#include "scheduler/evaluate.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

constexpr const char* kEndpoint = "inproc://scorer";
constexpr int kMaxWaiting = 100'000;

void score_one(Socket& socket, const Keep& keep, const std::string& scan_id, const RuleSet& rules) {
  Result<Report> report = evaluate(keep, scan_id, rules);
  Status sent;
  if (report) {
    std::string json = report_json(*report), score = std::to_string(report->score);
    sent = socket.send_frames({scan_id, "", to_string(report->verdict), score, json});
  } else {
    sent = socket.send_frames({scan_id, report.error().what});
  }
  if (!sent) spdlog::error("event=score_lost scan={} error=\"{}\"", scan_id, sent.error().what);
}

void run_scoring(Socket socket, int stop_fd, Store& store, const RuleSet& rules) {
  Keep keep(store);
  for (;;) {
    std::vector<WaitFor> items{socket, WaitFor(stop_fd)};
    if (!wait(items, milliseconds(-1)) || items[1].ready) return;
    auto message = socket.receive();
    if (message && *message) score_one(socket, keep, (**message)[0], rules);
  }
}

}  // namespace

Result<Scoring> Scoring::start(const Context& context, Store& store, const RuleSet& rules) {
  ASSAY_TRY(Socket near, Socket::open(context, Socket::Type::pair, kMaxWaiting));
  ASSAY_TRY(Socket far, Socket::open(context, Socket::Type::pair, kMaxWaiting));
  ASSAY_CHECK(near.bind(kEndpoint));
  ASSAY_CHECK(far.connect(kEndpoint));
  ASSAY_TRY(Fd stop, make_event());
  Scoring scoring(std::move(near), std::move(stop));
  scoring.thread_ =
      std::thread(run_scoring, std::move(far), scoring.stop_.get(), std::ref(store), std::cref(rules));
  return scoring;
}

Scoring::~Scoring() {
  if (!thread_.joinable()) return;
  raise_event(stop_.get());
  thread_.join();
}

Status Scoring::request(const std::string& scan_id) { return socket_.send(scan_id); }

Result<std::optional<Scored>> Scoring::take() {
  ASSAY_TRY(auto received, socket_.receive());
  if (!received) return std::optional<Scored>();
  auto& frames = *received;
  if (frames.size() == 2) return std::optional(Scored{frames[0], frames[1], "", 0, ""});
  if (frames.size() != 5) return Error{Errc::corrupt, "scoring answered what nobody understands"};
  Scored scored{frames[0], "", frames[2], 0, std::move(frames[4])};
  std::from_chars(frames[3].data(), frames[3].data() + frames[3].size(), scored.score);
  return std::optional(std::move(scored));
}

}  // namespace assay
