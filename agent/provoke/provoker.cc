#include "agent/provoke/provoker.h"

#include <algorithm>
#include <cstring>

#include "common/clock.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxLinkFailures = 6;
constexpr milliseconds kLinkPause{250};
constexpr milliseconds kQuiet{800};        // what a last step started may still begin to listen
constexpr milliseconds kWalk{4};           // of the image, each turn
constexpr milliseconds kExecutable{1500};  // what of the image's own never ran, and what nobody waits for
constexpr milliseconds kLeastTime{300};    // nothing is started with less
constexpr uint32_t kKeepBytes = 1024;

}  // namespace

Provoker::Provoker(const ImageFiles& files, ProvokerConfig config)
    : config_(std::move(config)),
      executables_(files),
      ports_(config_.exposed, config_.guest_addr, config_.make_socket,
             [this](Event event) {
               event.time_ns = wall_ns() - config_.start_time_ns;
               config_.emit(std::move(event));
             }),
      bodies_(config_.body) {
  add_steps(std::move(config_.steps));
}

void Provoker::add_steps(std::vector<Step> steps) {
  for (Step& step : steps) {
    if (planned_.size() >= 2 * kMaxSteps)
      steps_left_out_ += !planned_.contains({step.target, step.argv});
    else if (planned_.emplace(step.target, step.argv).second)
      waiting_.push_back(std::move(step));
  }
}

void Provoker::attach(Command starter, const ProvokeTimes& times) {
  starter_ = std::move(starter);
  times_ = times;
  attached_ = true;
  started_ = false;
  link_failures_ = 0;
  link_again_ = last_end_ = Clock::time_point();
}

void Provoker::move_end(const ProvokeTimes& times) {
  times_.second_pass = times.second_pass;
  times_.second_pass_time = times.second_pass_time;
  times_.end = times.end;
}

void Provoker::detach() {
  auto now = Clock::now();
  if (link_) listen_to_starter(now);
  for (const auto& [id, job] : running_) tell(job, "lost", 0, 0, {});
  running_.clear();
  link_.reset();
  bodies_.forget();
  ports_.stop(now);
  attached_ = started_ = false;
}

void Provoker::note(const Event& event) {
  if (event.kind == EventKind::start) started_ = true;
  executables_.note(event);
  bodies_.note(event);
  ports_.note(event);
}

void Provoker::poll_fds(std::vector<pollfd>& fds) const {
  if (link_) fds.push_back({link_->fd(), POLLIN, 0});
  ports_.poll_fds(fds);
}

void Provoker::turn(Clock::time_point now) {
  bool walked = executables_.look(now + kWalk);
  if (!attached_ || !started_) return;
  bool may_begin = now >= times_.steps && now + kLeastTime < times_.end;
  bool planned_is_done = waiting_.empty() && running_.empty() && ports_.idle();
  if (walked && !second_pass_ && may_begin &&
      (now >= times_.second_pass || (times_.alone && planned_is_done)))
    begin_second_pass(now);
  if (second_pass_ && now >= second_until_) second_.clear();
  ports_.turn(now, may_begin);
  keep_link(now);
  if (link_) bodies_.ask(*link_, [this] { return ++last_id_; });
  if (link_) listen_to_starter(now);
  if (may_begin) start_jobs(now);
}

void Provoker::begin_second_pass(Clock::time_point now) {
  second_pass_ = true;
  second_until_ = now + times_.second_pass_time;
  if (!times_.alone) ports_.try_exposed();
  if (config_.plan_again) add_steps(config_.plan_again());
  for (std::string& path : executables_.never_ran()) {
    if (second_.size() < kMaxExecutables)
      second_.push_back(std::move(path));
    else
      ++steps_left_out_;
  }
}

bool Provoker::has_work() {
  constexpr milliseconds kLook{2000};
  bool walked = executables_.look(Clock::now() + kLook);
  return !waiting_.empty() || !walked || (!second_pass_ && !executables_.never_ran().empty());
}

bool Provoker::done(Clock::time_point now) const {
  return second_pass_ && waiting_.empty() && second_.empty() && running_.empty() && ports_.idle() &&
         now >= last_end_ + kQuiet;
}

