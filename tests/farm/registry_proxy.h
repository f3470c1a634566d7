// registry_proxy: a registry that has bad days: an HTTP proxy of ours on the loopback in front of a real one
// (plain HTTP), which notes every request and answers some itself: 429, 503, late, or cut off.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"

namespace assay::farm {

/// What is done to requests whose "METHOD PATH?QUERY" holds `match` ("" is all of them).
struct ProxyFault {
  std::string match{};
  int status = 0;  // answered instead of the registry's; 0: its own
  std::vector<std::pair<std::string, std::string>> headers{};  // of that answer: {"Retry-After", "3"}
  std::chrono::milliseconds latency{0};                        // before the answer
  bool cut = false;  // the connection ends in the middle of the answer
  int times = -1;    // so many requests, then no more; -1: all
  int every = 1;     // each Nth of those that match
};

struct ProxySeen {
  std::string method, target;
  int status = 0;  // as answered
  bool injected = false;
  std::chrono::steady_clock::time_point at;  // when it came
};

class RegistryProxy {
 public:
  /// `upstream`: TestRegistry::host().
  static Result<RegistryProxy> start(const std::string& upstream);
  RegistryProxy(RegistryProxy&&) noexcept;
  RegistryProxy& operator=(RegistryProxy&&) noexcept;
  ~RegistryProxy();

  const std::string& host() const;  // "127.0.0.1:PORT", to be asked in plain HTTP
  /// The first that matches counts, of latency all. From any thread, at any time.
  void inject(ProxyFault fault);
  void clear_faults();
  /// From now on it offers the referrers API, which the registry behind it may lack.
  void offer_referrers();

  std::vector<ProxySeen> seen() const;
  /// Requests whose "METHOD PATH?QUERY" holds `match`; -1: of any status.
  uint64_t count(const std::string& match = "", int status = -1) const;
  void forget_seen();

 private:
  struct State;
  explicit RegistryProxy(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::farm
