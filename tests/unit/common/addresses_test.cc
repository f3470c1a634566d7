#include "common/addresses.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Addresses, AreReadOfBothFamiliesAndWrittenInTheirShortestForm) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->raw(), std::string("\xc0\0\x02\x01", 4));
  EXPECT_EQ(IpAddress::parse("2001:DB8:0:0::1")->str(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("::1")->raw(), std::string(15, '\0') + "\x01");
}

TEST(Addresses, NothingElseIsOne) {
  using namespace std::string_view_literals;
  for (auto text : {""sv, "192.0.2"sv, "192.0.2.1:80"sv, "[::1]"sv, "fe80::1%eth0"sv, "192.0.2.256"sv,
                    "192.0.2.1\0x"sv, "example.com"sv, " 192.0.2.1"sv})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string(10'000, '1')));
}

TEST(Addresses, LieInTheNetworksOfTheirFirstBits) {
  auto at = [](const char* text) { return *IpAddress::parse(text); };
  EXPECT_TRUE(at("10.1.2.3").within(at("10.0.0.0"), 8));
  EXPECT_TRUE(at("172.31.0.1").within(at("172.16.0.0"), 12));
  EXPECT_FALSE(at("172.32.0.1").within(at("172.16.0.0"), 12));
  EXPECT_TRUE(at("8.8.8.8").within(at("1.1.1.1"), 0));
  EXPECT_FALSE(at("::1").within(at("0.0.0.0"), 0)) << "of another family";
  EXPECT_TRUE(at("2001:db8::1").within(at("2001:db8::1"), 128));
  EXPECT_EQ(at("10.1.255.3").network(20).str(), "10.1.240.0");
  EXPECT_EQ(at("2001:db8:ffff::1").network(33).str(), "2001:db8:8000::");
}

}  // namespace
}  // namespace assay
