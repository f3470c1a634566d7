// probe: a client that finds out what answers on one of a guest's ports and speaks its protocol: listens for
// a banner, tries what the port suggests, and goes on as the answer demands; a web server gets a small crawl.
// One connection at a time, non-blocking, driven by whoever polls.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/provoke/channel.h"
#include "agent/provoke/probe_http.h"
#include "agent/provoke/probe_protocols.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay {

struct ProbeTarget {
  std::string proto = "tcp";
  std::string address;
  uint32_t port = 0;
};

struct ProbeResult {
  std::string app;     // what answered: "http", "https", "redis"..., "unknown"; empty: nothing did
  std::string how;     // why nothing did: "refused", "no answer"
  int32_t status = 0;  // of HTTP: that of "/"
  std::vector<std::string> asked;  // "GET /login 404" of a crawl
  std::string answer;              // its first bytes
};

class Probe {
 public:
  using Clock = std::chrono::steady_clock;
  using MakeSocket = std::function<Result<Fd>(int type)>;
  static constexpr size_t kMaxAnswer = 4096;

  Probe(ProbeTarget target, MakeSocket make_socket, Clock::time_point now);
  const ProbeTarget& target() const { return target_; }
  Clock::time_point begun() const { return begun_; }
  int fd() const { return channel_ ? channel_->fd() : datagram_.get(); }
  short events() const;
  /// Goes on; true once result() is final.
  bool advance(Clock::time_point now);
  const ProbeResult& result() const { return result_; }

 private:
  enum class Stage { banner, first_answer, conversation, crawl, datagram, done };
  void open(Clock::time_point now);
  void heard(Clock::time_point now);
  void silent(Clock::time_point now);
  void try_next(Clock::time_point now);
  void converse(const ProbeProtocol& protocol, Clock::time_point now);
  void page(Clock::time_point now);
  void next_page(Clock::time_point now);
  void begin_datagram(Clock::time_point now);
  void keep(std::string_view bytes);
  void finish(const char* how);

  ProbeTarget target_;
  MakeSocket make_socket_;
  Clock::time_point begun_, overall_, step_;  // overall_, step_: deadlines
  Stage stage_ = Stage::banner;
  std::optional<Channel> channel_;
  Fd datagram_;
  std::vector<std::string> candidates_;
  std::string current_;                      // the candidate that was tried
  const ProbeProtocol* protocol_ = nullptr;  // the one that answered
  size_t turn_ = 0, heard_bytes_ = 0;
  bool answered_ = false, secure_ = false, crawling_ = false;
  Crawl crawl_;
  std::string path_;
  ProbeResult result_;
};

}  // namespace assay
