#include "tests/farm/hosts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <thread>

#include "agent/network.h"
#include "common/process.h"

namespace assay::farm {
namespace {

// On a thread of its own, so that nothing else of the test ever runs in there.
Result<Fd> make_net_ns() {
  Result<Fd> ns = Fd();
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0)
      ns = errno_error("make a network namespace (root is needed)");
    else
      ns = open_file("/proc/thread-self/ns/net", O_RDONLY);
  }).join();
  return ns;
}

// `ip ARGS` inside `ns`; descriptor 3 of the child is `other_ns`.
Status ip(int ns, std::vector<std::string> args, int other_ns = -1) {
  Command command;
  command.argv = std::move(args);
  command.argv.insert(command.argv.begin(), "ip");
  command.net_ns_fd = ns;
  if (other_ns >= 0) command.keep_fds = {{other_ns, 3}};
  std::string line;
  for (const auto& arg : command.argv) line += arg + " ";
  ASSAY_TRY(Output output, run(std::move(command), std::chrono::seconds(10)));
  if (output.status.shell_code() == 0) return Status();
  return Error{Errc::io, line + ": " + output.err};
}

std::string port(size_t host) { return "host" + std::to_string(host); }

}  // namespace

Result<Hosts> Hosts::create(size_t count) {
  Hosts out;
  ASSAY_TRY(out.bridge_, make_net_ns());
  int bridge = out.bridge_.get();
  ASSAY_CHECK(ip(bridge, {"link", "add", "br0", "type", "bridge"}));
  ASSAY_CHECK(ip(bridge, {"link", "set", "br0", "up"}));
  for (size_t i = 0; i < count; ++i) {
    ASSAY_TRY(Fd ns, make_net_ns());
    ASSAY_CHECK(ip(
        bridge, {"link", "add", port(i), "type", "veth", "peer", "name", "eth0", "netns", "/proc/self/fd/3"},
        ns.get()));
    ASSAY_CHECK(ip(bridge, {"link", "set", port(i), "master", "br0", "up"}));
    ASSAY_CHECK(ip(ns.get(), {"addr", "add", address(i) + "/24", "dev", "eth0"}));
    ASSAY_CHECK(ip(ns.get(), {"link", "set", "lo", "up"}));
    ASSAY_CHECK(ip(ns.get(), {"link", "set", "eth0", "up"}));
    out.hosts_.push_back(std::move(ns));
  }
  return out;
}

Status Hosts::set_link(size_t host, bool up) const {
  return ip(bridge_.get(), {"link", "set", port(host), up ? "up" : "down"});
}

Result<Fd> Hosts::tcp_socket(size_t host) const {
  Fd fd;
  ASSAY_CHECK(in_net_ns(ns(host), [&]() -> Status {
    fd = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return fd ? Status() : Status(errno_error("socket"));
  }));
  return fd;
}

}  // namespace assay::farm
