// Where a guest may not go, by address.
#include "agent/egress/policy.h"

#include <gtest/gtest.h>

namespace assay::egress {
namespace {

Policy policy(const std::vector<std::string>& farm = {}) {
  std::vector<Range> ranges = standard_ranges();
  for (const std::string& text : farm) ranges.push_back(*parse_range(text, Reason::farm));
  return Policy(ranges, {*parse_address("172.17.0.1"), *parse_address("fd00:172:17::1")});
}
std::string why(const Policy& policy, const std::string& address, uint16_t port = 80) {
  return to_string(policy.check({*parse_address(address), port}));
}

TEST(Policy, EachRefusedRangeHasItsReasonUpToItsEdges) {
  Policy p = policy();
  for (auto [address, reason] :
       std::vector<std::pair<std::string, std::string>>{{"0.0.0.0", "reserved"},
                                                        {"0.255.255.255", "reserved"},
                                                        {"1.0.0.0", ""},
                                                        {"9.255.255.255", ""},
                                                        {"10.0.0.0", "private"},
                                                        {"10.255.255.255", "private"},
                                                        {"11.0.0.0", ""},
                                                        {"100.63.255.255", ""},
                                                        {"100.64.0.0", "private"},
                                                        {"100.127.255.255", "private"},
                                                        {"100.128.0.0", ""},
                                                        {"100.100.100.200", "metadata"},
                                                        {"126.255.255.255", ""},
                                                        {"127.0.0.1", "loopback"},
                                                        {"127.255.255.255", "loopback"},
                                                        {"128.0.0.0", ""},
                                                        {"168.63.129.16", "metadata"},
                                                        {"168.63.129.17", ""},
                                                        {"169.253.255.255", ""},
                                                        {"169.254.0.1", "link_local"},
                                                        {"169.254.169.253", "link_local"},
                                                        {"169.254.169.254", "metadata"},
                                                        {"169.254.170.2", "metadata"},
                                                        {"169.255.0.0", ""},
                                                        {"172.15.255.255", ""},
                                                        {"172.16.0.1", "private"},
                                                        {"172.17.0.3", "neighbour"},
                                                        {"172.17.255.255", "neighbour"},
                                                        {"172.18.0.1", "private"},
                                                        {"172.31.255.255", "private"},
                                                        {"172.32.0.0", ""},
                                                        {"192.0.0.1", "reserved"},
                                                        {"192.0.0.192", "metadata"},
                                                        {"192.0.2.7", "reserved"},
                                                        {"192.167.255.255", ""},
                                                        {"192.168.0.1", "private"},
                                                        {"192.169.0.0", ""},
                                                        {"198.17.255.255", ""},
                                                        {"198.18.0.1", "reserved"},
                                                        {"198.19.255.255", "reserved"},
                                                        {"198.20.0.0", ""},
                                                        {"223.255.255.255", ""},
                                                        {"224.0.0.1", "multicast"},
                                                        {"239.255.255.250", "multicast"},
                                                        {"240.0.0.1", "reserved"},
                                                        {"255.255.255.255", "reserved"},
                                                        {"93.184.216.34", ""},
                                                        {"8.8.8.8", ""}})
    EXPECT_EQ(why(p, address), reason) << address;
}

TEST(Policy, OfIpv6OnlyTheInternetIsLeft) {
  Policy p = policy();
  for (auto [address, reason] :
       std::vector<std::pair<std::string, std::string>>{{"::", "reserved"},
                                                        {"::1", "loopback"},
                                                        {"::2", "reserved"},
                                                        {"100::1", "reserved"},
                                                        {"1fff::1", "reserved"},
                                                        {"2000::1", ""},
                                                        {"2001:0:53aa:64c:0:0:0:1", "reserved"},
                                                        {"2001:1ff:ffff::1", "reserved"},
                                                        {"2001:200::1", ""},
                                                        {"2001:4860:4860::8888", ""},
                                                        {"2001:db8::1", "reserved"},
                                                        {"2002:a00:1::1", "reserved"},
                                                        {"2606:2800:220:1::1", ""},
                                                        {"3fff:fff:ffff::1", "reserved"},
                                                        {"4000::1", "reserved"},
                                                        {"7fff::1", "reserved"},
                                                        {"8000::1", "reserved"},
                                                        {"fc00::1", "private"},
                                                        {"fd12:3456::1", "private"},
                                                        {"fd00:ec2::254", "metadata"},
                                                        {"fd00:ec2::253", "private"},
                                                        {"fd20:ce::254", "metadata"},
                                                        {"fd00:172:17::3", "neighbour"},
                                                        {"fe80::1", "link_local"},
                                                        {"fe80::a9fe:a9fe", "metadata"},
                                                        {"fec0::1", "private"},
                                                        {"febf::1", "link_local"},
                                                        {"ff02::1", "multicast"},
                                                        {"ff0e::1", "multicast"}})
    EXPECT_EQ(why(p, address), reason) << address;
}

// Forms of 10.0.0.1 and of the metadata service in IPv6: none of them is a way around.
TEST(Policy, NoFormOfAnAddressLeadsAroundIt) {
  Policy p = policy();
  EXPECT_EQ(why(p, "::ffff:10.0.0.1"), "private") << "mapped: a socket of both families takes it as IPv4";
  EXPECT_EQ(why(p, "::ffff:169.254.169.254"), "metadata");
  EXPECT_EQ(why(p, "::ffff:93.184.216.34"), "") << "as IPv4 that is a public host";
  EXPECT_EQ(why(p, "::10.0.0.1"), "reserved") << "IPv4-compatible";
  EXPECT_EQ(why(p, "64:ff9b::a00:1"), "reserved") << "NAT64";
  EXPECT_EQ(why(p, "64:ff9b:1::a00:1"), "reserved") << "NAT64 of a network's own";
  EXPECT_EQ(why(p, "2002:a9fe:a9fe::1"), "reserved") << "6to4";
  EXPECT_EQ(why(p, "2001::a9fe:a9fe"), "reserved") << "Teredo";
}

TEST(Policy, TheGatewayAnswersNamesAndNothingElse) {
  Policy p = policy();
  EXPECT_EQ(why(p, "172.17.0.1", 53), "");
  EXPECT_EQ(why(p, "172.17.0.1", 80), "neighbour");
  EXPECT_EQ(why(p, "fd00:172:17::1", 53), "");
  EXPECT_EQ(why(p, "fd00:172:17::1", 8080), "neighbour");
  EXPECT_EQ(why(p, "172.17.0.3", 53), "neighbour");
  EXPECT_TRUE(p.is_name_service({*parse_address("172.17.0.1"), 53}));
  EXPECT_FALSE(p.is_name_service({*parse_address("8.8.8.8"), 53}));
}

TEST(Policy, TheFarmIsRefusedAndTheLongestRangeGivesTheReason) {
  Policy p = policy({"93.184.215.0/24", "10.2.0.0/16", "8.8.8.8", "2a00:1450::/32", "169.254.0.0/16"});
  EXPECT_EQ(why(p, "93.184.215.9"), "farm");
  EXPECT_EQ(why(p, "93.184.216.9"), "");
  EXPECT_EQ(why(p, "10.2.3.4"), "farm");
  EXPECT_EQ(why(p, "10.3.3.4"), "private");
  EXPECT_EQ(why(p, "8.8.8.8"), "farm");
  EXPECT_EQ(why(p, "2a00:1450:4001::1"), "farm");
  EXPECT_EQ(why(p, "169.254.1.1"), "link_local") << "a range that is refused anyway keeps its reason";
}

TEST(Policy, RefusingEverythingLeavesNothingOpen) {
  Policy p = policy({"0.0.0.0/0", "::/0"});
  EXPECT_EQ(why(p, "93.184.216.34"), "farm");
  EXPECT_EQ(why(p, "2606:2800:220:1::1"), "farm");
  EXPECT_EQ(why(p, "10.0.0.1"), "private");
}

TEST(Policy, RangesAreReadStrictlyAndMasked) {
  auto range = parse_range("10.1.2.3/9", Reason::farm);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->base.text(), "10.0.0.0");
  EXPECT_EQ(range->prefix, 9u);
  EXPECT_TRUE(range->v4);
  auto mapped = parse_range("::ffff:0:0/96", Reason::farm);
  ASSERT_TRUE(mapped);
  EXPECT_FALSE(mapped->v4);
  for (const char* bad : {"", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "::/129", "ten",
                          "10.0.0/8", "010.0.0.1/8x"})
    EXPECT_FALSE(parse_range(bad, Reason::farm)) << bad;
}

}  // namespace
}  // namespace assay::egress
