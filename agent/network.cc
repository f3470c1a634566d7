// The namespace pair is made by threads that unshare and hand back the descriptor; links and routes by
// iproute2, in one batch a side.
#include "agent/network.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "common/process.h"

namespace assay {
namespace {

// As Docker's default bridge hands them out: malware looks.
constexpr const char* kGuestAddr = "172.17.0.2";
constexpr const char* kWorldAddr = "172.17.0.1";
constexpr const char* kSubnet = "172.17.0.0";
constexpr const char* kGuestAddr6 = "fd00:172:17::2";
constexpr const char* kWorldAddr6 = "fd00:172:17::1";
constexpr const char* kSubnet6 = "fd00:172:17::";
constexpr const char* kGuestMac = "02:42:ac:11:00:02";
constexpr std::chrono::seconds kIpTimeout{10};

// On a thread of its own, so that no other code of ours ever runs in the wrong namespace.
Status on_thread(const std::function<Status()>& f) {
  Status status;
  std::thread([&] { status = f(); }).join();
  return status;
}

Status set_sysctl(const std::string& name, const std::string& value, bool required) {
  auto file = open_file("/proc/sys/net/" + name, O_WRONLY);
  if (!file) return required ? Status(file.error()) : Status();
  auto done = write_all(file->get(), value, "/proc/sys/net/" + name);
  return required ? std::move(done) : Status();
}

// A kernel without IPv6 (or booted with ipv6.disable=1) has no such directory.
bool kernel_has_ipv6() { return ::access("/proc/sys/net/ipv6", F_OK) == 0; }

// On, whatever the host's own setting, and without waiting for duplicates: there are two hosts on this link.
Status ipv6_sysctls() {
  if (!kernel_has_ipv6()) return Status();
  for (const char* scope : {"all", "default"}) {
    std::string conf = std::string("ipv6/conf/") + scope + "/";
    ASSAY_CHECK(set_sysctl(conf + "disable_ipv6", "0", true));
    ASSAY_CHECK(set_sysctl(conf + "accept_dad", "0", true));
    ASSAY_CHECK(set_sysctl(conf + "accept_ra", "0", true));
  }
  return Status();
}

Status world_sysctls() {
  ASSAY_CHECK(ipv6_sysctls());
  // The sinkhole answers from any address and any port, as nobody.
  if (kernel_has_ipv6()) ASSAY_CHECK(set_sysctl("ipv6/ip_nonlocal_bind", "1", true));
  ASSAY_CHECK(set_sysctl("ipv4/ip_unprivileged_port_start", "0", true));
  // A ping is answered however many there are.
  ASSAY_CHECK(set_sysctl("ipv6/icmp/ratelimit", "0", false));
  ASSAY_CHECK(set_sysctl("ipv4/conf/all/rp_filter", "0", true));
  ASSAY_CHECK(set_sysctl("ipv4/conf/default/rp_filter", "0", true));
  ASSAY_CHECK(set_sysctl("core/somaxconn", "4096", true));
  return set_sysctl("ipv4/tcp_max_syn_backlog", "4096", true);
}

std::string random_mac() {
  std::array<unsigned char, 4> b{};
  if (::getrandom(b.data(), b.size(), 0) != static_cast<ssize_t>(b.size())) b = {0x5e, 0x11, 0x9a, 0x3c};
  char text[18];
  std::snprintf(text, sizeof text, "02:42:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3]);
  return text;
}

// `ip -batch -` inside `ns`; `family` is "-4" or "-6"; descriptor 3 of the child is `other_ns`.
Status ip_batch(int ns, const char* family, const std::string& lines, int other_ns = -1) {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return errno_error("pipe");
  Fd read_end(pipe_fds[0]), write_end(pipe_fds[1]);
  ASSAY_CHECK(write_all(write_end.get(), lines, "pipe to ip"));  // far below a pipe's capacity
  write_end.reset();
  Command command;
  command.argv = {"ip", family, "-batch", "-"};
  command.stdin_fd = read_end.get();
  command.net_ns_fd = ns;
  if (other_ns >= 0) command.keep_fds = {{other_ns, 3}};
  ASSAY_TRY(Output output, run(std::move(command), kIpTimeout));
  if (output.status.shell_code() == 0) return Status();
  return Error{Errc::io,
               "ip could not set up the sandbox's network: " + output.err.substr(0, output.err.find('\n'))};
}

// AnyIP must stand in table `local` (the kernel looks there for whether a source address is ours), which is
// asked first and would then swallow our answers to the guest, too: so the guest's subnet comes before it.
// Nobody else lives in that subnet, as on a quiet Docker host.
std::string world_lines(const std::string& address, const std::string& prefix, const std::string& subnet,
                        const std::string& everything) {
  return "addr add " + address + prefix + " dev host0\n" +             //
         "rule add pref 1 to " + address + " lookup local\n" +         //
         "rule add pref 2 to " + subnet + prefix + " lookup main\n" +  //
         "rule add pref 3 lookup local\n" +                            //
         "rule del pref 0\n" +                                         //
         "route add local " + everything + " dev lo table local\n";
}

}  // namespace

Result<Network> Network::create() {
  Network network;
  ASSAY_TRY(network.world_, make_net_ns());
  ASSAY_TRY(network.guest_, make_net_ns());
  network.guest_addr_ = kGuestAddr;
  network.world_addr_ = kWorldAddr;
  if (kernel_has_ipv6()) {
    network.guest_addr6_ = kGuestAddr6;
    network.world_addr6_ = kWorldAddr6;
  }
  ASSAY_CHECK(in_net_ns(network.world_ns(), world_sysctls));
  ASSAY_CHECK(in_net_ns(network.guest_ns(), ipv6_sysctls));
  ASSAY_CHECK(network.set_up_world());
  ASSAY_CHECK(network.restore_guest());
  ASSAY_CHECK(in_net_ns(network.world_ns(), [&]() -> Status {
    network.world_ifindex_ = ::if_nametoindex("host0");
    if (network.world_ifindex_ == 0) return errno_error("find the veth's end");
    return Status();
  }));
  return network;
}

Status Network::set_up_world() const {
  ASSAY_CHECK(ip_batch(world_ns(), "-4",
                       "link set lo up\nlink add host0 address " + random_mac() +
                           " type veth peer name eth0 address " + kGuestMac +
                           " netns /proc/self/fd/3\nlink set host0 up\n" +
                           world_lines(world_addr_, "/16", kSubnet, "0.0.0.0/0"),
                       guest_ns()));
  if (guest_addr6_.empty()) return Status();
  return ip_batch(world_ns(), "-6", world_lines(kWorldAddr6, "/64", kSubnet6, "::/0"));
}

Status Network::restore_guest() const {
  ASSAY_CHECK(ip_batch(guest_ns(), "-4",
                       "link set lo up\naddr replace " + guest_addr_ +
                           "/16 dev eth0\nlink set eth0 up\nroute replace default via " + world_addr_ +
                           "\n"));
  if (guest_addr6_.empty()) return Status();
  return ip_batch(guest_ns(), "-6",
                  "addr replace " + guest_addr6_ + "/64 dev eth0\nroute replace default via " +
                      std::string(kWorldAddr6) + "\n");
}

std::string Network::guest_ns_path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(guest_.get());
}

std::string Network::guest_mac() { return kGuestMac; }

Status Network::write_etc(const std::filesystem::path& dir, const std::string& hostname,
                          const std::vector<std::pair<std::string, std::string>>& hosts,
                          const std::string& resolver_lines) const {
  ASSAY_CHECK(write_file(dir / "resolv.conf", "nameserver " + world_addr_ + "\n" + resolver_lines));
  std::string lines =
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\n"
      "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";
  for (const auto& [address, names] : hosts) lines += address + "\t" + names + "\n";
  lines += guest_addr_ + "\t" + hostname + "\n";
  if (!guest_addr6_.empty()) lines += guest_addr6_ + "\t" + hostname + "\n";
  ASSAY_CHECK(write_file(dir / "hosts", lines));
  return write_file(dir / "hostname", hostname + "\n");
}

Result<Fd> make_net_ns() {
  Fd ns;
  ASSAY_CHECK(on_thread([&]() -> Status {
    if (::unshare(CLONE_NEWNET) != 0) return errno_error("make a network namespace (root is needed)");
    ASSAY_TRY(ns, open_file("/proc/thread-self/ns/net", O_RDONLY));
    return Status();
  }));
  return ns;
}

Status in_net_ns(int ns_fd, const std::function<Status()>& f) {
  return on_thread([&]() -> Status {
    if (::setns(ns_fd, CLONE_NEWNET) != 0) return errno_error("enter a network namespace");
    return f();
  });
}

}  // namespace assay
