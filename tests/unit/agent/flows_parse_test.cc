// flows: parsers of first payloads (also on mutated bytes), and records to events.
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <random>

#include "agent/trace/flow_events.h"
#include "agent/trace/flow_parse.h"
#include "bpf/farm_event.h"

namespace assay {
namespace {

std::string u16(size_t n) { return {static_cast<char>(n >> 8), static_cast<char>(n)}; }

std::string dns_header(bool response, int rcode, size_t questions, size_t answers) {
  return u16(0x1234) + u16((response ? 0x8000u : 0x0100u) | static_cast<unsigned>(rcode)) + u16(questions) +
         u16(answers) + u16(0) + u16(0);
}
const std::string kQuestion = std::string(
                                  "\x03WwW\x07"
                                  "example\x03"
                                  "com\x00",
                                  17) +
                              u16(1) + u16(1);
std::string answer(size_t type, const std::string& data) {
  return u16(0xc00c) + u16(type) + u16(1) + std::string(4, '\0') + u16(data.size()) + data;
}

TEST(FlowsDns, QueryHasNameAndType) {
  auto dns = parse_dns(dns_header(false, 0, 1, 0) + kQuestion);
  ASSERT_TRUE(dns);
  EXPECT_FALSE(dns->response);
  EXPECT_EQ(dns->name, "www.example.com");
  EXPECT_EQ(dns->query_type, "A");
}

TEST(FlowsDns, AnswersOfEachTypeAreText) {
  std::string message = dns_header(true, 0, 1, 7) + kQuestion +
                        answer(5, std::string("\x02"
                                              "cd\xc0\x10",
                                              5)) +
                        answer(1, "\xc6\x12\x01\x02") +
                        answer(28, std::string("\x20\x01", 2) + std::string(13, '\0') + "\x07") +
                        answer(16, "\x05hello\x05world") + answer(15, u16(10) + std::string("\xc0\x0c")) +
                        answer(33, u16(1) + u16(2) + u16(53) + std::string("\xc0\x0c")) + answer(99, "??");
  auto dns = parse_dns(message);
  ASSERT_TRUE(dns);
  EXPECT_TRUE(dns->response);
  EXPECT_EQ(dns->answers, (std::vector<std::string>{"cd.example.com", "198.18.1.2", "2001::7", "helloworld",
                                                    "www.example.com", "www.example.com", "TYPE99"}));
  EXPECT_EQ(dns->more, 0u);
}

TEST(FlowsDns, NegativeAnswerHasItsCode) {
  auto dns = parse_dns(dns_header(true, 3, 1, 0) + kQuestion);
  ASSERT_TRUE(dns);
  EXPECT_EQ(dns->rcode, 3);
}

TEST(FlowsDns, CompressionLoopsAndForwardPointersAreRefused) {
  EXPECT_FALSE(parse_dns(dns_header(false, 0, 1, 0) + "\xc0\x0c" + u16(1) + u16(1)));
  EXPECT_FALSE(parse_dns(dns_header(false, 0, 1, 0) + "\xc0\x40" + u16(1) + u16(1) + std::string(64, '\0')));
  EXPECT_FALSE(parse_dns(dns_header(false, 0, 1, 0) +
                         std::string("\x3f"
                                     "short\x00",
                                     7) +
                         u16(1) + u16(1)));
  EXPECT_FALSE(parse_dns("GET / HTTP/1.1"));
}

TEST(FlowsDns, MissingAnswersAreCounted) {
  auto dns = parse_dns(dns_header(true, 0, 1, 3) + kQuestion + answer(1, "\x01\x02\x03\x04"));
  ASSERT_TRUE(dns);
  EXPECT_EQ(dns->answers.size(), 1u);
  EXPECT_EQ(dns->more, 2u);
}

std::string client_hello(const std::string& name) {
  std::string entry = std::string(1, '\0') + u16(name.size()) + name;
  std::string extensions = u16(10) + u16(2) + u16(0);
  if (!name.empty()) extensions += u16(0) + u16(entry.size() + 2) + u16(entry.size()) + entry;
  std::string body = "\x03\x03" + std::string(32, 'r') +
                     std::string(
                         "\x04"
                         "sess") +
                     u16(4) + "\x13\x01\x13\x02" + std::string("\x01\x00", 2) + u16(extensions.size()) +
                     extensions;
  std::string hello = std::string("\x01\x00", 2) + u16(body.size()) + body;
  return "\x16\x03\x01" + u16(hello.size()) + hello;
}

TEST(FlowsTls, ServerNameIsFoundHoweverTheBytesArrive) {
  std::string hello = client_hello("Evil.Example");
  bool more = false;
  auto whole = parse_client_hello(hello, more);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->server_name, "evil.example");
  for (size_t cut = 1; cut < hello.size(); ++cut) {
    EXPECT_FALSE(parse_client_hello(hello.substr(0, cut), more)) << cut;
    EXPECT_TRUE(more) << cut;
  }
  // The same handshake message in two records.
  std::string parts = "\x16\x03\x01" + u16(20) + hello.substr(5, 20) + "\x16\x03\x01" +
                      u16(hello.size() - 25) + hello.substr(25);
  auto split = parse_client_hello(parts, more);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->server_name, "evil.example");
}

