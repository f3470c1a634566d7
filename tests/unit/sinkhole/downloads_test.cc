// What a download is answered with, by path and by client; and what is told of it.
#include <gtest/gtest.h>

#include "common/digest.h"
#include "tests/unit/sinkhole/web_talk.h"

namespace assay::sinkhole {
namespace {

// The kind of canary that a request got, or the type of an answer that is none.
std::string kind(const std::string& head) {
  WebTalk talk;
  std::string reply = talk.ask("GET " + head + "\r\n\r\n");
  for (const Report& report : talk.told)
    if (report.kind == ReportKind::canary) return report.detail;
  return field_of(reply, "Content-Type");
}

TEST(Downloads, KindFollowsFromTheNameFirst) {
  std::string seen;
  for (const char* path :
       {"/x.sh", "/a/x.PY?v=1", "/x.tar.gz", "/x.json", "/x.js", "/x.gz", "/x.zip", "/lib.so", "/mirai.x86",
        "http://h.example/x.pl", "/index.html", "/robots.txt", "/favicon.ico"})
    seen += kind(std::string(path) + " HTTP/1.1\r\nUser-Agent: curl/8.1") + "\n";
  EXPECT_EQ(seen,
            "shell\npython\ntar_gz\napplication/json\njavascript\ngzip\nzip\nelf\nelf\nperl\ntext/html\ntext/"
            "plain\n"
            "image/gif\n");
}

TEST(Downloads, BareNameIsWhatItsClientWouldRun) {
  std::string seen;
  for (const char* client :
       {"User-Agent: curl/8.1", "User-Agent: Wget/1.21", "User-Agent: Wget", "User-Agent: Python-urllib/3.11",
        "User-Agent: python-requests/2.31",
        "User-Agent: axios/1.6\r\nAccept: application/json, text/plain, */*", "Host: h\r\nConnection: close",
        "User-Agent: libwww-perl/6", "User-Agent: PHP/8", "User-Agent: Ruby",
        "User-Agent: Go-http-client/1.1", "User-Agent: Mozilla/5.0\r\nAccept: text/html,*/*",
        "User-Agent: Mozilla/5.0", "X: no agent at all", "Accept: application/json"})
    seen += kind("/run HTTP/1.1\r\n" + std::string(client)) + " ";
  EXPECT_EQ(seen,
            "shell shell shell python python javascript javascript perl php ruby elf text/html shell shell "
            "application/json ");
  EXPECT_EQ(kind("/ HTTP/1.1\r\nUser-Agent: curl/8"), "shell");
  EXPECT_EQ(kind("/ HTTP/1.1\r\nUser-Agent: Mozilla/5.0"), "text/html");
  EXPECT_EQ(kind("/api/v1/pods HTTP/1.1\r\nUser-Agent: curl/8"), "application/json");
}

TEST(Downloads, ProgramsTextsAndPicturesAreNotAlwaysWhatTheyAreCalled) {
  EXPECT_EQ(kind("/bot-linux-amd64 HTTP/1.1\r\nUser-Agent: curl/8"), "elf");
  EXPECT_EQ(kind("/notes.txt HTTP/1.1\r\nUser-Agent: curl/8"), "shell");
  EXPECT_EQ(kind("/notes.txt HTTP/1.1\r\nUser-Agent: Mozilla/5.0"), "text/plain");
  EXPECT_EQ(kind("/cat.jpg HTTP/1.1\r\nUser-Agent: curl/8"), "shell");
  EXPECT_EQ(kind("/cat.jpg HTTP/1.1\r\nUser-Agent: Mozilla/5.0"), "image/gif");
  EXPECT_EQ(kind("/load.php HTTP/1.1\r\nUser-Agent: curl/8"), "shell");
  EXPECT_EQ(kind("/login.php HTTP/1.1\r\nAccept: text/html"), "text/html");
}

TEST(Downloads, CanaryIsToldWithUrlKindMarkerAndHash) {
  Peer peer;
  peer.tls = true;
  peer.dst_port = 443;
  WebTalk talk(peer);
  std::string body =
      body_of(talk.ask("GET /x.sh HTTP/1.1\r\nHost: evil.example\r\nUser-Agent: curl/8\r\n\r\n"));
  ASSERT_EQ(talk.said(), "https GET /x.sh evil.example;canary shell https://evil.example/x.sh;");
  const Report& canary = talk.told[1];
  EXPECT_EQ(canary.name, "evil.example");
  EXPECT_EQ(canary.sha256, Digest::of(body).hex());
  EXPECT_EQ(canary.bytes_in, body.size());
  EXPECT_NE(body.find("/var/lib/misc/." + canary.data), std::string::npos);
  talk.ask("GET /x.sh HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_NE(talk.told[3].data, canary.data) << "unique for each request";
}

TEST(Downloads, HeadMakesNoCanary) {
  WebTalk talk;
  std::string reply = talk.ask("HEAD /x.sh HTTP/1.1\r\n\r\n");
  EXPECT_EQ(talk.said(), "http HEAD /x.sh ;");
  std::string got = talk.ask("GET /x.sh HTTP/1.1\r\n\r\n");
  EXPECT_EQ(field_of(reply, "Content-Length"), field_of(got, "Content-Length"));
}

TEST(Downloads, PostIsAcknowledgedInTheKindOfTheClient) {
  EXPECT_EQ(body_of(WebTalk().ask("POST /gate HTTP/1.1\r\nContent-Length: 0\r\n\r\n")), "{\"ok\":true}\n");
  EXPECT_EQ(body_of(WebTalk().ask("POST /gate HTTP/1.1\r\nAccept: text/plain\r\n\r\n")), "ok\n");
  EXPECT_NE(body_of(WebTalk().ask("POST /stage.sh HTTP/1.1\r\n\r\n")).find("#!/bin/sh"), std::string::npos);
}

}  // namespace
}  // namespace assay::sinkhole
