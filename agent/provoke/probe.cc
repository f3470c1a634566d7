#include "agent/provoke/probe.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace assay {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kOverall{8000};
constexpr milliseconds kConnect{1500};
constexpr milliseconds kBanner{400};
constexpr milliseconds kAnswer{1500};
constexpr milliseconds kPause{150};  // a server's answer is over when it has been silent for so long
constexpr size_t kMaxTurns = 6;

}  // namespace

Probe::Probe(ProbeTarget target, MakeSocket make_socket, Clock::time_point now)
    : target_(std::move(target)),
      make_socket_(std::move(make_socket)),
      begun_(now),
      overall_(now + kOverall),
      step_(now + kConnect),
      candidates_(candidates_for(target_.port)) {
  if (target_.proto == "udp")
    begin_datagram(now);
  else if (candidates_.front() == "https")
    try_next(now);  // a TLS server says nothing to a silent client
  else
    open(now);
}

short Probe::events() const { return channel_ ? channel_->events() : static_cast<short>(POLLIN); }

void Probe::begin_datagram(Clock::time_point now) {
  stage_ = Stage::datagram;
  step_ = now + kAnswer;
  auto socket = make_socket_(SOCK_DGRAM);
  if (!socket) return finish("no socket");
  datagram_ = std::move(*socket);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(target_.port));
  ::inet_pton(AF_INET, target_.address.c_str(), &to.sin_addr);
  std::string question = target_.port == 53 || target_.port == 5353 ? dns_question() : "\r\n";
  if (::connect(datagram_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 ||
      ::send(datagram_.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0)
    finish("no answer");
}

// A connection for current_; without one yet, for whatever banner may come.
void Probe::open(Clock::time_point now) {
  bool tls = current_ == "https" || (crawling_ && secure_);
  heard_bytes_ = 0;
  step_ = now + kConnect;
  channel_.reset();
  auto socket = make_socket_(SOCK_STREAM);
  if (!socket) return finish("no socket");
  auto channel = Channel::connect(std::move(*socket), target_.address, target_.port, tls);
  if (!channel) return finish("refused");
  channel_ = std::move(*channel);
}

void Probe::try_next(Clock::time_point now) {
  if (candidates_.empty()) return finish(answered_ ? "" : "no answer");
  current_ = candidates_.front();
  candidates_.erase(candidates_.begin());
  stage_ = Stage::first_answer;
  open(now);
  if (stage_ != Stage::done) channel_->send(probe_protocol(current_ == "https" ? "http" : current_)->first());
}

bool Probe::advance(Clock::time_point now) {
  if (stage_ == Stage::done) return true;
  if (now >= overall_) {
    finish(answered_ || protocol_ ? "" : "no answer");
    return true;
  }
  if (stage_ == Stage::datagram) {
    char buffer[2048];
    ssize_t n = ::recv(datagram_.get(), buffer, sizeof buffer, 0);
    if (n > 0) {
      keep({buffer, static_cast<size_t>(n)});
      result_.app = target_.port == 53 ? "dns" : "unknown";
      finish("");
    } else if ((n < 0 && errno != EAGAIN && errno != EINTR) || now >= step_) {
      finish("no answer");
    }
    return stage_ == Stage::done;
  }
  bool was_connected = channel_->connected();
  auto status = channel_->turn();
  if (!status) {
    if (!channel_->connected() && current_.empty())
      finish("refused");
    else
      silent(now);
    return stage_ == Stage::done;
  }
  if (!was_connected && channel_->connected()) step_ = now + (stage_ == Stage::banner ? kBanner : kAnswer);
  if (channel_->received().size() > heard_bytes_) {
    heard_bytes_ = channel_->received().size();
    step_ = std::min(step_, now + kPause);
    if (stage_ == Stage::crawl && !parse_http_answer(channel_->received()).whole) step_ = now + kPause * 4;
  }
  bool full = channel_->received().size() >= Channel::kMaxReceived;
  bool whole = stage_ == Stage::crawl && parse_http_answer(channel_->received()).whole;
  if (channel_->closed() || full || whole || now >= step_) {
    if (channel_->received().empty())
      silent(now);
    else
      heard(now);
  }
  return stage_ == Stage::done;
}

// An answer is there, and it seems to be all of it.
void Probe::heard(Clock::time_point now) {
  std::string answer = channel_->received();
  if (stage_ == Stage::crawl) return page(now);
  if (!answered_ || protocol_ || stage_ == Stage::first_answer) keep(answer);
  answered_ = true;
  if (stage_ == Stage::conversation) return converse(*protocol_, now);
  const ProbeProtocol* found = recognise(answer);
  if (found == nullptr) {
    bool banner = stage_ == Stage::banner;
    result_.app = channel_->secure() ? "tls" : "unknown";
    if (banner) candidates_ = {"line"};  // who greets is not one of those that wait
    return try_next(now);
  }
  protocol_ = found;
  result_.app = channel_->secure() ? std::string(found->app) + "s" : found->app;
  secure_ = channel_->secure();
  std::string_view app = found->app;
  bool wants_tls = app == "http" && !secure_ && answer.find("HTTPS port") != std::string::npos;
  if (wants_tls && std::find(candidates_.begin(), candidates_.end(), "https") != candidates_.end()) {
    protocol_ = nullptr;
    candidates_ = {"https"};
    return try_next(now);
  }
  if (app == "http") {
    crawling_ = true;
    stage_ = Stage::crawl;
    if (current_ == "http" || current_ == "https") {
      path_ = crawl_.next();  // "/" has been asked for already
      return page(now);
    }
    return next_page(now);
  }
  bool own = current_ == app || current_.empty();
  if (!own && !found->first().empty()) {  // it answered to another's words: begin again with its own
    candidates_ = {std::string(app)};
    return try_next(now);
  }
  stage_ = Stage::conversation;
  converse(*found, now);
}

void Probe::converse(const ProbeProtocol& protocol, Clock::time_point now) {
  std::string answer = channel_->received();
  std::string words = turn_ < kMaxTurns ? protocol.reply(answer, turn_) : "";
  ++turn_;
  if (words.empty() || channel_->closed()) return finish("");
  channel_->forget_received();
  heard_bytes_ = 0;
  channel_->send(words);
  step_ = now + kAnswer;
}

// Nothing came, or the connection broke.
void Probe::silent(Clock::time_point now) {
  switch (stage_) {
    case Stage::banner:
      // It waits for us: the first candidate's words fit this connection, if it still stands.
      if (!channel_->connected()) return finish("refused");
      if (channel_->closed()) return try_next(now);
      current_ = candidates_.front();
      candidates_.erase(candidates_.begin());
      stage_ = Stage::first_answer;
      channel_->send(probe_protocol(current_)->first());
      step_ = now + kAnswer;
      return;
    case Stage::first_answer:
      if (channel_->secure() && result_.app.empty()) {
        result_.app = "tls";
        answered_ = true;
        return finish("");
      }
      return try_next(now);
    case Stage::crawl:
      return next_page(now);
    default:
      return finish("");
  }
}

void Probe::page(Clock::time_point now) {
  HttpAnswer answer = parse_http_answer(channel_->received());
  keep(channel_->received());
  if (path_ == "/") result_.status = answer.status;
  result_.asked.push_back("GET " + path_ + " " + std::to_string(answer.status));
  crawl_.learn(answer);
  next_page(now);
}

void Probe::next_page(Clock::time_point now) {
  path_ = crawl_.next();
  if (path_.empty()) return finish("");
  open(now);
  if (stage_ != Stage::done) channel_->send(http_request(path_, "localhost"));
}

void Probe::keep(std::string_view bytes) {
  result_.answer.append(bytes.substr(0, kMaxAnswer - std::min(kMaxAnswer, result_.answer.size())));
}

void Probe::finish(const char* how) {
  stage_ = Stage::done;
  channel_.reset();
  datagram_.reset();
  if (result_.app.empty()) result_.how = *how == '\0' ? "no answer" : how;
}

}  // namespace assay