// One starter as long as there is work; another one when the guest has ended it, a few times.
void Provoker::keep_link(Clock::time_point now) {
  bool work = now >= times_.steps && (!waiting_.empty() || !second_.empty());
  if (link_ || (!work && !bodies_.wanted()) || now < link_again_ || link_failures_ >= kMaxLinkFailures)
    return;
  auto link = StarterLink::open(starter_);
  if (link) {
    link_ = std::move(*link);
  } else {
    ++link_failures_;
    link_again_ = now + kLinkPause;
  }
}

void Provoker::listen_to_starter(Clock::time_point now) {
  auto words = link_->turn();
  if (!words) {
    for (const auto& [id, job] : running_) tell(job, "lost", 0, 0, {});
    running_.clear();
    link_.reset();
    bodies_.forget();
    last_end_ = now;
    link_again_ = now + kLinkPause;
    if (++link_failures_ < kMaxLinkFailures) return;
    second_.clear();  // it cannot be had in this guest; finish() tells of the steps that wait
    return;
  }
  for (const StarterWord& word : *words) {
    if (bodies_.take(word)) continue;
    if (word.ended) last_end_ = now;
    if (auto job = running_.find(word.id); job != running_.end() && !word.ended) job->second.pid = word.pid;
    if (word.ended) ended(word);
  }
}

void Provoker::ended(const StarterWord& word) {
  auto job = running_.find(word.id);
  if (job == running_.end()) return;
  job->second.pid = word.pid;
  switch (word.how) {
    case 'e':
      tell(job->second, "exited", word.status, 0, word);
      break;
    case 's':
      tell(job->second, "killed", 128 + word.status, 0, word);
      break;
    case 't':
      tell(job->second, "out of time", 128 + 9, 0, word);
      break;
    default:
      tell(job->second, "not started", 0, word.status, word);
  }
  running_.erase(job);
}

// The plan's steps first; of the executables, those that have not run since the pass began.
bool Provoker::take_step(Step& step) {
  if (!waiting_.empty()) {
    step = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }
  while (!second_.empty()) {
    std::string path = std::move(second_.front());
    second_.pop_front();
    if (executables_.has_run(path)) continue;
    step = {"executable", path, {path}, {}, config_.cwd, config_.uid, config_.gid, kExecutable};
    return true;
  }
  return false;
}

void Provoker::start_jobs(Clock::time_point now) {
  Step step;
  while (link_ && running_.size() < kParallel && take_step(step)) {
    StarterJob job;
    job.id = ++last_id_;
    job.argv = step.argv;
    job.env = step.env;  // first, so that they win: getenv(3) takes the first of a name
    for (const std::string& setting : config_.env)
      if (!variable(step.env, setting.substr(0, setting.find('=')))) job.env.push_back(setting);
    job.cwd = step.cwd;
    job.uid = step.uid;
    job.gid = step.gid;
    job.time = std::min(step.time, std::chrono::duration_cast<milliseconds>(times_.end - now));
    job.keep_bytes = kKeepBytes;
    Running running{std::move(step), 0, now};
    if (auto sent = link_->submit(job); !sent)
      tell(running, "not started", 0, E2BIG, {});
    else
      running_.emplace(job.id, std::move(running));
  }
  if (link_) listen_to_starter(now);
}

void Provoker::tell(const Running& job, const std::string& how, int64_t result, int error,
                    const StarterWord& word) {
  Event event;
  event.kind = EventKind::provoke;
  event.time_ns = wall_ns() - config_.start_time_ns;
  event.call = job.step.kind;
  event.path = job.step.target;
  event.argv = job.step.argv;
  event.uid = job.step.uid;
  event.gid = job.step.gid;
  event.cwd = job.step.cwd;
  event.pid = job.pid;
  event.name = how;
  event.result = result;
  event.error = error;
  event.duration_ns = std::chrono::nanoseconds(word.took).count();
  event.data = word.output;
  config_.emit(std::move(event));
}

void Provoker::finish() {
  for (Step& step : waiting_) tell({std::move(step), 0, {}}, "no time", 0, 0, {});
  waiting_.clear();
  ports_.finish();
}

}  // namespace assay
