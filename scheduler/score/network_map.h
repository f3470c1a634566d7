// NetworkMap: whom the guest talked to, under which names, and where it listened. From flows, DNS, TLS, HTTP
// and the guest's own calls. Bounded; what does not fit is counted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/event.h"
#include "scheduler/score/report.h"

namespace assay {

class NetworkMap {
 public:
  static constexpr size_t kMaxPeers = 1000, kMaxNames = 1000, kMaxAddresses = 20'000, kMaxListening = 256,
                          kFirstDataBytes = 160, kMaxProbes = 20'000, kMaxRequests = 8, kMaxTargetBytes = 256,
                          kMaxBodyBytes = 512;

  /// Whose doing an event is; 0: not known. Asked only where nobody is known yet.
  using Behind = std::function<int32_t(const Event&)>;

  /// The guest's IPv4 and IPv6 address; empty: it has none.
  explicit NetworkMap(
      std::string guest_addr, std::string guest_addr6 = "", Behind behind = [](const Event&) { return 0; })
      : guest_addr_(std::move(guest_addr)),
        guest_addr6_(std::move(guest_addr6)),
        behind_(std::move(behind)) {}
  void add(const Event& event);

  /// What DNS, SNI or Host called an address, or empty.
  const std::string& name_of(const std::string& addr) const;
  /// Whether the guest began, or sent, what the event tells of.
  bool outbound(const Event& event) const;

  /// Whether it is part of a connection from outside: nobody is there but us, trying ports (agent/provoke).
  bool is_probe(const Event& event) const;

  /// In order of their first packet.
  std::vector<NetworkPeer> peers() const;
  /// In order of their first use; without those that a resolver made up on the way (NAME.svc.cluster.local).
  std::vector<std::string> names() const;
  /// Of the same names: when each was first asked for.
  std::vector<int64_t> names_first_ns() const;
  /// ...and who that was; 0: not known.
  std::vector<int32_t> names_pids() const;
  /// By protocol and port.
  std::vector<std::string> listening() const;
  /// Of the same ports: who listened first, and when.
  std::vector<int32_t> listening_pids() const;
  std::vector<int64_t> listening_first_ns() const;
  uint64_t left_out() const { return left_out_; }

 private:
  struct First {
    int64_t time_ns = 0;
    int32_t pid = 0;
  };

  NetworkPeer* peer(const Event& event, const std::string& proto, const std::string& addr, uint32_t port);
  void on_flow(const Event& event);
  void on_name(const Event& event);
  void on_listen(const Event& event);
  void on_answered(const Event& event);
  void add_request(NetworkPeer& to, const Event& event);
  bool from_outside(const std::string& src_addr) const;
  void call(const std::string& addr, const std::string& name);
  void remember(const Event& event);
  /// Of names(), in their order.
  template <class T>
  std::vector<T> of_names(T First::*member) const;

  std::string guest_addr_, guest_addr6_;
  Behind behind_;
  std::map<std::tuple<std::string, std::string, uint32_t>, size_t> index_;
  std::vector<NetworkPeer> peers_;
  std::unordered_map<std::string, std::string> addresses_;
  std::set<std::string> known_names_;
  std::vector<std::pair<std::string, First>> names_;
  std::set<std::string> made_up_;
  std::map<std::pair<int32_t, int32_t>, std::pair<std::string, uint32_t>>
      bound_;  // (pid, fd) to (proto, port)
  std::map<std::pair<std::string, uint32_t>, First> listening_;
  std::set<std::tuple<std::string, std::string, uint32_t>> probes_;  // by proto, and the end that began
  uint64_t left_out_ = 0;
};

}  // namespace assay
