// Honeytokens that leave in pings.
#include "agent/trace/flow_tokens.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

const std::string kSecret = "ZqT4vXw8LmN2pRs6YbCdKfGh7JkP0aQe";

Event ping(const std::string& src, const std::string& dst, const std::string& data) {
  Event event;
  event.kind = EventKind::payload;
  event.proto = "icmp";
  event.src_addr = src;
  event.dst_addr = dst;
  event.data = data;
  event.time_ns = 7;
  return event;
}

FlowTokens watch() {
  return FlowTokens({{"npm:/root/.npmrc", "npm", "/root/.npmrc", {kSecret}}}, {"172.17.0.2", "fd00::2"});
}

TEST(FlowTokens, SecretInSmallPingsIsToldOnceWithItsPeer) {
  FlowTokens tokens = watch();
  std::string seen;
  for (size_t at = 0; at < kSecret.size(); at += 6)
    for (const Event& out : {ping("fd00::2", "2001:db8::1", kSecret.substr(at, 6)),
                             ping("2001:db8::1", "fd00::2", kSecret.substr(at, 6))})
      for (const Event& event : tokens.look(out))
        seen += std::string(to_string(event.kind)) + " " + event.call + " " + event.path + " " + event.path2 +
                " " + event.dst_addr + " " + std::to_string(event.time_ns) + "\n";
  EXPECT_EQ(seen, "token sent npm:/root/.npmrc plain 2001:db8::1 7\n");
}

TEST(FlowTokens, AnswersAndOtherProtocolsAreNotLookedAt) {
  FlowTokens tokens = watch();
  EXPECT_TRUE(tokens.look(ping("8.8.8.8", "172.17.0.2", kSecret)).empty());
  Event tcp = ping("172.17.0.2", "8.8.8.8", kSecret);
  tcp.proto = "tcp";
  EXPECT_TRUE(tokens.look(tcp).empty());
  EXPECT_EQ(tokens.look(ping("172.17.0.2", "8.8.8.8", kSecret)).size(), 1u);
}

TEST(FlowTokens, WithoutASinkholeConnectionsAndNamesAreLookedAt) {
  FlowTokens tokens({{"npm:/root/.npmrc", "npm", "/root/.npmrc", {kSecret}}}, {"172.17.0.2"},
                    FlowTokens::Of::everything);
  std::string seen;
  auto look = [&](const Event& event) {
    for (const Event& out : tokens.look(event))
      seen += out.proto + " " + out.dst_addr + " " + out.path2 + " " + out.app + "\n";
  };
  Event tcp = ping("172.17.0.2", "93.184.216.34", "POST / HTTP/1.1\r\n\r\ntoken=" + kSecret.substr(0, 12));
  tcp.proto = "tcp";
  tcp.src_port = 40'000;
  look(tcp);
  Event other = tcp;  // the rest of it in another connection is none
  other.src_port = 40'001;
  other.data = kSecret.substr(12, 12);
  look(other);
  EXPECT_EQ(seen, "");
  tcp.data = kSecret.substr(12, 12);
  look(tcp);
  EXPECT_EQ(seen, "tcp 93.184.216.34 plain \n");
  seen.clear();

  std::string hex;
  for (char c : kSecret) {
    constexpr const char* kDigits = "0123456789abcdef";
    hex += kDigits[c >> 4];
    hex += kDigits[c & 15];
  }
  for (size_t at = 0; at < hex.size(); at += 16)
    for (const char* type : {"A", "AAAA"}) {
      Event query = ping("172.17.0.2", "172.17.0.1", "");
      query.kind = EventKind::dns;
      query.proto = "udp";
      query.call = "query";
      query.query_type = type;
      query.name = hex.substr(at, 16) + ".drop.example";
      look(query);
    }
  EXPECT_EQ(seen, "udp 172.17.0.1 hex dns\n");
}

}  // namespace
}  // namespace assay
