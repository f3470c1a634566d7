// The loop: receive, decide, commit, answer.
#include "scheduler/server.h"

#include <algorithm>

#include "common/clock.h"
#include "common/digest.h"
#include "common/log.h"
#include "common/signals.h"
#include "common/text.h"
#include "scheduler/server_loop.h"

namespace assay {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Waiting for one agent, in each direction: a frame may have 5 MiB.
constexpr int kFramesOfAgent = 256;
constexpr int kMessagesPerTurn = 128;  // of each socket; what they change is committed together
constexpr milliseconds kSecond{1000};
constexpr uint64_t kRefusalsLogged = 50;  // a second; all are counted

}  // namespace

Server::Server(const Context& context, const ServerConfig& config, Store& store, Sockets sockets,
               Scoring scoring, Reloading reloading, Pruning pruning)
    : context_(context),
      config_(config),
      store_(store),
      keep_(store),
      stage_(store),
      agents_socket_(std::move(sockets.agents)),
      connections_(std::move(sockets.connections)),
      clients_socket_(std::move(sockets.clients)),
      scoring_(std::move(scoring)),
      reloading_(std::move(reloading)),
      pruning_(std::move(pruning)),
      queue_(config.limits),
      dispatch_(config.policy),
      measure_(config.metrics),
      now_(steady_clock::now()) {}

// Every in-memory index is made anew from what the store holds.
Status Server::recover() {
  ASSAY_TRY(Keep::Opened upgraded, keep_.upgrade());
  if (upgraded.unreadable > 0)
    spdlog::error("event=unreadable_records count={} first=\"{}\"", upgraded.unreadable,
                  upgraded.first_error);
  ASSAY_CHECK(open_seal());
  std::vector<ScanRecord> followers;
  size_t leased = 0;
  ASSAY_TRY(Keep::Opened opened, keep_.each_open([&](ScanRecord record) {
    recall_login(record);
    if (record.state == ScanState::shipped) {
      scoring_->request(record.scan_id);
      open_[record.scan_id] = std::move(record);
    } else if (!record.same_as.empty()) {
      followers.push_back(std::move(record));
    } else if (record.state == ScanState::leased && config_.resume_jobs) {
      ++leased;
      coalesce_.lead(record.scan_id, record.submission);
      queue_.restore(queued_job(record), record.agent, now_);
      open_[record.scan_id] = std::move(record);
    } else {
      attach(std::move(record));
    }
  }));
  if (opened.unreadable > 0)
    spdlog::error("event=unreadable_records count={} first=\"{}\"", opened.unreadable, opened.first_error);
  for (ScanRecord& record : followers) attach(std::move(record));
  if (config_.resume_jobs)
    ASSAY_CHECK(keep_.each_agent_mode([&](const std::string& agent, const std::string& mode) {
      agents_.restore(agent, mode);
      return true;
    }));
  spdlog::info("event=recovered open={} waiting={} leased={} shipped={}", open_.size(),
               open_.size() - leased - scoring_->pending(), leased, scoring_->pending());
  if (config_.resume_jobs) return Status();
  std::vector<std::string> interrupted;
  for (const auto& [scan_id, record] : open_)
    if (record.state != ScanState::shipped) interrupted.push_back(scan_id);
  for (const std::string& scan_id : interrupted) {
    (void)queue_.cancel(scan_id);
    end_failed(scan_id, to_string(Errc::cancelled), "interrupted: the scan that ran it was ended");
  }
  return stage_.commit();
}

Status Server::bind() {
  for (const std::string& endpoint : config_.agents) ASSAY_CHECK(agents_socket_.bind(endpoint));
  return clients_socket_.bind(config_.clients);
}

Status Server::run(int stop_fd) {
  ASSAY_CHECK(each_second());  // before the first submission: is there room?
  for (;;) {
    std::vector<WaitFor> items{
        WaitFor(stop_fd), WaitFor(config_.reload_fd), WaitFor(reloading_.fd()), WaitFor(pruning_.fd()),
        agents_socket_,   connections_.socket(),      clients_socket_};
    if (config_.zap != nullptr) items.emplace_back(config_.zap->socket());
    // Scored reports wait where they are while nothing can be written.
    if (!stalled_)
      for (const Socket* socket : scoring_->sockets()) items.emplace_back(*socket);
    ASSAY_CHECK(wait(items, time_to_wait()));
    if (items[0].ready) return commit();
    if (items[1].ready) {
      clear_signals(config_.reload_fd);
      want_reload("");
    }
    if (items[2].ready) end_reload();
    if (items[3].ready) take_prune_step();
    ASSAY_CHECK(turn());
  }
}

Status Server::turn() {
  now_ = steady_clock::now();
  more_ = false;
  // What the messages of one turn change is written together; whoever sends more is served in the next.
  drain(agents_socket_, true);
  drain(clients_socket_, false);
  drain_connections();
  if (config_.zap != nullptr) drain_zap();
  if (!stalled_) {
    ASSAY_CHECK(drain_scoring());
    expire_leases();
    dispatch_jobs();
  }
  ASSAY_CHECK(commit());
  ASSAY_CHECK(apply_rescored());
  if (now_ < next_second_) return Status();
  next_second_ = now_ + kSecond;
  return each_second();
}

milliseconds Server::time_to_wait() const {
  if (!stalled_ && (more_ || !stage_.empty())) return milliseconds(0);
  Time next = std::min({next_second_, queue_.next_deadline(), dispatch_.next_deadline()});
  auto left = std::chrono::ceil<milliseconds>(next - steady_clock::now());
  return std::clamp(left, milliseconds(0), kSecond);
}

