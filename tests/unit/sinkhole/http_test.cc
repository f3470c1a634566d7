// HTTP: requests whole, split and broken; framings, codings, ranges, upgrades; what is told of them.
#include "agent/sinkhole/web/http.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "agent/sinkhole/canary/archive.h"
#include "agent/sinkhole/web/http_answer.h"
#include "agent/sinkhole/web/http_parse.h"
#include "agent/sinkhole/web/websocket.h"
#include "tests/unit/sinkhole/web_talk.h"

namespace assay::sinkhole {
namespace {

std::string ask(const std::string& request) { return WebTalk().ask(request); }

TEST(Http, RequestIsAnsweredByteForByte) {
  EXPECT_EQ(ask("GET /api/v1 HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Type: "
            "application/json\r\nContent-Length: 41\r\nConnection: keep-alive\r\nLast-Modified: Sun, 08 Oct "
            "2023 06:07:40 GMT\r\n"
            "ETag: \"5f562cdadad4f92c\"\r\nAccept-Ranges: bytes\r\n\r\n"
            "{\"status\":\"ok\",\"success\":true,\"data\":[]}\n");
}

TEST(Http, RequestIsToldWithHostTargetAndBody) {
  Peer peer;
  peer.tls = true;
  peer.dst_port = 8443;
  WebTalk talk(peer);
  talk.ask("POST /gate?id=7 HTTP/1.1\r\nHost: C2.example:8443\r\nContent-Length: 5\r\n\r\nhello");
  ASSERT_EQ(talk.told.size(), 1u);
  EXPECT_EQ(talk.said(), "https POST /gate?id=7 c2.example;");
  EXPECT_EQ(talk.told[0].data, "hello");
  EXPECT_EQ(talk.told[0].bytes_out, 5u);
  EXPECT_EQ(talk.told[0].truncated, 0u);
}

TEST(Http, DecoySocketsAreToldAsDocker) {
  Peer peer;
  peer.socket = "docker.sock";
  WebTalk talk(peer);
  talk.ask("GET /v1.41/info HTTP/1.1\r\nHost: docker\r\n\r\n");
  EXPECT_TRUE(talk.said().starts_with("docker GET /v1.41/info docker;")) << talk.said();
}

TEST(Http, LongBodyIsCutInTheReportAndCounted) {
  WebTalk talk;
  talk.ask("POST / HTTP/1.1\r\nContent-Length: 10000\r\n\r\n" + std::string(10000, 'x'));
  ASSERT_EQ(talk.told.size(), 1u);
  EXPECT_EQ(talk.told[0].data.size(), 4096u);
  EXPECT_EQ(talk.told[0].truncated, 10000u - 4096u);
}

TEST(Http, BodyWithoutEndIsToldAfterAMegabyte) {
  WebTalk talk;
  talk.ask("POST /up HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n");
  for (int i = 0; i < 300; ++i) talk.ask(std::string(4096, 'x'));
  EXPECT_EQ(talk.said(), "http POST /up ;");
}

TEST(Http, RequestsBeyondABoundAreToldAtEverGreaterDistance) {
  WebTalk talk;
  for (int i = 0; i < 1000; ++i) talk.ask("GET /robots.txt HTTP/1.1\r\n\r\n");
  ASSERT_EQ(talk.told.size(), 202u);
  EXPECT_EQ(talk.told[200].detail, "request 400 of this connection");
  EXPECT_EQ(talk.told[201].detail, "request 800 of this connection");
}

TEST(Http, HeadHasTheLengthButNoBody) {
  std::string reply = ask("HEAD /x.json HTTP/1.1\r\n\r\n");
  EXPECT_EQ(field_of(reply, "Content-Length"), "41");
  EXPECT_TRUE(reply.ends_with("\r\n\r\n"));
}

TEST(Http, ConnectionIsKeptOrClosedAsAsked) {
  EXPECT_FALSE(ask("GET / HTTP/1.1\r\n\r\n").ends_with("<closed>"));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nConnection: TE, Close\r\n\r\n").ends_with("<closed>"));
  EXPECT_TRUE(ask("GET / HTTP/1.0\r\n\r\n").ends_with("<closed>"));
  EXPECT_FALSE(ask("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").ends_with("<closed>"));
}

TEST(Http, PipelinedRequestsWithBodiesAreAnsweredAlikeInAnySplit) {
  std::string stream =
      "POST /a HTTP/1.1\r\nContent-Length: 20\r\n\r\nGET /not HTTP/1.1\r\n\nGET /b.json HTTP/1.1\r\nX: 1\r\n"
      "  folded\r\n\r\n\r\nPOST /c HTTP/1.1\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4;x=y\r\nwiki\r\n3\r\npia\r\n"
      "0\r\nTrailer: 1\r\n\r\nGET /d.sh HTTP/1.1\r\nConnection: close\r\n\r\nGET /ignored HTTP/1.1\r\n\r\n";
  WebTalk first;
  std::string whole = first.ask(stream);
  EXPECT_EQ(first.said(),
            "http POST /a ;http GET /b.json ;http POST /c ;http GET /d.sh ;canary shell http:///d.sh;");
  EXPECT_EQ(first.told[2].data, "wikipia");
  EXPECT_TRUE(whole.ends_with("# '''\n<closed>")) << whole;
  for (size_t step = 1; step < 60; ++step) {
    WebTalk talk;
    ASSERT_EQ(talk.ask(stream, step), whole) << step;
    ASSERT_EQ(talk.said(), first.said()) << step;
  }
}

TEST(Http, NonsenseGetsAnErrorAndTheEnd) {
  for (const char* bad :
       {"GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nX : 1\r\n\r\n",
        "GET / HTTP/1.1\r\n folded\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"}) {
    std::string reply = ask(bad);
    EXPECT_EQ(status_of(reply), "400") << bad;
    EXPECT_TRUE(reply.ends_with("<closed>")) << bad;
  }
  EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nX: " + std::string(17000, 'x'))), "431");
}

TEST(Http, ContinueIsGivenBeforeTheBody) {
  WebTalk talk;
  EXPECT_EQ(talk.ask("PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(status_of(talk.ask("abc")), "201");
}

TEST(Http, TargetIsTakenApart) {
  std::string seen;
  for (const char* head :
       {"GET /a/b?c=d#e HTTP/1.1\r\nHost: H.example:81",
        "GET http://u:p@h.example:8080/x?y HTTP/1.1\r\nHost: other", "GET https://h.example HTTP/1.1",
        "OPTIONS * HTTP/1.1\r\nHost: h", "GET /x HTTP/1.1\r\nHost: [2001:db8::1]:80"}) {
    HttpParser parser;
    parser.take(std::string(head) + "\r\n\r\n");
    ASSERT_EQ(parser.state(), HttpParser::State::headed);
    const WebRequest& request = parser.request();
    Peer peer;
    peer.dst_port = 81;
    seen += request.host + " " + request.path + " " + request.query + " " + request.url(peer) + "\n";
  }
  EXPECT_EQ(seen,
            "h.example /a/b c=d http://h.example:81/a/b?c=d#e\n"
            "h.example /x y http://u:p@h.example:8080/x?y\n"
            "h.example /  https://h.example\n"
            "h *  http://h:81/*\n"
            "[2001:db8::1] /x  http://[2001:db8::1]:81/x\n");
}

TEST(Http, CodingsOfABodyAreUndone) {
  for (const std::string framing :
       {"Content-Encoding: gzip\r\nContent-Length: ", "Transfer-Encoding: gzip, chunked\r\n"}) {
    std::string packed = gzip("secret=1");
    bool chunked = framing.ends_with("\r\n");
    char size[16];
    std::snprintf(size, sizeof size, "%zx", packed.size());
    WebTalk talk;
    talk.ask("POST / HTTP/1.1\r\n" + framing +
             (chunked ? "\r\n" + std::string(size) + "\r\n" + packed + "\r\n0\r\n\r\n"
                      : std::to_string(packed.size()) + "\r\n\r\n" + packed));
    ASSERT_EQ(talk.told.size(), 1u);
    EXPECT_EQ(talk.told[0].data, "secret=1");
    EXPECT_EQ(talk.told[0].bytes_out, packed.size());
  }
}

TEST(Http, WhatIsUndoneStaysInProportion) {
  std::string packed = gzip(std::string(16 << 20, 'a'));
  auto ask_with = [&](const std::string& codings) {
    WebTalk talk;
    talk.ask("POST / HTTP/1.1\r\nContent-Encoding: " + codings +
             "\r\nContent-Length: " + std::to_string(packed.size()) + "\r\n\r\n" + packed);
    EXPECT_EQ(talk.told.size(), 1u);
    return talk.told.empty() ? Report() : talk.told[0];
  };
  Report bomb = ask_with("gzip");
  EXPECT_EQ(bomb.data, std::string(kMaxDataBytes, 'a'));
  EXPECT_EQ(bomb.data.size() + bomb.truncated, packed.size() * 64 + 256 * 1024);
  EXPECT_EQ(ask_with("gzip, gzip, gzip, gzip").data, packed.substr(0, kMaxDataBytes));
}

TEST(Http, RangesAreServedAsWgetAndCurlContinueWithThem) {
  std::string whole = body_of(ask("GET /a.json HTTP/1.1\r\n\r\n"));
  auto range = [](const std::string& value, const std::string& more = "") {
    std::string reply = ask("GET /a.json HTTP/1.1\r\nRange: " + value + "\r\n" + more + "\r\n");
    return status_of(reply) + " " + field_of(reply, "Content-Range") + " " +
           std::to_string(body_of(reply).size());
  };
  EXPECT_EQ(range("bytes=0-"), "206 bytes 0-40/41 41");
  EXPECT_EQ(range("bytes=10-19"), "206 bytes 10-19/41 10");
  EXPECT_EQ(range("bytes=40-99"), "206 bytes 40-40/41 1");
  EXPECT_EQ(range("bytes=-1"), "206 bytes 40-40/41 1");
  EXPECT_EQ(range("bytes=41-"), "416 bytes */41 0");
  EXPECT_EQ(range("bytes=0-1,4-5"), "200  41");
  EXPECT_EQ(range("bytes=5-2"), "200  41");
  EXPECT_EQ(range("lines=1-"), "200  41");
  EXPECT_EQ(range("bytes=5-", "If-Range: \"other\"\r\n"), "200  41");
  EXPECT_EQ(body_of(ask("GET /a.json HTTP/1.1\r\nRange: bytes=10-19\r\n\r\n")), whole.substr(10, 10));
}

TEST(Http, WebSocketIsOpenedAndThenSilent) {
  WebTalk talk;
  std::string reply = talk.ask(
      "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  EXPECT_EQ(status_of(reply), "101");
  EXPECT_EQ(field_of(reply, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 section 1.3
  EXPECT_EQ(field_of(reply, "Content-Length"), "");
  EXPECT_EQ(talk.ask("\x81\x85\x01\x02\x03\x04\x69\x67\x6f\x68\x6e"), "");
}

TEST(Http, FramesOfAWebSocketAreUnmaskedInAnySplit) {
  std::string stream("\x81\x85\x01\x02\x03\x04\x69\x67\x6f\x68\x6e", 11);  // "hello"
  stream += std::string("\x82\xfe\x00\x80\x01\x01\x01\x01", 8) + std::string(128, 'b');
  stream += std::string(
      "\x02\x03"
      "abc"
      "\x89\x00\x81\x01"
      "d",
      10);
  for (size_t step = 1; step < 20; ++step) {
    WebSocketReader reader;
    std::string out;
    for (size_t at = 0; at < stream.size(); at += step)
      out += reader.take(std::string_view(stream).substr(at, step));
    ASSERT_EQ(out, "hello" + std::string(128, 'c') + "abcd") << step;
  }
}

TEST(Http, ConnectHandsOverToWhatFollows) {
  WebTalk talk;
  EXPECT_EQ(talk.ask("CONNECT pool.example:3333 HTTP/1.1\r\nHost: proxy\r\n\r\n{\"id\":1"),
            "HTTP/1.1 200 Connection established\r\n\r\n");
  std::string rest;
  EXPECT_TRUE(talk.conversation->hands_over(rest));
  EXPECT_EQ(rest, "{\"id\":1");
  EXPECT_FALSE(talk.conversation->hands_over(rest));
  EXPECT_EQ(talk.peer.host + " " + std::to_string(talk.peer.dst_port), "pool.example 3333");
  EXPECT_EQ(talk.said(), "http CONNECT pool.example:3333 pool.example;");
}

TEST(Http, FileMethodsAreAccepted) {
  std::string seen;
  for (const char* method : {"OPTIONS", "PUT", "DELETE", "PROPFIND", "PATCH", "TRACE", "POST"})
    seen += status_of(ask(std::string(method) + " /x HTTP/1.1\r\n\r\n")) + " ";
  EXPECT_EQ(seen, "200 201 204 207 200 405 200 ");
}

TEST(Http, DnsOverHttpsIsAnsweredAndToldAsDns) {
  const std::string kQuery("\0\0\1\0\0\1\0\0\0\0\0\0\4pool\7example\3com\0\0\1\0\1", 34);
  WebTalk talk;
  std::string posted = talk.ask(
      "POST /dns-query HTTP/1.1\r\nContent-Type: application/dns-message\r\nContent-Length: 34\r\n\r\n" +
      kQuery);
  EXPECT_EQ(field_of(posted, "Content-Type"), "application/dns-message");
  EXPECT_EQ(body_of(posted).size(), 50u);
  std::string got =
      talk.ask("GET /dns-query?dns=AAABAAABAAAAAAAABHBvb2wHZXhhbXBsZQNjb20AAAEAAQ HTTP/1.1\r\n\r\n");
  EXPECT_EQ(body_of(got), body_of(posted));
  std::string json = body_of(talk.ask("GET /resolve?name=pool%2Eexample.com.&type=TXT HTTP/1.1\r\n\r\n"));
  EXPECT_NE(json.find("\"data\":\"v=spf1"), std::string::npos) << json;
  EXPECT_EQ(talk.said(),
            "http POST /dns-query ;dns A pool.example.com;http GET "
            "/dns-query?dns=AAABAAABAAAAAAAABHBvb2wHZXhhbXBsZQNjb20AAAEAAQ ;dns A pool.example.com;http GET "
            "/resolve?name=pool%2Eexample.com.&type=TXT ;dns TXT pool.example.com;");
}

TEST(Http, BodiesOfAllConversationsShareABoundedRoom) {
  WebTalk talk;
  talk.scene.held_bytes = Scene::kMaxHeldBytes;  // taken by others
  talk.ask("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'x'));
  ASSERT_EQ(talk.told.size(), 1u);
  EXPECT_EQ(talk.told[0].truncated, 200'000u - 4096u);
  EXPECT_EQ(talk.scene.held_bytes, Scene::kMaxHeldBytes);
  talk.scene.held_bytes = 0;
  talk.ask("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\nx");
  EXPECT_EQ(talk.scene.held_bytes, 200'000u);
  talk.conversation.reset();
  EXPECT_EQ(talk.scene.held_bytes, 0u);
}

TEST(Http, AnswersToOneFloodAreBounded) {
  std::string flood;
  for (int i = 0; i < 200; ++i) flood += "GET /a.tar HTTP/1.1\r\n\r\n";
  WebTalk talk;
  std::string reply = talk.ask(flood);
  EXPECT_TRUE(reply.ends_with("<closed>"));
  EXPECT_LE(reply.size(), 512u * 1024);
}

TEST(Http, AnyMutationOfARequestIsSurvived) {
  const std::string kRequest =
      "POST /a%20b?dns=AAAB HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: gzip, chunked\r\nRange: bytes=1-2\r\n"
      "Accept: application/json\r\n\r\n4\r\nwiki\r\n0\r\n\r\nGET /x.tar.gz HTTP/1.0\r\nContent-Encoding: "
      "deflate\r\n\r\n";
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = kRequest;
    for (unsigned i = 0; i <= random() % 6; ++i) {
      size_t at = random() % bytes.size();
      if (random() % 4 == 0)
        bytes.erase(at, random() % 8);
      else
        bytes[at] = static_cast<char>(random());
      if (bytes.empty()) bytes = "G";
    }
    WebTalk talk;
    ASSERT_LE(talk.ask(bytes, 1 + random() % 50).size(), 512u * 1024);
  }
}

}  // namespace
}  // namespace assay::sinkhole
