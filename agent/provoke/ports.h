// ports: those that an image exposes and those that something in it listens on, as its calls tell; each is
// probed once, a few at a time.
#pragma once

#include <poll.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/provoke/plan.h"
#include "agent/provoke/probe.h"
#include "common/event.h"

namespace assay {

class Ports {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kParallel = 3;
  static constexpr size_t kMaxPorts = 32;

  /// `address` empty: there is no network, and nothing is probed. `tell`: a port's end.
  Ports(std::vector<ExposedPort> exposed, std::string address, Probe::MakeSocket make_socket,
        std::function<void(Event)> tell);
  /// bind and listen.
  void note(const Event& event);
  /// Exposed ports that nobody was seen to listen on are tried as well.
  void try_exposed();
  void poll_fds(std::vector<pollfd>& fds) const;
  void turn(Clock::time_point now, bool may_begin);
  bool idle() const { return waiting_.empty() && probes_.empty(); }
  /// Exposed ports that were never tried, because nothing was there that could listen: told so. Once, at the
  /// end.
  void finish();
  /// The guest has gone: what is under way is told as it stands.
  void stop(Clock::time_point now);

 private:
  void found(const std::string& proto, uint32_t port, bool loopback);
  void told(const Probe& probe, Clock::time_point now);
  void tell_unprobed(const std::string& proto, uint32_t port, const char* why);

  std::vector<ExposedPort> exposed_;
  std::string address_;
  Probe::MakeSocket make_socket_;
  std::function<void(Event)> tell_;
  struct Bound {
    std::string proto;
    uint32_t port = 0;
    bool loopback = false;
  };
  std::map<std::pair<int32_t, int32_t>, Bound> bound_;  // by pid and descriptor
  std::set<std::pair<std::string, uint32_t>> known_;    // waiting, probed, or told of
  std::deque<ExposedPort> waiting_;
  std::vector<std::unique_ptr<Probe>> probes_;
};

}  // namespace assay
