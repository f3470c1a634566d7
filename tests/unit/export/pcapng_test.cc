// Recorded flows as packets.
#include "scheduler/export/pcapng.h"

#include <gtest/gtest.h>

#include <random>

#include "common/trace_file.h"
#include "tests/unit/export/pcapng_reader.h"

namespace assay {
namespace {

using test::ReadFile;
using test::ReadPacket;

constexpr int64_t kSecond = 1'000'000'000;

TraceHeader header() {
  TraceHeader out;
  out.scan_id = "20261130T020850-383a84bf";
  out.job.ref = "registry.example/app:1";
  out.start_time_ns = 1'000 * kSecond;
  out.guest_addr = "172.17.0.2";
  out.guest_addr6 = "fd00:172:17::2";
  return out;
}

Event flow(EventKind kind, int64_t time_ns, bool from_guest = true) {
  Event e;
  e.kind = kind;
  e.plane = Plane::host;
  e.source = Source::flows;
  e.time_ns = time_ns;
  e.proto = "tcp";
  e.src_addr = from_guest ? "172.17.0.2" : "203.0.113.7";
  e.dst_addr = from_guest ? "203.0.113.7" : "172.17.0.2";
  e.src_port = from_guest ? 40000 : 80;
  e.dst_port = from_guest ? 80 : 40000;
  return e;
}

Event payload(int64_t time_ns, bool from_guest, std::string data, uint64_t truncated = 0) {
  Event e = flow(EventKind::payload, time_ns, from_guest);
  e.data = std::move(data);
  e.truncated = truncated;
  return e;
}

Event over(Event e, const std::string& proto) {
  e.proto = proto;
  return e;
}

Event ended(int64_t time_ns, int64_t duration_ns, uint64_t out, uint64_t in, uint64_t bytes_out = 0,
            uint64_t bytes_in = 0) {
  Event e = flow(EventKind::flow_end, time_ns);
  e.duration_ns = duration_ns;
  e.packets_out = out;
  e.packets_in = in;
  e.bytes_out = bytes_out;
  e.bytes_in = bytes_in;
  return e;
}

Event guest_event(int64_t time_ns) {
  Event e;
  e.kind = EventKind::exit;
  e.time_ns = time_ns;
  return e;
}

struct Written {
  ReadFile file;
  PcapngWriter::Counts counts;
};

Written write(const std::vector<Event>& events) {
  FlowBook book(header());
  for (const Event& event : events) book.add(event);
  book.close();
  std::string bytes;
  PcapngWriter writer(header(), book, [&](std::string_view more) {
    bytes += more;
    return Status();
  });
  for (const Event& event : events) EXPECT_TRUE(writer.add(event));
  auto counts = writer.finish();
  EXPECT_TRUE(counts);
  Written out{test::read_pcapng(bytes), *counts};
  EXPECT_EQ(out.file.wrong, "");
  EXPECT_EQ(out.counts.packets, out.file.packets.size());
  uint64_t before = 0;
  for (const ReadPacket& packet : out.file.packets) {
    EXPECT_EQ(test::check(packet), "");
    EXPECT_LE(before, packet.time_ns);
    before = packet.time_ns;
  }
  return out;
}

// "> SYN 0+0": who sent it, flags, relative sequence number and payload, a line each.
std::string tcp_text(const ReadFile& file) {
  std::string out;
  uint32_t first_out = 0, first_in = 0;
  for (const ReadPacket& p : file.packets) {
    bool forth = p.to_port() == 80;
    uint32_t& first = forth ? first_out : first_in;
    if (first == 0) first = p.seq();
    out += forth ? "> " : "< ";
    constexpr std::pair<uint8_t, const char*> kFlags[] = {{2, "S"}, {1, "F"}, {4, "R"}, {8, "P"}, {16, "A"}};
    for (auto [bit, name] : kFlags)
      if (p.tcp_flags() & bit) out += name;
    out += " " + std::to_string(p.seq() - first) + "+" + std::to_string(p.payload().size());
    if (p.original > p.bytes.size()) out += "/" + std::to_string(p.original - p.bytes.size());
    out += "\n";
  }
  return out;
}

TEST(Pcapng, AConversationHasHandshakeSegmentsAndEnd) {
  Written out =
      write({flow(EventKind::flow_start, kSecond), payload(2 * kSecond, true, "GET / HTTP/1.0\r\n\r\n"),
             payload(3 * kSecond, false, "HTTP/1.0 200 OK\r\n\r\n"),
             ended(6 * kSecond, 3 * kSecond, 5, 4, 300, 300), guest_event(20 * kSecond)});
  EXPECT_EQ(tcp_text(out.file),
            "> S 0+0\n"
            "< SA 0+0\n"
            "> A 1+0\n"
            "> PA 1+18\n"
            "< PA 1+19\n"
            "> FA 19+0\n"
            "< FA 20+0\n"
            "> A 20+0\n");
  ASSERT_EQ(out.file.packets.size(), 8u);
  EXPECT_EQ(out.file.packets[3].payload(), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(out.file.packets[3].time_ns, 1'002'000'000'000u);
  EXPECT_EQ(out.file.packets[5].time_ns, 1'004'000'000'000u);
  EXPECT_EQ(out.file.packets[0].flags, 2u);  // outbound
  EXPECT_EQ(out.file.packets[1].flags, 1u);
  ASSERT_EQ(out.file.packets[5].comments.size(), 1u);
  EXPECT_EQ(
      out.file.packets[5].comments[0],
      "IP packets counted: 5 with 300 bytes from who began it, 4 with 300 bytes back. Closed by FIN or RST: "
      "which was not recorded");
  EXPECT_NE(out.file.section_comment.find("No packet was captured whole"), std::string::npos);
  EXPECT_EQ(out.counts.left_out, 0u);
}

TEST(Pcapng, AnEndThatWasNotSeenIsNotMadeUp) {
  Written out = write({flow(EventKind::flow_start, kSecond), payload(2 * kSecond, true, "hello"),
                       ended(9 * kSecond, kSecond, 3, 2), guest_event(9 * kSecond)});
  EXPECT_EQ(tcp_text(out.file), "> S 0+0\n< SA 0+0\n> A 1+0\n> PA 1+5\n> A 6+0\n");
}

TEST(Pcapng, NothingAnsweredAndARefusalAreToldApart) {
  Written silent = write({flow(EventKind::flow_start, 0), ended(kSecond, 0, 3, 0)});
  EXPECT_EQ(tcp_text(silent.file), "> S 0+0\n");
  Written refused = write({flow(EventKind::flow_start, 0), ended(kSecond, 0, 1, 1)});
  EXPECT_EQ(tcp_text(refused.file), "> S 0+0\n< RA 0+0\n");
  EXPECT_EQ(refused.file.packets[1].ack(), refused.file.packets[0].seq() + 1);
}

TEST(Pcapng, APayloadLargerThanAPacketBecomesSegmentsAndWhatWasNotSeenAGap) {
  Written out = write({flow(EventKind::flow_start, 0), payload(1, true, std::string(2047, 'x'), 5000),
                       payload(2, true, "later")});
  EXPECT_EQ(tcp_text(out.file),
            "> S 0+0\n< SA 0+0\n> A 1+0\n"
            "> A 1+1460\n"
            "> PA 1461+587/873\n"  // 873 bytes of the segment were not seen
            "> PA 7048+5\n"        // and 4127 more before this one
            "> A 7053+0\n");
  EXPECT_EQ(out.file.packets[3].comments.at(0), "Bytes of this packet that were not recorded: 5000");
}

TEST(Pcapng, PacketsThatWereOnlyCountedAreAGapBeforeTheEnd) {
  std::vector<Event> events{flow(EventKind::flow_start, 0)};
  for (int i = 1; i <= 4; ++i) events.push_back(payload(i, true, "data"));
  events.push_back(ended(3 * kSecond, kSecond, 20, 10, 60 + 19 * 52 + 16 + 10'000, 60 + 9 * 52));
  events.push_back(guest_event(20 * kSecond));
  Written out = write(events);
  const ReadPacket& fin = out.file.packets[out.file.packets.size() - 3];
  EXPECT_EQ(fin.tcp_flags(), 17);
  EXPECT_EQ(fin.seq() - out.file.packets[0].seq(), 1u + 16 + 10'000);
  EXPECT_NE(fin.comments.at(0).find("about 10000 bytes of payload from who began it were not recorded"),
            std::string::npos);
}

TEST(Pcapng, AFlowWithoutAStartHasNoHandshake) {
  Written out = write({payload(5, false, "+OK\r\n")});
  ASSERT_EQ(out.file.packets.size(), 2u);
  EXPECT_EQ(out.file.packets[0].payload(), "+OK\r\n");
  EXPECT_EQ(out.file.packets[0].flags, 1u);
  EXPECT_EQ(out.file.packets[0].comments.at(0), "Its beginning was not seen");
}

TEST(Pcapng, PortsUsedAgainAreAnotherConversation) {
  Written out =
      write({flow(EventKind::flow_start, 0), payload(1, true, "one"), flow(EventKind::flow_start, kSecond),
             payload(kSecond + 1, true, "two"), ended(4 * kSecond, 2, 8, 8)});
  EXPECT_EQ(out.counts.conversations, 2u);
  std::vector<uint32_t> starts;
  for (const ReadPacket& p : out.file.packets)
    if (p.tcp_flags() == 2) starts.push_back(p.seq());
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_NE(starts[0], starts[1]);
}

Event dns(const std::string& call, const std::string& name, const std::string& type,
          std::vector<std::string> answers = {}) {
  Event e = over(flow(EventKind::dns, call == "query" ? 1 : 2, call == "query"), "udp");
  e.src_port = call == "query" ? 5353 : 53;
  e.dst_port = call == "query" ? 53 : 5353;
  e.call = call;
  e.name = name;
  e.query_type = type;
  e.answers = std::move(answers);
  return e;
}

TEST(Pcapng, DnsMessagesAreWrittenFromWhatTheySaid) {
  Written out = write({dns("query", "pool.example.com", "A"),
                       dns("response", "pool.example.com", "A", {"cdn.example.net", "198.51.100.1"})});
  ASSERT_EQ(out.file.packets.size(), 2u);
  std::string question = std::string("\4pool\7example\3com\0\0\1\0\1", 22);
  std::string_view query = out.file.packets[0].payload(), answer = out.file.packets[1].payload();
  EXPECT_EQ(query.substr(2), std::string("\1\0\0\1\0\0\0\0\0\0", 10) + question);
  EXPECT_EQ(query.substr(0, 2), answer.substr(0, 2));
  std::string alias = std::string("\3cdn\7example\3net\0", 17);
  EXPECT_EQ(answer.substr(2), std::string("\x81\x80\0\1\0\2\0\0\0\0", 10) + question +
                                  std::string("\xc0\x0c\0\5\0\1\0\0\0\0\0\x11", 12) + alias + alias +
                                  std::string("\0\1\0\1\0\0\0\0\0\4\xc6\x33\x64\x01", 14));
  std::map<std::string, std::string> names{{std::string("\xc6\x33\x64\x01", 4), "pool.example.com"}};
  EXPECT_EQ(out.file.names, names);
}

TEST(Pcapng, WhatNoDnsMessageCanHoldIsCounted) {
  Written out =
      write({dns("query", std::string(64, 'a') + ".com", "A"), dns("query", std::string(300, '.'), "A"),
             dns("query", "a.com", "TYPE99999"), dns("query", "a.com", "TYPE64000")});
  EXPECT_EQ(out.file.packets.size(), 1u);
  EXPECT_EQ(out.counts.left_out, 3u);
  EXPECT_NE(out.file.statistics_comment.find("3 events"), std::string::npos);
}

TEST(Pcapng, DatagramsAndPingsOfBothFamiliesHaveRightChecksums) {
  auto six = [](Event e) {
    (e.src_addr == "172.17.0.2" ? e.src_addr : e.dst_addr) = "fd00:172:17::2";
    (e.src_addr == "203.0.113.7" ? e.src_addr : e.dst_addr) = "2001:db8::7";
    return e;
  };
  std::vector<Event> events;
  for (const char* proto : {"udp", "icmp", "tcp"})
    for (bool v6 : {false, true})
      for (bool out : {true, false}) {
        Event e = over(payload(1, out, "odd", out ? 0 : 7), proto);
        if (std::string(proto) == "icmp") e.src_port = e.dst_port = 0;
        events.push_back(v6 ? six(e) : e);
      }
  Written out = write(events);
  std::map<std::pair<int, bool>, int> seen;
  for (const ReadPacket& p : out.file.packets) ++seen[{p.protocol(), p.v6()}];
  EXPECT_EQ((seen[{17, false}]), 2);
  EXPECT_EQ((seen[{17, true}]), 2);
  EXPECT_EQ((seen[{1, false}]), 2);
  EXPECT_EQ((seen[{58, true}]), 2);
}

TEST(Pcapng, WhatTheSinkholeUnderstoodStandsOnTheFlowsFirstPacket) {
  Event session = flow(EventKind::session, 3);
  session.source = Source::sinkhole;
  session.app = "https";
  session.name = "drop.example";
  session.data = "POST /x\x1b[31m HTTP/1.1\r\n";
  Event lost = session;
  lost.src_port = 1;
  Written out = write({flow(EventKind::flow_start, 1), payload(2, true, "\x16\x03"), session, lost});
  EXPECT_EQ(
      out.file.packets.at(0).comments.at(0),
      "Sinkhole: session with drop.example over https; from the guest, decrypted where it was not plain: "
      "POST /x\\x1b[31m HTTP/1.1\\x0d\\x0a");
  EXPECT_EQ(out.counts.left_out, 1u);
}

TEST(Pcapng, AbsurdEventsAreLeftOutAndCounted) {
  Event port = payload(1, true, "x"), address = port, mixed = port, proto = port, time = port, huge = port;
  port.dst_port = 70'000;
  address.dst_addr = "not an address";
  mixed.dst_addr = "2001:db8::1";
  proto.proto = "47";
  time.time_ns = INT64_MAX;
  time.src_port = 2;
  huge.truncated = UINT64_MAX;
  Written out = write({port, address, mixed, proto, huge, time,
                       ended(INT64_MIN, INT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX)});
  EXPECT_EQ(out.counts.left_out, 4u);
  EXPECT_EQ(out.counts.conversations, 2u);
}

TEST(Pcapng, AFloodOfFlowsIsBoundedAndCounted) {
  FlowBook book(header());
  constexpr size_t kFlows = kMaxConversations + 500;
  auto each = [](auto&& visit) {
    for (size_t i = 0; i < kFlows; ++i) {
      Event e = flow(EventKind::flow_start, static_cast<int64_t>(i));
      e.src_port = static_cast<uint32_t>(i % 65'536);
      e.dst_port = static_cast<uint32_t>(i / 65'536) + 1;
      visit(e);
    }
  };
  each([&](const Event& e) { book.add(e); });
  book.close();
  EXPECT_EQ(book.conversations().size(), kMaxConversations);
  size_t bytes = 0;
  PcapngWriter writer(header(), book, [&](std::string_view more) {
    bytes += more.size();
    return Status();
  });
  each([&](const Event& e) { EXPECT_TRUE(writer.add(e)); });
  auto counts = writer.finish();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->packets, kMaxConversations);
  EXPECT_EQ(counts->left_out, 500u);
  EXPECT_GT(bytes, counts->packets * 44);
}

TEST(Pcapng, AnyEventsGiveAWellFormedFile) {
  std::mt19937 random(7);
  auto draw = [&](uint32_t below) { return static_cast<uint32_t>(random() % below); };
  constexpr EventKind kKinds[] = {EventKind::flow_start, EventKind::flow_end, EventKind::payload,
                                  EventKind::dns,        EventKind::session,  EventKind::http};
  const std::string kAddresses[] = {"172.17.0.2", "203.0.113.7", "2001:db8::1", "fd00:172:17::2", "", "x"};
  const std::string kProtos[] = {"tcp", "udp", "icmp", "unix"};
  const std::string kNames[] = {"a.example", "a..b", "\xff.\n.example", "198.51.100.7",
                                std::string(300, 'n')};
  for (int round = 0; round < 20; ++round) {
    std::vector<Event> events;
    for (int i = 0; i < 300; ++i) {
      Event e = flow(kKinds[draw(6)], static_cast<int64_t>(random()) - 1000);
      if (draw(3) == 0) e.source = Source::sinkhole;
      e.proto = kProtos[draw(4)];
      e.src_addr = kAddresses[draw(6)];
      e.dst_addr = kAddresses[draw(6)];
      e.src_port = draw(4) + 65'533;
      e.dst_port = draw(3) + 52;
      e.data = std::string(draw(5000), static_cast<char>(draw(256)));
      e.truncated = draw(2) == 0 ? 0 : draw(100'000);
      e.call = draw(2) == 0 ? "query" : "response";
      e.name = kNames[draw(5)];
      e.query_type = draw(2) == 0 ? "A" : "TXT";
      e.answers = {kNames[draw(5)], kNames[draw(5)]};
      e.packets_out = draw(20);
      e.bytes_out = draw(1'000'000);
      e.duration_ns = static_cast<int64_t>(random()) - 1000;
      events.push_back(std::move(e));
    }
    EXPECT_GT(write(events).file.packets.size(), 0u);
  }
}

TEST(Pcapng, AFullDiskEndsTheWriting) {
  FlowBook book(header());
  PcapngWriter writer(header(), book, [](std::string_view) -> Status {
    return Error{Errc::no_space, "full"};
  });
  auto done = writer.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what, "full");
}

TEST(Pcapng, ARealTracesStreamsAreWhatWasRecorded) {
  std::vector<Event> events;
  std::string sent;
  auto ends =
      read_trace_file(std::string(ASSAY_SOURCE_DIR) + "/tests/traces/miner.trace", [&](const Event& event) {
        events.push_back(event);
        if (event.kind == EventKind::payload && event.dst_port == 4444) sent += event.data;
      });
  ASSERT_TRUE(ends);
  Written out = write(events);
  std::string read;
  for (const ReadPacket& p : out.file.packets)
    if (p.protocol() == 6 && p.to_port() == 4444) read += p.payload();
  EXPECT_GT(sent.size(), 400u);
  EXPECT_EQ(read, sent);
}

}  // namespace
}  // namespace assay