void Server::drain(Socket& socket, bool from_agents) {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    auto received = socket.receive_from();
    if (!received || !*received) return;
    Received& message = **received;
    Peer peer{message.frames[0], message.user, message.key};
    if (message.frames.size() != 2 || message.too_many_frames) {
      refuse(peer, "malformed", "a message of other than one frame");
      continue;
    }
    handle(peer, message.frames[1], from_agents);
  }
}

void Server::handle(const Peer& peer, const std::string& frame, bool from_agents) {
  if (frame.size() > wire::kMaxFrameBytes)
    return refuse(peer, "oversized", "a frame of " + std::to_string(frame.size()) + " bytes");
  auto message = wire::decode(frame);
  if (!message) return refuse(peer, "malformed", message.error().what);
  if (from_agents)
    from_agent(peer, *message);
  else
    from_client(peer.id, *message);
}

void Server::refuse(const Peer& peer, const std::string& reason, const std::string& why) {
  ++stats_.refused[reason];
  measure_.refused(reason);
  // A hostile peer fills no disk with our log.
  if (++refusals_this_second_ > kRefusalsLogged) return;
  const auto* session = sessions_.find(peer.id);
  spdlog::warn("event=refused reason={} agent={} peer={} why=\"{}\"", reason,
               printable(session ? session->agent : peer.user, 64), to_hex(peer.id), printable(why, 300));
}

void Server::drain_zap() {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    auto refusal = config_.zap->take_refusal();
    if (!refusal || !*refusal) return;
    refuse({"", (**refusal).key, ""}, (**refusal).reason,
           "key " + (**refusal).key + " from " + (**refusal).address);
  }
}

// What never became a message: peers that do not encrypt, or speak something else. Keys that are refused are
// the ZAP thread's to tell.
void Server::drain_connections() {
  using Kind = ConnectionEvent::Kind;
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    auto event = connections_.take();
    if (!event || !*event) return;
    const ConnectionEvent& what = **event;
    bool key = what.reason.find("refused the peer's key") != std::string::npos;
    if (what.kind == Kind::handshake_failed && !key) refuse({what.peer, "", ""}, "handshake", what.reason);
    if (what.kind == Kind::accept_failed) refuse({what.peer, "", ""}, "accept", what.reason);
  }
}

// While the disk is full the stage is tried again once a second; nothing new is taken until it is written.
Status Server::commit() {
  if (stage_.empty() || (stalled_ && now_ < next_commit_)) return Status();
  size_t size = stage_.size();
  auto start = steady_clock::now();
  Status written = stage_.commit();
  if (written) {
    ++stats_.commits;
    stats_.committed += size;
    measure_.committed(steady_clock::now() - start, size);
    more_ = true;
    if (stalled_) spdlog::info("event=resumed staged={}", size);
    stalled_ = false;
    return Status();
  }
  if (written.error().code != Errc::no_space) return written;
  measure_.commit_failed();
  if (!stalled_) {
    ++stats_.stalls;
    spdlog::error("event=stalled staged={} why=\"{}\"", stage_.size(), written.error().what);
  }
  stalled_ = !stage_.empty();
  low_on_space_ = true;
  next_commit_ = now_ + kSecond;
  return Status();
}

Status Server::each_second() {
  if (auto free = store_.free_bytes()) {
    bool low = *free < config_.reserve_bytes;
    if (low != low_on_space_)
      spdlog::log(low ? spdlog::level::err : spdlog::level::info, "event={} free_bytes={} reserve_bytes={}",
                  low ? "low_on_space" : "space_again", *free, config_.reserve_bytes);
    low_on_space_ = low;
    free_bytes_ = *free;
  }
  for (const std::string& agent : sessions_.expire(now_ - config_.limits.lease)) {
    spdlog::warn("event=agent_silent agent={}", agent);
    agents_.lost(agent);
  }
  if (refusals_this_second_ > kRefusalsLogged)
    spdlog::warn("event=refused_more count={}", refusals_this_second_ - kRefusalsLogged);
  refusals_this_second_ = 0;
  if (config_.alive) config_.alive();
  consider_pruning();
  forget_unheard();
  measure_.levels({queue_, agents_, now_, free_bytes_, stalled_, watchers_.missed(), config_.reserve_bytes,
                   scoring_->pending(), dispatch_.blocked_registries(now_)});
  return Status();
}

Result<ServerStats> serve(const Context& context, const ServerConfig& config, Store& store,
                          const RuleSet& rules, int stop_fd) {
  ASSAY_TRY(Socket agents, Socket::open(context, Socket::Type::router, kFramesOfAgent));
  if (config.keys) ASSAY_CHECK(agents.secure_as_server(*config.keys));
  ASSAY_TRY(Monitor connections, Monitor::open(context, agents));
  ASSAY_TRY(Socket clients, Socket::open(context, Socket::Type::router, 10'000));
  ASSAY_TRY(Scoring scoring, Scoring::start(context, store, rules, config.scorers));
  ASSAY_TRY(Reloading reloading, Reloading::open());
  ASSAY_TRY(Pruning pruning, Pruning::open());
  Server server(context, config, store, {std::move(agents), std::move(connections), std::move(clients)},
                std::move(scoring), std::move(reloading), std::move(pruning));
  ASSAY_CHECK(server.recover());
  ASSAY_CHECK(server.bind());
  if (config.serving) ASSAY_CHECK(config.serving());
  ASSAY_CHECK(server.run(stop_fd));
  return server.stats();
}

}  // namespace assay
