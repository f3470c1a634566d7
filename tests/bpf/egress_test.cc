// The filter of egress mode on a veth: frames as a hostile guest may write them go in at the guest's end, and
// what comes out at the world's is what the kernel there hands to a socket. Also: who looks on sees what was
// refused.
#include "agent/egress_filter.h"

#include <bpf/bpf.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "agent/network.h"
#include "agent/trace/flows.h"
#include "agent/world_sockets.h"
#include "bpf/farm_event.h"
#include "tests/bpf/chamber.h"

namespace assay {
namespace {

using egress::parse_address;
using egress::Policy;

std::string be16(size_t n) { return {static_cast<char>(n >> 8), static_cast<char>(n)}; }
std::string raw(const std::string& address) {
  auto parsed = *parse_address(address);
  return std::string(parsed.bytes.begin(), parsed.bytes.end());
}
std::string udp(uint16_t port) { return be16(4000) + be16(port) + be16(12) + be16(0) + "data"; }
std::string syn(uint16_t port, char flags = 2) {
  return be16(4000) + be16(port) + std::string(8, '\0') + '\x50' + flags + be16(1000) + be16(0) + be16(0);
}
std::string ipv4(char proto, const std::string& to, const std::string& body, unsigned fragment = 0) {
  std::string head = std::string("\x45\0", 2) + be16(20 + body.size()) + be16(7) + be16(fragment) + '\x40' +
                     proto + be16(0) + raw("172.17.0.2").substr(12) + raw(to).substr(12);
  unsigned sum = 0;
  for (size_t i = 0; i < head.size(); i += 2)
    sum += static_cast<uint8_t>(head[i]) * 256u + static_cast<uint8_t>(head[i + 1]);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
  head[10] = static_cast<char>(sum >> 8);
  head[11] = static_cast<char>(sum);
  return head + body;
}
std::string ipv6(char next, const std::string& to, const std::string& body) {
  return std::string("\x60\0\0\0", 4) + be16(body.size()) + next + '\x40' + raw("fd00:172:17::2") + raw(to) +
         body;
}

class Link {
 public:
  Status open(uint64_t byte_limit) {
    ASSAY_TRY(network_, Network::create());
    std::vector<egress::Range> ranges = egress::standard_ranges();
    ASSAY_TRY(auto farm, egress::parse_range("93.184.215.0/24", egress::Reason::farm));
    ranges.push_back(farm);
    Policy policy(ranges, {*parse_address("172.17.0.1"), *parse_address("fd00:172:17::1")});
    ASSAY_TRY(filter_,
              EgressFilter::open(network_->world_ns(), network_->world_ifindex(), policy, byte_limit));
    ASSAY_CHECK(in_net_ns(network_->guest_ns(), [&]() -> Status {
      guest_ = Fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      index_ = static_cast<int>(::if_nametoindex("eth0"));
      return Status();
    }));
    return in_net_ns(network_->world_ns(), [&]() -> Status {
      // What comes out of the filter, as any tap behind it would hear it: by a socket that takes everything.
      ASSAY_CHECK(open_world_sockets(world_));
      ASSAY_TRY(steering_, Steering::attach(network_->world_ns(), world_.tcp.get(), world_.udp.get()));
      return Status();
    });
  }
  void send(const std::string& packet) {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons((static_cast<uint8_t>(packet[0]) >> 4) == 6 ? ETH_P_IPV6 : ETH_P_IP);
    to.sll_ifindex = index_;
    to.sll_halen = 6;
    std::fill(to.sll_addr, to.sll_addr + 6, uint8_t{0xff});
    ASSERT_EQ(
        ::sendto(guest_.get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
        static_cast<ssize_t>(packet.size()))
        << errno;
  }
  /// "PROTO ADDRESS:PORT WHY" of what was refused since.
  std::vector<std::string> refused() {
    std::vector<std::string> out;
    for (const auto& [event, reset] : filter_->take(0)) {
      out.push_back(event.proto + " " + event.dst_addr + ":" + std::to_string(event.dst_port) + " " +
                    event.call);
      EXPECT_TRUE(reset.empty() || event.proto == "tcp");
      resets_ += reset.empty() ? 0 : 1;
    }
    return out;
  }
  uint64_t packets(egress::Reason reason) { return filter_->packets()[static_cast<size_t>(reason)]; }
  size_t resets() const { return resets_; }
  const Network& network() const { return *network_; }
  EgressFilter& filter() { return *filter_; }

 private:
  std::optional<Network> network_;
  std::optional<EgressFilter> filter_;
  std::optional<Steering> steering_;
  WorldSockets world_;
  Fd guest_;
  int index_ = 0;
  size_t resets_ = 0;
};

using Lines = std::vector<std::string>;

TEST(EgressFilter, RefusesByAddressWhateverThePacketLooksLike) {
  ASSAY_REQUIRE_HOST();
  Link link;
  Status opened = link.open(0);
  ASSERT_TRUE(opened) << opened.error().what;
  link.send(ipv4(6, "10.0.0.1", syn(80)));
  link.send(ipv4(17, "169.254.169.254", udp(80)));
  link.send(ipv4(17, "93.184.215.9", udp(53)));
  link.send(ipv4(6, "172.17.0.1", syn(80)));
  link.send(ipv4(6, "127.0.0.1", syn(80)));
  link.send(ipv4(17, "255.255.255.255", udp(67)));
  link.send(ipv4(17, "192.168.1.1", "later fragment", 100));
  link.send(ipv4(47, "93.184.216.34", "tunnel"));
  link.send(ipv4(41, "93.184.216.34", ipv6(17, "fd00:ec2::254", udp(80))));  // IPv6 within IPv4
  link.send(ipv4(6, "93.184.216.34", syn(80)));
  link.send(ipv4(17, "172.17.0.1", udp(53)));
  EXPECT_EQ(link.refused(),
            (Lines{"tcp 10.0.0.1:80 private", "udp 169.254.169.254:80 metadata", "udp 93.184.215.9:53 farm",
                   "tcp 172.17.0.1:80 neighbour", "tcp 127.0.0.1:80 loopback",
                   "udp 255.255.255.255:67 reserved", "udp 192.168.1.1:0 private",
                   "ip_47 93.184.216.34:0 protocol", "ip_41 93.184.216.34:0 protocol"}));
}

TEST(EgressFilter, OfIpv6NeitherMappedAddressesNorHeadersLeadAroundIt) {
  ASSAY_REQUIRE_HOST();
  Link link;
  Status opened = link.open(0);
  ASSERT_TRUE(opened) << opened.error().what;
  const std::string options("\x06\0\1\4\0\0\0\0", 8);
  link.send(ipv6(6, "::ffff:10.0.0.1", syn(80)));
  link.send(ipv6(6, "::ffff:93.184.216.34", syn(81)));
  link.send(ipv6(6, "64:ff9b::a00:1", syn(80)));
  link.send(ipv6(6, "2002:a00:1::1", syn(80)));
  link.send(ipv6(17, "fd00:ec2::254", udp(80)));
  link.send(ipv6(60, "fd12::1", options + syn(80)));
  link.send(ipv6(44, "fd12::2", std::string("\x11\0\1\0\0\0\0\1later fragment", 22)));
  link.send(ipv6(17, "ff02::fb", udp(5353)));
  link.send(ipv6(4, "2606::1", ipv4(17, "10.0.0.1", udp(80))));  // IPv4 within IPv6
  link.send(ipv6(6, "2606:2800:220:1::1", syn(80)));
  link.send(ipv6(17, "fd00:172:17::1", udp(53)));
  EXPECT_EQ(
      link.refused(),
      (Lines{"tcp 10.0.0.1:80 reserved", "tcp 93.184.216.34:81 reserved", "tcp 64:ff9b::a00:1:80 reserved",
             "tcp 2002:a00:1::1:80 reserved", "udp fd00:ec2::254:80 metadata", "tcp fd12::1:80 private",
             "udp fd12::2:0 private", "udp ff02::fb:5353 multicast", "ip_4 2606::1:0 protocol"}));
}

TEST(EgressFilter, AFlowIsToldOnceAndItsPacketsAreCounted) {
  ASSAY_REQUIRE_HOST();
  Link link;
  Status opened = link.open(0);
  ASSERT_TRUE(opened) << opened.error().what;
  for (int i = 0; i < 5; ++i) link.send(ipv4(6, "10.0.0.1", syn(80)));
  for (uint16_t port = 1; port <= 300; ++port) link.send(ipv4(6, "10.0.0.2", syn(port)));
  Lines refused = link.refused();
  EXPECT_EQ(refused.size(), 301u);
  EXPECT_EQ(std::set<std::string>(refused.begin(), refused.end()).size(), 301u);
  EXPECT_EQ(link.packets(egress::Reason::private_range), 305u);
  EXPECT_EQ(link.resets(), 301u);
  link.send(ipv4(6, "10.0.0.3", syn(80, 0x10)));  // no SYN
  link.send(ipv4(17, "10.0.0.3", udp(80)));
  EXPECT_EQ(link.refused().size(), 2u);
  EXPECT_EQ(link.resets(), 301u);
  EXPECT_EQ(link.filter().lost(), 0u);
}

TEST(EgressFilter, NothingPassesOnceTheBytesAreUsedUp) {
  ASSAY_REQUIRE_HOST();
  Link link;
  Status opened = link.open(10 * 32);  // of IP packets of 32 bytes
  ASSERT_TRUE(opened) << opened.error().what;
  for (int i = 0; i < 30; ++i) link.send(ipv4(17, "93.184.216.34", udp(443)));
  EXPECT_EQ(link.refused(), Lines{"udp 93.184.216.34:443 bytes"});
  EXPECT_EQ(link.packets(egress::Reason::bytes), 20u);
  link.send(ipv4(6, "10.0.0.1", syn(80)));
  EXPECT_EQ(link.refused(), Lines{"tcp 10.0.0.1:80 private"}) << "the better reason stays";
}

TEST(EgressFilter, WhatTheWorldBeginsIsAnswered) {
  ASSAY_REQUIRE_HOST();
  Link link;
  Status opened = link.open(0);
  ASSERT_TRUE(opened) << opened.error().what;
  Fd listener, probe;
  Status done = in_net_ns(link.network().guest_ns(), [&]() -> Status {
    ASSAY_TRY(listener, bound_socket(SOCK_STREAM, 8080));
    return ::listen(listener.get(), 1) == 0 ? Status() : Status(errno_error("listen"));
  });
  ASSERT_TRUE(done) << done.error().what;
  done = in_net_ns(link.network().world_ns(), [&]() -> Status {
    probe = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    timeval patience{3, 0};
    ::setsockopt(probe.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(8080);
    to.sin_addr.s_addr = htonl(0xac110002);
    if (::connect(probe.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return errno_error("probe");
    return Status();
  });
  EXPECT_TRUE(done) << done.error().what;
  EXPECT_EQ(link.refused(), Lines{});
}

// They are attached later, and look on first.
TEST(EgressFilter, FlowsSeeWhatWasRefused) {
  ASSAY_REQUIRE_HOST();
  Link link;
  Status opened = link.open(0);
  ASSERT_TRUE(opened) << opened.error().what;
  auto flows = Flows::open(link.network().world_ns(), link.network().world_ifindex());
  ASSERT_TRUE(flows) << flows.error().what;
  link.send(ipv4(6, "10.0.0.1", syn(80)));
  EXPECT_EQ(link.refused(), Lines{"tcp 10.0.0.1:80 private"});
  size_t seen = 0;
  farm_flow_key key{}, next{};
  for (void* at = nullptr; bpf_map_get_next_key(flows->map_fd(), at, &next) == 0; at = &key) {
    key = next;
    seen += key.peer_port == 80 && key.proto == IPPROTO_TCP ? 1 : 0;
  }
  EXPECT_EQ(seen, 1u);
}

}  // namespace
}  // namespace assay
