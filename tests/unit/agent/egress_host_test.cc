// What an agent's host says of itself.
#include "agent/egress_host.h"

#include <gtest/gtest.h>

#include "agent/egress.h"

namespace assay {
namespace {

std::string texts(const std::vector<egress::Endpoint>& list) {
  std::string out;
  for (const egress::Endpoint& each : list) out += each.addr.text() + " " + std::to_string(each.port) + ";";
  return out;
}

TEST(EgressHost, NameServersAreThoseOfResolvConf) {
  EXPECT_EQ(texts(name_servers("# nameserver 1.1.1.1\nsearch example\nnameserver 127.0.0.53\n"
                               "nameserver\t2001:4860:4860::8888 # google\nnameserver  9.9.9.9;x\r\n"
                               "nameserver\nnameserver ten\nnameservers 8.8.8.8\n nameserver 8.8.4.4\n")),
            "127.0.0.53 53;2001:4860:4860::8888 53;9.9.9.9 53;");
  EXPECT_EQ(texts(name_servers("")), "");
  std::string many;
  for (int i = 0; i < 20; ++i) many += "nameserver 9.9.9." + std::to_string(i) + "\n";
  EXPECT_EQ(name_servers(many).size(), 8u);
}

TEST(EgressHost, ANameServerMayHaveAPort) {
  for (auto [text, read] :
       std::vector<std::pair<std::string, std::string>>{{"9.9.9.9", "9.9.9.9 53;"},
                                                        {"9.9.9.9:5353", "9.9.9.9 5353;"},
                                                        {"2620:fe::9", "2620:fe::9 53;"},
                                                        {"[2620:fe::9]", "2620:fe::9 53;"},
                                                        {"[2620:fe::9]:5353", "2620:fe::9 5353;"}}) {
    auto server = parse_name_server(text);
    ASSERT_TRUE(server) << text;
    EXPECT_EQ(texts({*server}), read);
  }
  for (const char* bad :
       {"", ":", ":53", "9.9.9.9:", "9.9.9.9:0", "9.9.9.9:99999", "9.9.9.9:x", "dns.example", "[::1", "]:53"})
    EXPECT_FALSE(parse_name_server(bad)) << bad;
}

TEST(EgressHost, ItsOwnAddressesAreRefused) {
  auto own = own_ranges();
  ASSERT_TRUE(own) << own.error().what;
  bool loopback = false;
  for (const egress::Range& range : *own) loopback |= range.holds(*egress::parse_address("127.0.0.1"));
  EXPECT_TRUE(loopback) << "even this one has a list";
}

TEST(EgressHost, TheSchedulersAddressIsThatOfItsEndpoint) {
  auto of = [](const std::string& endpoint) {
    auto ranges = endpoint_ranges(endpoint);
    return ranges ? (ranges->empty() ? "" : ranges->front().base.text()) : ranges.error().what;
  };
  EXPECT_EQ(of("tcp://93.184.215.9:8441"), "93.184.215.9");
  EXPECT_EQ(of("tcp://[2606:2800:220:2::9]:8441"), "2606:2800:220:2::9");
  EXPECT_EQ(of("ipc:///run/assay-scheduler/agents.sock"), "");
  EXPECT_EQ(of("inproc://agents"), "");
}

TEST(EgressLimits, AreCheckedBeforeTheyAreUsed) {
  EgressLimits limits;
  EXPECT_TRUE(check_egress(limits));
  EXPECT_FALSE(limits.allowed) << "off unless it is asked for";
  limits.refuse = {"10.0.0.0/8", "host.example"};
  EXPECT_EQ(check_egress(limits).error().what, "'host.example' is no address range: 10.0.0.0/8, fd00::/8");
  limits.refuse.clear();
  limits.caps.connections = 5000;
  EXPECT_FALSE(check_egress(limits));
  limits.caps.connections = 1;
  limits.caps.bytes = 0;
  EXPECT_FALSE(check_egress(limits));
}

}  // namespace
}  // namespace assay
