// Conversations: HTTP, mining pools, mail, SSH, and the reports about them, over whole, split and mutated
// input.
#include "agent/sinkhole/talk.h"

#include <gtest/gtest.h>

#include <random>

#include "agent/sinkhole/ntp.h"
#include "agent/sinkhole/report.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr int64_t kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

std::string ask(const std::string& request) {
  HttpSession session;
  std::string reply = session.feed(request, kNow);
  return reply + (session.closing() ? "<closed>" : "");
}

TEST(Http, RequestIsAnsweredByteForByte) {
  EXPECT_EQ(ask("GET /run.sh HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Type: "
            "application/x-sh\r\n"
            "Content-Length: 18\r\nConnection: keep-alive\r\n\r\n#!/bin/sh\necho ok\n");
}

TEST(Http, BodyIsOfTheKindThatTheNameSuggests) {
  std::string seen;
  for (const char* head :
       {"GET / HTTP/1.1", "GET /a/b.json?x=/c.sh HTTP/1.1", "GET http://h.example/x.sh HTTP/1.1",
        "GET /x.SH HTTP/1.1", "GET /api/v1/pods HTTP/1.1", "GET /login.php HTTP/1.1",
        "GET /xmrig HTTP/1.1\r\nUser-Agent: curl/8.1", "GET /xmrig HTTP/1.1\r\nUser-Agent: Mozilla/5.0",
        "GET http://h.example HTTP/1.1", "POST /x HTTP/1.1\r\nAccept: application/json"}) {
    std::string reply = ask(std::string(head) + "\r\n\r\n");
    size_t begin = reply.find("Content-Type: ") + 14;
    seen += reply.substr(begin, reply.find('\r', begin) - begin) + "\n";
  }
  EXPECT_EQ(seen,
            "text/html\napplication/json\napplication/x-sh\napplication/x-sh\napplication/json\ntext/html\n"
            "application/octet-stream\ntext/html\ntext/html\napplication/json\n");
}

TEST(Http, HeadHasTheLengthButNoBody) {
  std::string reply = ask("HEAD /x.json HTTP/1.1\r\n\r\n");
  EXPECT_NE(reply.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(reply.ends_with("\r\n\r\n"));
}

TEST(Http, ConnectionIsKeptOrClosedAsAsked) {
  EXPECT_FALSE(ask("GET / HTTP/1.1\r\n\r\n").ends_with("<closed>"));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").ends_with("<closed>"));
  EXPECT_TRUE(ask("GET / HTTP/1.0\r\n\r\n").ends_with("<closed>"));
  EXPECT_FALSE(ask("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").ends_with("<closed>"));
}

TEST(Http, BodiesAreSkippedAndPipelinedRequestsAnsweredInAnySplit) {
  std::string stream =
      "POST /a HTTP/1.1\r\nContent-Length: 20\r\n\r\nGET /not HTTP/1.1\r\n\nGET /b.json HTTP/1.1\r\n\r\nGET "
      "/c.sh HTTP/1.1\r\n\r\n";
  std::string whole = ask(stream);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '{'), 1);
  EXPECT_NE(whole.find("echo ok"), std::string::npos);
  EXPECT_EQ(whole.find("404"), std::string::npos);
  for (size_t step = 1; step < 40; ++step) {
    HttpSession session;
    std::string reply;
    for (size_t at = 0; at < stream.size(); at += step) reply += session.feed(stream.substr(at, step), kNow);
    ASSERT_EQ(reply, whole) << step;
  }
}

TEST(Http, NonsenseGetsAnErrorAndTheEnd) {
  EXPECT_EQ(ask("GET /\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n").substr(0, 12),
            "HTTP/1.1 400");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x')).substr(0, 12), "HTTP/1.1 431");
  EXPECT_TRUE(ask("GET /\r\n\r\n").ends_with("<closed>"));
}