TEST(FlowsTls, HelloWithoutNameIsStillAHello) {
  bool more = true;
  auto hello = parse_client_hello(client_hello(""), more);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->server_name, "");
  EXPECT_FALSE(parse_client_hello("SSH-2.0-x", more));
  EXPECT_FALSE(more);
}

TEST(FlowsHttp, RequestLineAndHost) {
  bool more = false;
  auto request =
      parse_http_request("POST /gate.php HTTP/1.0\r\nA: b\r\nhOsT: \tc2.test \r\n\r\nbody", false, more);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/gate.php");
  EXPECT_EQ(request->host, "c2.test");
  EXPECT_FALSE(parse_http_request("GET /a HT", false, more));
  EXPECT_TRUE(more);
  EXPECT_FALSE(parse_http_request("GET /a\r\n", false, more));
  EXPECT_FALSE(more);
  auto headless = parse_http_request("GET /a HTTP/1.1\r\nX: y\r\n", true, more);
  ASSERT_TRUE(headless);
  EXPECT_EQ(headless->host, "");
}

TEST(FlowsParse, MutatedBytesNeverBreakBounds) {
  std::mt19937 random(11);
  const std::string seeds[] = {dns_header(true, 0, 1, 2) + kQuestion +
                                   answer(5, std::string("\x02"
                                                         "cd\xc0\x10",
                                                         5)) +
                                   answer(16, "\x05hello"),
                               client_hello("evil.example"), "GET /a HTTP/1.1\r\nHost: b\r\n\r\n"};
  for (int round = 0; round < 60'000; ++round) {
    std::string bytes = seeds[random() % 3];
    for (auto n = random() % 5; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    bool more = false;
    if (auto dns = parse_dns(bytes)) {
      EXPECT_LE(dns->answers.size(), kMaxDnsAnswers);
      EXPECT_LE(dns->name.size(), 255u);
    }
    auto hello = parse_client_hello(bytes, more);
    EXPECT_TRUE(!hello || hello->server_name.size() <= 256);
    auto request = parse_http_request(bytes, (round & 1) != 0, more);
    EXPECT_TRUE(!request || request->target.size() <= bytes.size());
  }
}

farm_flow_key key(uint8_t proto, uint16_t guest_port, uint16_t peer_port) {
  farm_flow_key k{};
  k.guest[10] = k.guest[11] = k.peer[10] = k.peer[11] = 0xff;
  std::memcpy(k.guest + 12, "\xac\x11\x00\x02", 4);
  std::memcpy(k.peer + 12, "\xcb\x00\x71\x09", 4);
  k.proto = proto;
  k.guest_port = guest_port;
  k.peer_port = peer_port;
  return k;
}
template <class T>
std::string raw(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string payload(const farm_flow_key& k, uint32_t direction, uint32_t offset, const std::string& data) {
  farm_flow_record r{};
  r.key = k;
  r.type = FARM_FLOW_PAYLOAD;
  r.direction = direction;
  r.offset = offset;
  r.data_len = r.data_full = static_cast<uint32_t>(data.size());
  return raw(r) + data;
}
std::string kinds(const Result<std::vector<Event>>& events) {
  std::string out;
  for (const auto& e : *events) out += std::string(out.empty() ? "" : " ") + to_string(e.kind);
  return out;
}

TEST(FlowsEvents, ServerNameIsPutTogetherFromPacketsWithoutRetransmissions) {
  FlowEvents flows;
  auto k = key(IPPROTO_TCP, 4000, 443);
  std::string hello = client_hello("evil.example");
  EXPECT_EQ(kinds(flows.decode(payload(k, FARM_OUT, 0, hello.substr(0, 40)))), "payload");
  EXPECT_EQ(kinds(flows.decode(payload(k, FARM_OUT, 0, hello.substr(0, 40)))), "payload");
  auto events = flows.decode(payload(k, FARM_OUT, 40, hello.substr(40)));
  ASSERT_EQ(kinds(events), "payload tls");
  EXPECT_EQ((*events)[1].name, "evil.example");
  EXPECT_EQ((*events)[1].src_addr, "172.17.0.2");
  EXPECT_EQ((*events)[1].dst_port, 443u);
  EXPECT_EQ((*events)[1].data, "");
}

TEST(FlowsEvents, SecondRequestOnOneConnectionIsSeen) {
  FlowEvents flows;
  auto k = key(IPPROTO_TCP, 4000, 80);
  std::string first = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(kinds(flows.decode(payload(k, FARM_OUT, 0, first))), "payload http");
  auto events = flows.decode(payload(k, FARM_OUT, 28, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_EQ(kinds(events), "payload http");
  EXPECT_EQ((*events)[1].path, "/b");
}

TEST(FlowsEvents, PingIsItsPayloadAndNoStream) {
  FlowEvents flows;
  for (uint8_t proto : {uint8_t{IPPROTO_ICMP}, uint8_t{IPPROTO_ICMPV6}}) {
    auto k = key(proto, 0, 0);
    auto events = flows.decode(payload(k, FARM_OUT, 0, "GET / HTTP/1.1\r\n\r\n"));
    ASSERT_EQ(kinds(events), "payload");
    EXPECT_EQ((*events)[0].proto, "icmp");
    EXPECT_EQ((*events)[0].data.substr(0, 5), "GET /");
  }
  EXPECT_EQ(flows.flows(), 0u);
}

TEST(FlowsEvents, Ipv6EndsAreText) {
  FlowEvents flows;
  auto k = key(IPPROTO_TCP, 4000, 80);
  std::memset(&k.guest, 0, sizeof k.guest);
  std::memset(&k.peer, 0, sizeof k.peer);
  k.guest[0] = 0xfd;
  k.guest[15] = 2;
  k.peer[0] = 0x20;
  k.peer[1] = 1;
  k.peer[15] = 9;
  auto events = flows.decode(payload(k, FARM_OUT, 0, "hello"));
  ASSERT_EQ(kinds(events), "payload");
  EXPECT_EQ((*events)[0].src_addr + " " + (*events)[0].dst_addr, "fd00::2 2001::9");
}

TEST(FlowsEvents, EndSettlesWhatWaitedForMore) {
  FlowEvents flows;
  auto k = key(IPPROTO_TCP, 4000, 80);
  EXPECT_EQ(kinds(flows.decode(payload(k, FARM_OUT, 0, "GET /slow HTTP/1.1\r\nX: y\r\n"))), "payload");
  farm_flow f{};
  f.first_ns = 5;
  f.last_ns = 12;
  f.bytes[FARM_OUT] = 100;
  f.bytes[FARM_IN] = 50;
  f.packets[FARM_OUT] = 3;
  f.packets[FARM_IN] = 2;
  f.flags[FARM_IN] = FARM_BEGAN;
  auto events = flows.decode_total(raw(k) + raw(f));
  ASSERT_EQ(kinds(events), "http flow_end");
  const Event& end = (*events)[1];
  EXPECT_EQ(end.src_addr, "203.0.113.9") << "who began is the source";
  EXPECT_EQ(end.bytes_out, 100u) << "out is from the guest all the same";
  EXPECT_EQ(end.bytes_in, 50u);
  EXPECT_EQ(end.packets_out, 3u);
  EXPECT_EQ(end.packets_in, 2u);
  EXPECT_EQ(end.duration_ns, 7);
  EXPECT_EQ(flows.flows(), 0u);
}

TEST(FlowsEvents, UndecodableDnsIsShownAsPayload) {
  FlowEvents flows;
  EXPECT_EQ(kinds(flows.decode(payload(key(IPPROTO_UDP, 4000, 53), FARM_OUT, 0, "tunnel!"))), "payload");
  EXPECT_EQ(kinds(flows.decode(
                payload(key(IPPROTO_UDP, 4000, 53), FARM_OUT, 0, dns_header(false, 0, 1, 0) + kQuestion))),
            "dns");
  std::string framed = dns_header(false, 0, 1, 0) + kQuestion;
  EXPECT_EQ(
      kinds(flows.decode(payload(key(IPPROTO_TCP, 4000, 53), FARM_OUT, 0, u16(framed.size()) + framed))),
      "payload dns");
}

TEST(FlowsEvents, LengthsOutOfBoundsAreRefused) {
  FlowEvents flows;
  std::string record = payload(key(IPPROTO_TCP, 1, 2), FARM_OUT, 0, "abc");
  EXPECT_FALSE(flows.decode(record.substr(0, record.size() - 1)));
  EXPECT_FALSE(flows.decode("x"));
  EXPECT_FALSE(flows.decode_total("x"));
}

TEST(FlowsEvents, FloodOfFlowsIsBounded) {
  FlowEvents flows;
  for (unsigned i = 0; i < 40'000; ++i)
    (void)flows.decode(payload(key(IPPROTO_TCP, static_cast<uint16_t>(i), static_cast<uint16_t>(i >> 16)),
                               FARM_OUT, 0, "GET /"));
  EXPECT_LE(flows.flows(), 8192u);
}

}  // namespace
}  // namespace assay
