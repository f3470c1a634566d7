// The thread and its loop: orders, answers of the scheduler's loop, workers that are done, what is due.
#include "scheduler/sweeps/sweeper.h"

#include <algorithm>
#include <thread>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/sweeps/due.h"
#include "scheduler/sweeps/sweeping.h"

namespace assay::sweeps {
namespace {

using std::chrono::milliseconds;

constexpr size_t kRescores = 4;  // at once; the loop takes eight of all clients
constexpr milliseconds kSecond{1000};
constexpr std::chrono::seconds kFarmEvery{30};

}  // namespace

Sweeping::Sweeping(const SweeperConfig& config, Store& store, Metrics& metrics, Parts parts)
    : config_(config),
      keep_(store),
      records_(store),
      metrics_(metrics),
      parts_(std::move(parts)),
      out_(parts_.workers.count()) {}

Status Sweeping::load() {
  now_ = std::chrono::steady_clock::now();
  now_ns_ = wall_ns();
  Status read = records_.each_sweep([&](const SweepRecord& record) {
    Sweep& sweep = sweeps_[record.spec.name];
    sweep.record = record;
    schedule(sweep);
    return true;
  });
  // One that cannot be read is no reason to do without the others.
  if (!read) {
    if (read.error().code != Errc::corrupt) return read;
    spdlog::error("event=sweep_unreadable error=\"{}\"", printable(read.error().what, 300));
  }
  for (auto& [name, sweep] : sweeps_)
    if (!sweep.record.running.empty())
      if (Status resumed = resume_run(sweep); !resumed)
        spdlog::error("event=sweep_lost sweep={} run={} error=\"{}\"", name, sweep.record.running,
                      printable(resumed.error().what, 300));
  return Status();
}

Status Sweeping::run(int stop_fd) {
  for (;;) {
    ASSAY_CHECK(turn());
    std::vector<WaitFor> items = {WaitFor(stop_fd), parts_.orders, parts_.loop.socket(),
                                  parts_.side.socket()};
    for (const Line& line : parts_.rescores) items.emplace_back(line.socket());
    for (size_t i = 0; i < parts_.workers.count(); ++i)
      if (out_[i].run != nullptr) items.emplace_back(parts_.workers.fd(i));
    ASSAY_CHECK(wait(items, time_to_wait()));
    if (items[0].ready) return Status();
  }
}

Status Sweeping::turn() {
  now_ = std::chrono::steady_clock::now();
  now_ns_ = wall_ns();
  for (size_t i = 0; i < parts_.workers.count(); ++i)
    if (out_[i].run != nullptr) take_back(i);
  take_orders();
  ASSAY_CHECK(each_second());
  for (auto it = runs_.begin(); it != runs_.end();) {
    ActiveRun& run = *it->second;
    ++it;  // advance() may end it
    submit_some(run);
    record_some(run);
    advance(run);
  }
  rescore_some();
  hand_out();
  ASSAY_CHECK(parts_.loop.turn(now_));
  ASSAY_CHECK(parts_.side.turn(now_));
  for (Line& line : parts_.rescores) ASSAY_CHECK(line.turn(now_));
  return Status();
}

Status Sweeping::each_second() {
  if (now_ < next_second_) return Status();
  next_second_ = now_ + kSecond;
  if (!runs_.empty() && now_ >= next_farm_) {
    next_farm_ = now_ + kFarmEvery;
    ask_farm([](const std::string&, const std::vector<std::string>&) {}, [](const wire::Answer&) {});
  }
  for (size_t i = 0; i < out_.size(); ++i)
    if (out_[i].run != nullptr && out_[i].why == Out::Why::none && !out_[i].host.empty() &&
        now_ - out_[i].since > config_.repository_limit) {
      out_[i].why = Out::Why::limit;
      parts_.workers.call_back(i);
    }
  for (auto& [id, run] : runs_) {
    if (run->record.deadline_s && now_s() >= *run->record.deadline_s && !run->expired) expire(*run);
    look_at_scans(*run);
  }
  for (auto& [name, sweep] : sweeps_) {
    if (!sweep.cron || sweep.record.paused || sweep.beginning) continue;
    if (!sweep.next_due_s || *sweep.next_due_s > now_s()) continue;
    Due is =
        due(*sweep.cron, std::max(sweep.record.last_due_s, sweep.record.created_ns / 1'000'000'000), now_s());
    sweep.next_due_s = is.next;
    if (is.now) begin_run(name, "schedule", is.now, "");
  }
  metrics_.active.set(static_cast<double>(runs_.size()));
  return Status();
}

milliseconds Sweeping::time_to_wait() {
  Time first = next_second_;
  auto consider = [&](const std::optional<Time>& time) {
    if (time) first = std::min(first, *time);
  };
  for (const Line* line : {&parts_.loop, &parts_.side}) consider(line->next_time());
  for (const Line& line : parts_.rescores) consider(line.next_time());
  if (parts_.workers.idle())
    for (const auto& [id, run] : runs_)
      if (may_list(*run)) consider(run->list.next_time(now_, quiet_));
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(first - std::chrono::steady_clock::now()));
}

void Sweeping::change(std::function<void()> begin) {
  changes_.push_back(std::move(begin));
  if (changing_) return;
  changing_ = true;
  auto first = std::move(changes_.front());
  changes_.pop_front();
  first();
}

void Sweeping::changed() {
  changing_ = false;
  if (changes_.empty()) return;
  auto next = std::move(changes_.front());
  changes_.pop_front();
  changing_ = true;
  next();
}

void Sweeping::keep(std::vector<StoreOp> ops, std::function<void()> kept) {
  parts_.loop.ask(ask::kSweepRecords, records_body(ops), true,
                  [kept = std::move(kept)](const wire::Answer& answer) {
                    if (answer.status != 200)
                      spdlog::error("event=sweep_records status={} answer=\"{}\"", answer.status,
                                    printable(answer.body, 300));
                    kept();
                  });
}

struct Sweeper::State {
  Fd stop;
  std::thread thread;

  ~State() {
    if (!thread.joinable()) return;
    raise_event(stop.get());
    thread.join();
  }
};

Result<Sweeper> Sweeper::start(const Context& context, const SweeperConfig& config, Store& store,
                               Metrics& metrics) {
  ASSAY_TRY(Socket orders, Socket::open(context, Socket::Type::router));
  ASSAY_CHECK(orders.bind(config.endpoint));
  ASSAY_TRY(Line loop, Line::open(context, config.clients));
  ASSAY_TRY(Line side, Line::open(context, config.clients));
  std::vector<Line> rescores;
  for (size_t i = 0; i < kRescores; ++i) {
    ASSAY_TRY(Line line, Line::open(context, config.clients));
    rescores.push_back(std::move(line));
  }
  ASSAY_TRY(Workers workers, Workers::start(config.places, config.workers));
  auto state = std::make_unique<State>();
  ASSAY_TRY(state->stop, make_event());
  auto sweeping =
      std::make_unique<Sweeping>(config, store, metrics,
                                 Sweeping::Parts{std::move(orders), std::move(loop), std::move(side),
                                                 std::move(rescores), std::move(workers)});
  ASSAY_CHECK(sweeping->load());
  state->thread = std::thread([sweeping = std::move(sweeping), stop = state->stop.get()] {
    Status ran = sweeping->run(stop);
    if (!ran) spdlog::error("event=sweeper_failed error=\"{}\"", printable(ran.error().what, 500));
  });
  return Sweeper(std::move(state));
}

Sweeper::Sweeper(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sweeper::Sweeper(Sweeper&&) noexcept = default;
Sweeper& Sweeper::operator=(Sweeper&&) noexcept = default;
Sweeper::~Sweeper() = default;

}  // namespace assay::sweeps
