// The edge of HTTP: a real server, and what no server should say.
#include "cli/remote.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>

#include "common/encodings.h"
#include "common/fd.h"
#include "tests/unit/cli/fake_api.h"

namespace assay::cli {
namespace {

using std::chrono::milliseconds;

RemoteLimits hasty() { return {milliseconds(2000), milliseconds(300), milliseconds(300), 1000}; }

TEST(ServerUrl, FillsInThePortAndRefusesWhatIsNone) {
  EXPECT_EQ(ServerUrl::parse("http://farm")->str(), "http://farm:8440");
  EXPECT_EQ(ServerUrl::parse("https://farm.example/")->str(), "https://farm.example:443");
  EXPECT_EQ(ServerUrl::parse("http://[fe80::1]:80")->str(), "http://[fe80::1]:80");
  for (const char* text :
       {"farm:8440", "ftp://x", "http://", "http://a b", "http://x:0", "http://x:65536", "http://x:8440x",
        "http://x/path", "http://user@x", "http://[::1", "http://x:\r\nEvil: 1"})
    EXPECT_FALSE(ServerUrl::parse(text)) << text;
  EXPECT_EQ(ServerUrl::parse("farm:8440").error().what,
            "server 'farm:8440' begins with neither http:// nor https://: http://HOST[:PORT] is wanted");
}

TEST(Token, IsOneVisibleWordAndNeverRepeatedInAnError) {
  EXPECT_EQ(*clean_token(" abc\n", "x"), "abc");
  for (const char* text : {"", " \n", "a b", "a\nb", "\xc3\xa4"}) {
    auto token = clean_token(text, "token file /t");
    ASSERT_FALSE(token) << text;
    EXPECT_EQ(token.error().what,
              "token file /t holds no token: one word of at most 512 visible characters is wanted");
  }
  EXPECT_FALSE(clean_token(std::string(513, 'a'), "x"));
}

TEST(UrlEncode, LeavesOnlyPlainCharacters) {
  EXPECT_EQ(url_encode("a-Z_0.~"), "a-Z_0.~");
  EXPECT_EQ(url_encode("2026-11-26T06:00:00+01:00 /?&\n"),
            "2026-11-26T06%3A00%3A00%2B01%3A00%20%2F%3F%26%0A");
}

TEST(ReplyError, CarriesTheServersWordsAndWhatToDo) {
  auto error = [](int status, const std::string& body) { return reply_error({status, body, {}}, "GET /x"); };
  EXPECT_EQ(error(404, R"({"error":{"code":"not_found","message":"no scan x"}})").what, "no scan x");
  EXPECT_EQ(error(404, "").code, Errc::not_found);
  EXPECT_EQ(error(403, R"({"error":{"code":"denied","message":"role submit is wanted"}})").what,
            "role submit is wanted");
  EXPECT_EQ(error(502, "<html>").what, "GET /x was answered with status 502");
  EXPECT_EQ(error(401, "[1]").what,
            "GET /x was answered with status 401: `assay tokens new` on the scheduler's "
            "host makes one that is");
  EXPECT_EQ(error(500, R"({"error":{"message":7}})").what, "GET /x was answered with status 500");
  EXPECT_EQ(error(507, "").code, Errc::no_space);
  EXPECT_LT(error(500, R"({"error":{"message":")" + std::string(100'000, 'x') + "\"}}").what.size(), 1000u);
  EXPECT_EQ(read_refusal({400, R"({"error":{"code":"invalid","message":"m","index":7}})", {}}).index, 7u);
  EXPECT_EQ(read_refusal({400, R"({"error":{"code":"invalid","message":"m","index":-7}})", {}}).index,
            std::nullopt);
}

TEST(Remote, SendsTheTokenAndTheBody) {
  FakeApi api;
  api.post("/v1/scans", R"({"scan_ids":[]})", 202);
  api.start();
  EXPECT_EQ(*api.remote().post("/v1/scans", R"({"scans":[]})"), R"({"scan_ids":[]})");
  EXPECT_EQ(api.requests(), (std::vector<std::string>{R"(POST /v1/scans {"scans":[]})"}));
}

TEST(Remote, UnknownTokenIsDenied) {
  FakeApi api;
  api.start();
  auto answer = Remote(*ServerUrl::parse(api.url()), "other").get("/v1/scans");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::denied);
  EXPECT_EQ(answer.error().what,
            "no such token; `assay tokens new` on the scheduler's host makes one that is");
}

TEST(Remote, RetryAfterIsRead) {
  FakeApi api;
  api.server().Post("/v1/scans", [](const httplib::Request&, httplib::Response& response) {
    response.set_header("Retry-After", "7");
    FakeApi::answer(response, "{}", 429);
  });
  api.start();
  auto reply = api.remote().call("POST", "/v1/scans", "{}");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->retry_after, std::chrono::seconds(7));
}

TEST(Remote, WhereNobodyListensTheAddressIsNamed) {
  FakeApi api;  // bound, never listened to after its end
  std::string url = api.url();
  Remote remote(*ServerUrl::parse("http://127.0.0.1:1"), kToken);
  auto answer = remote.get("/v1/scans");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what,
            "no answer from http://127.0.0.1:1: no connection; is assay-scheduler running there? --server or "
            "$ASSAY_SERVER names another");
}

