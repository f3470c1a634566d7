// One thread looks at the hook file and keeps a thread a queue; each of those has its own socket to the loop,
// its own credentials, and an event that ends whatever it waits for.
#include "scheduler/hooks/queue_poller.h"

#include <map>
#include <thread>

#include "common/fd.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/api/loop_client.h"
#include "sources/aws/sqs.h"

namespace assay::hooks {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// False: it is to end.
bool pause(int stop_fd, milliseconds time) {
  std::vector<WaitFor> items = {WaitFor(stop_fd)};
  return wait(items, time) && !items[0].ready;
}

class Worker {
 public:
  Worker(const Context& context, const QueuePollerConfig& config, Intake& intake, Hook hook, Fd stop)
      : context_(context),
        config_(config),
        intake_(intake),
        hook_(std::move(hook)),
        stop_(std::move(stop)),
        thread_([this] { run(); }) {}
  ~Worker() {
    raise_event(stop_.get());
    thread_.join();
  }

 private:
  void run();
  Status take(const sources::aws::SqsMessage& message, sources::aws::Sqs& queue);
  Status submit(Wanted wanted);
  bool back_off(const Error& error);

  const Context& context_;
  const QueuePollerConfig& config_;
  Intake& intake_;
  const Hook hook_;
  Fd stop_;
  milliseconds delay_{0};
  std::thread thread_;  // last: it uses the rest
};

void Worker::run() {
  sources::aws::ChainOptions who;
  who.role = hook_.role;
  who.region = hook_.region;
  sources::aws::CredentialChain chain(who, stop_.get());
  sources::aws::Sqs queue(hook_.queue, hook_.region, hook_.endpoint, chain, stop_.get());
  while (pause(stop_.get(), milliseconds(0))) {
    auto messages = queue.receive(config_.receive);
    Status ok = messages ? Status() : Status(messages.error());
    for (size_t i = 0; ok && i < messages->size(); ++i) ok = take((*messages)[i], queue);
    if (ok)
      delay_ = milliseconds(0);
    else if (!back_off(ok.error()))
      return;
  }
}

// False: it is to end.
bool Worker::back_off(const Error& error) {
  if (!pause(stop_.get(), milliseconds(0))) return false;
  if (error.code != Errc::limit)  // the rate's own, which was counted
    intake_.refuse(hook_.name, {503, "queue", error.what});
  delay_ = delay_.count() == 0 ? config_.first_delay : std::min(2 * delay_, config_.longest_delay);
  return pause(stop_.get(), delay_);
}

// An error leaves the message in its queue.
Status Worker::take(const sources::aws::SqsMessage& message, sources::aws::Sqs& queue) {
  auto read = intake_.take(hook_, message.body, Clock::now());
  if (const auto* refusal = std::get_if<Refusal>(&read)) {
    if (refusal->status == 429) return Error{Errc::limit, refusal->message};
    return queue.remove(message.receipt);  // of no use, however often it comes
  }
  ASSAY_CHECK(submit(std::move(std::get<Wanted>(read))));
  return queue.remove(message.receipt);
}

Status Worker::submit(Wanted wanted) {
  size_t count = wanted.submissions.size(), seen = 0;
  if (count > 0) {
    ASSAY_TRY(auto loop, api::LoopClient::open(context_, config_.clients, stop_.get()));
    ASSAY_TRY(wire::Accepted accepted, loop.submit_once(std::move(wanted.submissions), config_.answer));
    seen = accepted.taken.size();
  }
  intake_.settled(hook_, count - seen, seen, wanted.left_out);
  return Status();
}

// What makes it another queue: a change of any of it starts a thread anew.
std::string identity(const Hook& hook) {
  std::string out = hook.name;
  for (const std::string* part :
       {&hook.tenant, &hook.queue, &hook.region, &hook.role, &hook.endpoint, &hook.host})
    out += '\n' + *part;
  for (const std::string& glob : hook.repositories) out += '\n' + glob;
  return out + '\n' + to_string(hook.lane) + std::to_string(hook.per_minute) + (hook.untagged ? "u" : "") +
         (hook.insecure ? "i" : "");
}

}  // namespace

struct QueuePoller::State {
  const Context& context;
  const QueuePollerConfig config;
  Intake& intake;
  Fd stop;
  std::map<std::string, std::unique_ptr<Worker>> workers;  // by identity; the thread's alone
  std::thread thread;                                      // last: it uses the rest

  State(const Context& c, const QueuePollerConfig& q, Intake& i, Fd s)
      : context(c), config(q), intake(i), stop(std::move(s)), thread([this] { run(); }) {}
  ~State() {
    raise_event(stop.get());
    thread.join();
  }
  void run() {
    do {
      keep_up();
    } while (pause(stop.get(), config.reread));
    workers.clear();
  }
  void keep_up();
};

void QueuePoller::State::keep_up() {
  auto hooks = load_hooks(intake.file());
  if (!hooks) {
    spdlog::error("event=hooks_unreadable error=\"{}\"", printable(hooks.error().what));
    return;  // those that poll go on
  }
  std::map<std::string, std::unique_ptr<Worker>> next;
  for (Hook& hook : *hooks) {
    if (hook.queue.empty()) continue;
    std::string key = identity(hook);
    if (auto known = workers.find(key); known != workers.end()) {
      next[key] = std::move(known->second);
      workers.erase(known);
      continue;
    }
    auto event = make_event();
    if (next.size() == kMaxQueues || !event) {
      spdlog::error("event=queue_not_polled hook={} why=\"{}\"", hook.name,
                    event ? "more than " + std::to_string(kMaxQueues) + " queues" : event.error().what);
      continue;
    }
    spdlog::info("event=queue_polled hook={} queue={}", hook.name, hook.queue);
    next[key] = std::make_unique<Worker>(context, config, intake, std::move(hook), std::move(*event));
  }
  workers = std::move(next);  // those that are left were revoked, or changed: they end here
}

Result<QueuePoller> QueuePoller::start(const Context& context, const QueuePollerConfig& config,
                                       Intake& intake) {
  ASSAY_TRY(Fd stop, make_event());
  return QueuePoller(std::make_unique<State>(context, config, intake, std::move(stop)));
}

QueuePoller::QueuePoller(std::unique_ptr<State> state) : state_(std::move(state)) {}
QueuePoller::QueuePoller(QueuePoller&&) noexcept = default;
QueuePoller& QueuePoller::operator=(QueuePoller&&) noexcept = default;
QueuePoller::~QueuePoller() = default;

}  // namespace assay::hooks