TEST(Http, ContinueIsGivenBeforeTheBody) {
  EXPECT_TRUE(ask("PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
                  .starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"));
}

TEST(Stratum, MoneroLoginGetsAJob) {
  std::string reply =
      answer_stratum(R"({"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4A","pass":"x"}})");
  EXPECT_TRUE(
      reply.starts_with(R"({"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"a1f3","job":{"blob":")"))
      << reply;
  EXPECT_TRUE(reply.ends_with("\"status\":\"OK\"}}\n")) << reply;
}

TEST(Stratum, SubscriptionGetsDifficultyAndWork) {
  std::string reply = answer_stratum(R"({"id": "x7", "method": "mining.subscribe", "params": []})");
  EXPECT_EQ(std::count(reply.begin(), reply.end(), '\n'), 3);
  EXPECT_TRUE(reply.starts_with(R"({"id":"x7",)")) << reply;
  EXPECT_EQ(answer_stratum(R"({"id":2,"method":"mining.authorize","params":["w","x"]})"),
            "{\"id\":2,\"jsonrpc\":\"2.0\",\"error\":null,\"result\":true}\n");
}

TEST(Stratum, OnlyAPlainIdIsEchoed) {
  EXPECT_TRUE(answer_stratum(R"({"id":{"a":1},"method":"login"})").starts_with(R"({"id":null,)"));
  EXPECT_TRUE(answer_stratum("{\"id\":\"\x1b[2J\",\"method\":\"login\"}").starts_with(R"({"id":null,)"));
  EXPECT_EQ(answer_stratum(R"({"id":1,"result":true})"), "");
}

std::string talk(uint16_t port, const std::vector<std::string>& said, Talk::Protocol expected) {
  Talk talk(port);
  std::string heard;
  for (const std::string& bytes : said) heard += bytes.empty() ? talk.silence() : talk.hear(bytes, kNow);
  EXPECT_EQ(talk.protocol(), expected);
  return heard.substr(0, heard.find("\r\nDate")) + (talk.closing() ? "<closed>" : "");
}

TEST(Talk, ProtocolFollowsFromTheFirstBytesNotThePort) {
  using P = Talk::Protocol;
  EXPECT_EQ(talk(22, {"GET / HTTP/1.1\r\n\r\n"}, P::http), "HTTP/1.1 200 OK\r\nServer: nginx");
  EXPECT_EQ(talk(4444, {"G", "ET / HTTP/1.1\r\n", "\r\n"}, P::http), "HTTP/1.1 200 OK\r\nServer: nginx");
  EXPECT_EQ(talk(80, {"SSH-2.0-x\r\n"}, P::ssh), "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
  EXPECT_EQ(talk(443, {std::string("\x16\x03\x01\x02\x00\x01", 6)}, P::tls),
            std::string("\x15\x03\x01\x00\x02\x02\x28", 7) + "<closed>");
  EXPECT_EQ(talk(80, {"{\"id\":2,\"method\":", "\"mining.authorize\"}\n"}, P::stratum),
            "{\"id\":2,\"jsonrpc\":\"2.0\",\"error\":null,\"result\":true}\n");
  EXPECT_EQ(talk(4444, {"uid=0(root)\n"}, P::silent), "");
  EXPECT_EQ(talk(4444, {"", "id\n", "GET / HTTP/1.1\r\n\r\n"}, P::silent), "");
}

TEST(Talk, ServersThatSpeakFirstGreetASilentClientOnce) {
  using P = Talk::Protocol;
  EXPECT_EQ(talk(22, {"", ""}, P::undecided), "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
  EXPECT_EQ(talk(22, {"", "SSH-2.0-x\r\n"}, P::ssh), "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
  EXPECT_EQ(talk(80, {""}, P::undecided), "");
  EXPECT_EQ(talk(21, {"", "USER a\r\nPASS b\r\nQUIT\r\n"}, P::ftp),
            "220 (vsFTPd 3.0.3)\r\n331 Please specify the password.\r\n230 Login successful.\r\n221 "
            "Goodbye.\r\n<closed>");
}

TEST(Talk, MailIsTakenToItsEnd) {
  EXPECT_EQ(talk(25, {"", "EHLO x\r\nMAIL FROM:<a>\r\n", "DATA\r\nquit\r\n..\r\n.\r\nQUIT\r\n"},
                 Talk::Protocol::mail),
            "220 mail ESMTP Postfix\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n354 End data with "
            "<CR><LF>.<CR><LF>\r\n250 2.0.0 Ok: queued\r\n"
            "221 2.0.0 Bye\r\n<closed>");
}

TEST(Talk, MutatedConversationsStayBounded) {
  std::minstd_rand random(7);
  std::vector<std::string> seeds = {
      "POST /a HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhelloGET /b HTTP/1.1\r\n\r\n",
      "{\"id\":1,\"method\":\"login\",\"params\":{}}\n{\"id\":2,\"method\":\"submit\"}\n",
      "EHLO x\r\nDATA\r\nabc\r\n.\r\nQUIT\r\n", "SSH-2.0-Go\r\n"};
  uint16_t ports[] = {80, 25, 22, 21, 3333};
  size_t replies = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = seeds[random() % seeds.size()];
    for (auto i = random() % 5; i > 0; --i) bytes[random() % bytes.size()] = static_cast<char>(random());
    Talk talk(ports[random() % 5]);
    size_t heard = random() % 2 ? talk.silence().size() : 0;
    for (size_t at = 0; at < bytes.size();) {
      size_t step = 1 + random() % 30;
      heard += talk.hear(std::string_view(bytes).substr(at, step), kNow).size();
      at += step;
    }
    ASSERT_LE(heard, 8192u);
    replies += heard > 0;
  }
  EXPECT_GT(replies, 50'000u);
}

TEST(Ntp, ClientGetsTheTimeAndItsOwnTimestampBack) {
  std::string request(48, '\0');
  request[0] = 0x23;
  request.replace(40, 8, "ABCDEFGH");
  std::string reply = answer_ntp(request, kNow * 1'000'000'000 + 500'000'000);
  ASSERT_EQ(reply.size(), 48u);
  EXPECT_EQ(to_hex(reply.substr(0, 2)), "2402");
  EXPECT_EQ(reply.substr(24, 8), "ABCDEFGH");
  EXPECT_EQ(to_hex(reply.substr(40)), "e8fe6f8080000000");
  EXPECT_EQ(answer_ntp(request.substr(1), 0), "");
  request[0] = 0x24;  // a server's
  EXPECT_EQ(answer_ntp(request, 0), "");
}

Report sample() {
  Report report;
  report.kind = ReportKind::dns;
  report.time_ns = -5;
  report.seen = 7;
  report.lost = 1ull << 40;
  report.udp = true;
  report.src_addr = 0xac110002;
  report.dst_addr = 0xc6120101;
  report.src_port = 40000;
  report.dst_port = 53;
  report.name = "a.b";
  report.query_type = "A";
  report.rcode = 3;
  report.answers = {"198.18.1.1", ""};
  report.data = std::string("\0\xff", 2);
  report.bytes_out = 1;
  report.bytes_in = 2;
  report.truncated = 3;
  return report;
}

TEST(Report, ComesBackAsItWas) {
  auto decoded = decode_report(encode_report(sample()));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(*decoded == sample());
}

TEST(Report, OversizedFieldsAreCutToWhatDecodes) {
  Report big = sample();
  big.name = std::string(70'000, 'n');
  big.data = std::string(70'000, 'd');
  big.answers.assign(1000, std::string(2000, 'a'));
  std::string bytes = encode_report(big);
  EXPECT_LE(bytes.size(), kMaxReportBytes);
  EXPECT_TRUE(decode_report(bytes));
}

TEST(Report, CutOrMutatedBytesAreCorruptOrAnotherReport) {
  std::string good = encode_report(sample());
  for (size_t size = 0; size < good.size(); ++size) ASSERT_FALSE(decode_report(good.substr(0, size))) << size;
  EXPECT_FALSE(decode_report(good + "x"));
  std::minstd_rand random(9);
  unsigned corrupt = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    auto decoded = decode_report(bytes);
    ASSERT_LE(decoded ? encode_report(*decoded).size() : 0, kMaxReportBytes);
    corrupt += !decoded;
  }
  EXPECT_GT(corrupt, 1000u);
}

}  // namespace
}  // namespace assay::sinkhole