TEST(Remote, HugeAnswerIsCutOff) {
  FakeApi api;
  api.get("/v1/scans", std::string(1001, 'x'));
  api.start();
  auto answer = api.remote(-1, hasty()).get("/v1/scans");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what, "the answer of " + api.url() + " is larger than 1000 bytes");
}

TEST(Remote, EndlessAnswerIsCutOff) {
  FakeApi api;
  api.server().Get("/v1/scans", [](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [](size_t, httplib::DataSink& sink) {
      return sink.write("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 32);
    });
  });
  api.start();
  EXPECT_EQ(api.remote(-1, hasty()).get("/v1/scans").error().code, Errc::limit);
}

TEST(Remote, CompressedAnswerIsNotUnpacked) {
  RawServer server("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08");
  EXPECT_EQ(*server.remote().get("/x"), "\x1f\x8b\x08");
}

TEST(Remote, CutAndForeignAnswersAreErrors) {
  for (const char* bytes :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    RawServer server(bytes);
    auto answer = server.remote().get("/x");
    ASSERT_FALSE(answer) << bytes;
    EXPECT_TRUE(answer.error().what.ends_with("was cut short or is no HTTP")) << answer.error().what;
  }
}

TEST(Remote, SilentServerTimesOut) {
  RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", false);
  auto began = std::chrono::steady_clock::now();
  auto answer = server.remote(hasty()).get("/x");
  ASSERT_FALSE(answer);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
}

TEST(Remote, DripOfBytesDoesNotOutliveTheDeadline) {
  FakeApi api;
  api.server().Get("/v1/scans", [](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json", [](size_t, httplib::DataSink& sink) {
      std::this_thread::sleep_for(milliseconds(20));
      return sink.write("x", 1);
    });
  });
  api.start();
  auto answer = api.remote(-1, hasty()).get("/v1/scans");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout) << answer.error().what;
}

TEST(Remote, StopDescriptorEndsTheWait) {
  RawServer server("", false);
  auto stop = make_event();
  ASSERT_TRUE(stop);
  raise_event(stop->get());
  FakeApi api;
  api.server().Get("/v1/scans", [&](const httplib::Request&, httplib::Response& response) {
    pollfd none{-1, 0, 0};
    ::poll(&none, 1, 200);
    FakeApi::answer(response, "{}");
  });
  api.start();
  EXPECT_EQ(api.remote(stop->get()).get("/v1/scans").error().code, Errc::cancelled);
  (void)server.remote(hasty()).get("/x");  // lets its thread end
}

// All that comes until the stream ends; the error that ended it last.
std::string drain(EventStream& stream) {
  std::string out;
  for (;;) {
    pollfd fd{stream.fd(), POLLIN, 0};
    if (::poll(&fd, 1, 5000) != 1) return out + "TIMEOUT";
    auto bytes = stream.read();
    if (!bytes) return out + "|" + bytes.error().what;
    out += *bytes;
  }
}

TEST(EventStream, BeginsWithACommentAndCarriesBytes) {
  FakeApi api;
  api.events("data: x\n\n", false);
  api.start();
  EventStream stream(api.remote(), "/v1/events?scan=" + kScan1);
  EXPECT_EQ(drain(stream), ":\ndata: x\n\n|the stream of events of " + api.url() + " has ended");
  EXPECT_FALSE(stream.read());  // and stays so
}

TEST(EventStream, RefusalIsTheServersWord) {
  FakeApi api;
  api.get("/v1/events", R"({"error":{"code":"not_found","message":"no such batch"}})", 404);
  api.start();
  EventStream stream(api.remote(), "/v1/events");
  EXPECT_EQ(drain(stream), "|no such batch");
}

TEST(EventStream, CutStreamIsAnError) {
  RawServer server(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\ndata:\r\n");
  EventStream stream(server.remote(), "/x");
  std::string all = drain(stream);
  EXPECT_TRUE(all.starts_with(":\ndata:|")) << all;
}

TEST(EventStream, EndsAtOnceWhenItIsLetGo) {
  FakeApi api;
  api.events("data: x\n\n");
  api.start();
  auto began = std::chrono::steady_clock::now();
  {
    EventStream stream(api.remote(), "/v1/events");
    pollfd fd{stream.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&fd, 1, 5000), 1);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
}

TEST(EventStream, SlowReaderHoldsTheServerBack) {
  std::string megabyte(1 << 20, 'x');
  std::atomic<size_t> sent = 0;
  FakeApi api;  // after what its threads use
  api.server().Get("/v1/events", [&](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("text/event-stream", [&](size_t, httplib::DataSink& sink) {
      if (!sink.write(megabyte.data(), megabyte.size())) return false;
      return ++sent < 64;
    });
  });
  api.start();
  EventStream stream(api.remote(), "/v1/events");
  pollfd fd{stream.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&fd, 1, 5000), 1);
  pollfd none{-1, 0, 0};
  ::poll(&none, 1, 300);
  EXPECT_LT(sent, 32u);  // what fits into the sockets' buffers, not all there is
}

}  // namespace
}  // namespace assay::cli
