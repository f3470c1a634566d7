// Which side began a flow, and with which address.
#include "scheduler/score/network_map.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

Event flow(const std::string& from, const std::string& to) {
  Event event;
  event.kind = EventKind::flow_start;
  event.source = Source::flows;
  event.proto = "udp";
  event.src_addr = from;
  event.dst_addr = to;
  event.dst_port = 443;
  return event;
}

TEST(NetworkMap, NamesThatAResolverTriesInItsSearchDomainsAreNotTheGuests) {
  NetworkMap map("172.17.0.2", "");
  auto asked = [&](const std::string& name, int64_t code) {
    Event event;
    event.kind = EventKind::dns;
    event.source = Source::flows;
    event.proto = "udp";
    event.src_addr = "172.17.0.2";
    event.dst_port = 53;
    event.name = name;
    event.call = "query";
    map.add(event);
    std::swap(event.src_addr, event.dst_addr);
    std::swap(event.src_port, event.dst_port);
    event.call = "response";
    event.result = code;
    map.add(event);
  };
  asked("evil.com.svc.cluster.local", 3);
  asked("redis.shop.svc.cluster.local", 0);
  asked("xkqzpwv.com", 3);
  asked("evil.com", 0);
  EXPECT_EQ(map.names(),
            (std::vector<std::string>{"redis.shop.svc.cluster.local", "xkqzpwv.com", "evil.com"}));
}

// Names of the guest's own choice must not push out another unseen.
TEST(NetworkMap, NamesBeyondTheBoundAreCounted) {
  NetworkMap map("172.17.0.2", "");
  auto ask = [&](const std::string& name) {
    Event event;
    event.kind = EventKind::dns;
    event.source = Source::flows;
    event.src_addr = "172.17.0.2";
    event.dst_port = 53;
    event.name = name;
    event.call = "query";
    map.add(event);
  };
  for (size_t i = 0; i < NetworkMap::kMaxNames; ++i) ask("host" + std::to_string(i) + ".example");
  ask("host0.example");
  EXPECT_EQ(map.left_out(), 0u);
  ask("evil.example");
  EXPECT_EQ(map.names().size(), NetworkMap::kMaxNames);
  EXPECT_EQ(map.left_out(), 1u);
}

TEST(NetworkMap, NamesAndPeersKeepTheTimeOfTheirFirst) {
  NetworkMap map("172.17.0.2");
  auto asked = [&](const char* name, int64_t time_ns) {
    Event event;
    event.kind = EventKind::dns;
    event.name = name;
    event.result = std::string_view(name).ends_with(".ec2.internal") ? 3 : 0;
    event.time_ns = time_ns;
    map.add(event);
  };
  asked("a.com", 10);
  asked("b.com.ec2.internal", 20);
  asked("b.com", 30);
  asked("a.com", 40);
  EXPECT_EQ(map.names(), (std::vector<std::string>{"a.com", "b.com"}));
  EXPECT_EQ(map.names_first_ns(), (std::vector<int64_t>{10, 30}));
  for (int64_t time_ns : {50, 60}) {
    Event event = flow("172.17.0.2", "198.18.3.7");
    event.time_ns = time_ns;
    map.add(event);
  }
  ASSERT_EQ(map.peers().size(), 1u);
  EXPECT_EQ(map.peers()[0].first_ns, 50);
}

TEST(NetworkMap, AnswersToEitherAddressOfTheGuestComeIn) {
  NetworkMap map("172.17.0.2", "fd00:172:17::2");
  std::string out;
  for (const auto& [from, to] :
       {std::pair("172.17.0.2", "198.18.3.7"), std::pair("198.18.3.7", "172.17.0.2"),
        std::pair("fd00:172:17::2", "2001:2::1"), std::pair("2001:2::1", "fd00:172:17::2")}) {
    Event event = flow(from, to);
    out += map.outbound(event) ? "out " : "in ";
    map.add(event);
  }
  EXPECT_EQ(out, "out in out in ");
  for (const NetworkPeer& peer : map.peers()) out += peer.addr + " ";
  EXPECT_EQ(out, "out in out in 198.18.3.7 2001:2::1 ");
}

TEST(NetworkMap, WithoutAnAddressEverythingGoesOut) {
  EXPECT_TRUE(NetworkMap("").outbound(flow("1.2.3.4", "5.6.7.8")));
  EXPECT_TRUE(NetworkMap("172.17.0.2").outbound(flow("", "")));
}

}  // namespace
}  // namespace assay
