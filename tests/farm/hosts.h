// hosts: hosts with addresses of their own, on one machine: a network namespace each, joined by a bridge in
// one more. All of them anonymous: they end with their last process and descriptor, whatever happens.
#pragma once

#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay::farm {

class Hosts {
 public:
  /// Needs root and iproute2. Host i has the address 10.77.0.(i+1)/24.
  static Result<Hosts> create(size_t count);

  int ns(size_t host) const { return hosts_[host].get(); }
  static std::string address(size_t host) { return "10.77.0." + std::to_string(host + 1); }
  /// Pulls the host's cable, or puts it back.
  Status set_link(size_t host, bool up) const;
  /// A socket(2) of that host.
  Result<Fd> tcp_socket(size_t host) const;

 private:
  Hosts() = default;
  Fd bridge_;
  std::vector<Fd> hosts_;
};

}  // namespace assay::farm
