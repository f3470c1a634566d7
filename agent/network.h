// network: one scan's pair of network namespaces, joined by a veth: the guest's side, which runsc takes over,
// and the world's side, where the sinkhole answers for every address. Both are anonymous: they end with the
// descriptors and processes that hold them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

class Network {
 public:
  /// Makes both namespaces, the veth pair, addresses and routes (AnyIP in the world's side), of both families
  /// where the kernel has IPv6. Needs root and iproute2.
  static Result<Network> create();

  int guest_ns() const { return guest_.get(); }
  int world_ns() const { return world_.get(); }
  std::string guest_ns_path() const;                             // /proc/<pid>/fd/<n>: for the runtime config
  const std::string& guest_addr() const { return guest_addr_; }  // "172.17.0.2"
  const std::string& guest_addr6() const { return guest_addr6_; }  // "fd00:172:17::2"; empty: no IPv6 here
  static std::string guest_mac();
  const std::string& world_addr() const { return world_addr_; }    // gateway and name server
  const std::string& world_addr6() const { return world_addr6_; }  // "fd00:172:17::1", or empty
  unsigned world_ifindex() const {
    return world_ifindex_;
  }  // of the veth's end in the world's side: where `flows` attaches
  /// Puts addresses and routes of the guest's side back: runsc takes them away when it starts, and a second
  /// sandbox in the same namespace would find none.
  Status restore_guest() const;
  /// resolv.conf (with further lines of it), hosts (likewise: address, names) and hostname for the guest,
  /// written to `dir`.
  Status write_etc(const std::filesystem::path& dir, const std::string& hostname,
                   const std::vector<std::pair<std::string, std::string>>& hosts = {},
                   const std::string& resolver_lines = "") const;

 private:
  Network() = default;
  Status set_up_world() const;
  Fd guest_, world_;
  std::string guest_addr_, guest_addr6_, world_addr_, world_addr6_;
  unsigned world_ifindex_ = 0;
};

/// An empty one, anonymous: it ends with its descriptors. Needs root.
Result<Fd> make_net_ns();
/// Runs `f` on a thread of its own inside the network namespace `ns_fd`. For sockets and BPF attachments that
/// belong there.
Status in_net_ns(int ns_fd, const std::function<Status()>& f);

}  // namespace assay
