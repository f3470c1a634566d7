// The server against clients that keep the rules, and clients that do not.
#include "common/http_server.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

#include "common/loop.h"
#include "tests/http_talk.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

HttpResponse text(int status, const std::string& body) {
  HttpResponse out;
  out.status = status;
  out.body = body;
  out.content_type = "text/plain";
  return out;
}

// Answers with what it was asked; /stream counts up until it may not, /secret is refused by its head.
class Echo {
 public:
  explicit Echo(HttpConfig config = {}) {
    auto server = HttpServer::start(config, service());
    EXPECT_TRUE(server) << server.error().what;
    server_.emplace(std::move(*server));
  }
  int port() const { return server_->port(); }
  void stop() { server_.reset(); }

 private:
  static HttpServer::Service service() {
    HttpServer::Service out;
    out.admit = [](const HttpRequest& head) {
      HttpAdmission admission;
      admission.max_body_bytes = 8 << 20;
      if (head.path == "/secret") admission.refused = text(401, "who are you?");
      admission.any_type = head.path == "/any";
      return admission;
    };
    out.handle = [](const HttpRequest& request) {
      if (request.path == "/stream") return stream();
      if (request.path == "/whole" || request.path == "/cut") return parts(request.path == "/cut");
      if (request.path == "/header") return text(200, request.header("X-Token").value_or("none"));
      std::string said = request.method + " " + request.path;
      for (const auto& [name, value] : request.query) said += " " + name + "=" + value;
      if (request.body.size() > 1000) return text(200, said + " " + std::to_string(request.body.size()));
      return text(200, said + (request.body.empty() ? "" : " " + request.body));
    };
    out.describe = [](int status, const std::string& reason) { return text(status, reason); };
    return out;
  }
  class Greeter : public HttpStreamer {
    void run(HttpStream& to) override {
      if (!to.write("hello\n")) return;
      std::vector<WaitFor> items = {WaitFor(to.stop_fd()), WaitFor(to.peer_fd())};
      EXPECT_TRUE(wait(items, milliseconds(10000)));
      to.write(items[0].ready ? "stop\n" : "gone\n");
    }
  };
  class Parts : public HttpStreamer {
   public:
    explicit Parts(bool cut) : cut_(cut) {}
    void run(HttpStream& to) override {
      if (to.write("one") && to.write("two") && cut_) to.cut();
    }

   private:
    bool cut_;
  };
  static HttpResponse parts(bool cut) {
    HttpResponse out;
    out.content_type = "application/zip";
    out.stream = std::make_unique<Parts>(cut);
    return out;
  }
  static HttpResponse stream() {
    HttpResponse out;
    out.content_type = "text/event-stream";
    out.stream = std::make_unique<Greeter>();
    return out;
  }
  std::optional<HttpServer> server_;
};

TEST(HttpServer, AnswersAndSaysWhatItServes) {
  Echo echo;
  auto answer = talk(echo.port(), "GET", "/a%20b?x=1&y=%26");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /a b x=1 y=&");
  EXPECT_NE(answer.head.find("Content-Type: text/plain\r\n"), std::string::npos) << answer.head;
  EXPECT_NE(answer.head.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
  EXPECT_EQ(talk(echo.port(), "POST", "/p", "", "{}").body, "POST /p {}");
  EXPECT_EQ(talk(echo.port(), "HEAD", "/a").body, "");
}

TEST(HttpServer, KeepsAConnectionForFurtherRequests) {
  Echo echo;
  HttpTalk talk(echo.port());
  for (std::string path : {"/1", "/2", "/3"}) {
    talk.forget();
    talk.say("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(talk.hear_until("GET " + path).find("GET " + path), std::string::npos);
  }
  talk.forget();
  talk.say(
      "POST /4 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"
      "GET /5 HTTP/1.1\r\n\r\n");  // pipelined
  EXPECT_NE(talk.hear_until("GET /5").find("POST /4 ab"), std::string::npos);
}

TEST(HttpServer, ClosesAnIdleConnection) {
  HttpConfig config;
  config.idle = milliseconds(50);
  Echo echo(config);
  HttpTalk talk(echo.port());
  EXPECT_EQ(talk.hear(), "");
  EXPECT_TRUE(talk.ended());
}

TEST(HttpServer, ClosesOnAClientThatNeverEndsItsHead) {
  HttpConfig config;
  config.head = milliseconds(100);
  Echo echo(config);
  HttpTalk slow(echo.port());
  // A byte now and then would satisfy a time limit per read.
  for (int i = 0; i < 60 && !slow.ended(); ++i) {
    slow.say(i == 0 ? "GET / HTTP/1.1\r\nX: " : "x");
    std::this_thread::sleep_for(milliseconds(5));
  }
  slow.say("\r\n\r\n");
  EXPECT_EQ(slow.hear().find("200"), std::string::npos);
  EXPECT_TRUE(slow.ended());
}

TEST(HttpServer, ClosesOnABodyThatDoesNotCome) {
  HttpConfig config;
  config.body = milliseconds(100);
  Echo echo(config);
  HttpTalk talk(echo.port());
  talk.say("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_EQ(parse_answer(talk.hear()).status, 400);
  EXPECT_TRUE(talk.ended());
}

TEST(HttpServer, RefusesAHeadWithoutEnd) {
  Echo echo;
  HttpTalk talk(echo.port());
  talk.say("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 20000; ++i) talk.say("X-" + std::to_string(i) + ": y\r\n");
  EXPECT_EQ(parse_answer(talk.hear()).status, 431);
}

TEST(HttpServer, RefusesBodiesThatItCannotBound) {
  Echo echo;
  auto status = [&](const std::string& head) {
    HttpTalk talk(echo.port());
    talk.say(head);
    return parse_answer(talk.hear()).status;
  };
  EXPECT_EQ(status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 411);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"), 415);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"), 413);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 400);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), 400);
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: "
                   "1\r\n\r\na"),
            415);
}

// One that comes twice would be understood by two readers in two ways.
TEST(HttpServer, AHeaderIsFoundInWhicheverCaseUnlessItComesTwice) {
  Echo echo;
  auto told = [&](const std::string& headers) {
    return talk(echo.port(), "GET", "/header", "", "", headers).body;
  };
  EXPECT_EQ(told("x-ToKeN: abc \r\n"), "abc");
  EXPECT_EQ(told("X-Token: a\r\nx-token: a\r\n"), "none");
  EXPECT_EQ(told("X-Token2: a\r\n"), "none");
}

TEST(HttpServer, WhereAnyTypeIsTakenTheBodyComesAsItWasSent) {
  Echo echo;
  auto post = [&](const std::string& path, const std::string& type) {
    HttpTalk talk(echo.port());
    talk.say("POST " + path + " HTTP/1.1\r\nConnection: close\r\nContent-Type: " + type +
             "\r\nContent-Length: 7\r\n\r\na=1&b=%");
    auto answer = parse_answer(talk.hear());
    return std::to_string(answer.status) + " " + answer.body;
  };
  for (const char* type : {"application/vnd.docker.distribution.events.v1+json",
                           "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(post("/any", type), "200 POST /any a=1&b=%");
    EXPECT_EQ(post("/other", type).substr(0, 4), "415 ");
  }
}

TEST(HttpServer, RangeDoesNotMultiplyAnAnswer) {
  Echo echo;
  std::string ranges = "Range: bytes=0-";
  while (ranges.size() < 7000) ranges += ",0-";
  auto answer = talk(echo.port(), "GET", "/a", "", "", ranges + "\r\n");
  EXPECT_LT(answer.body.size(), 100u);
  EXPECT_TRUE(answer.status == 200 || answer.status == 416) << answer.status;
  EXPECT_EQ(talk(echo.port(), "GET", "/abc", "", "", "Range: bytes=1-2\r\n").body, "GET /abc");
}

TEST(HttpServer, RefusesAStrangerBeforeTheBody) {
  Echo echo;
  HttpTalk talk(echo.port());
  talk.say("POST /secret HTTP/1.1\r\nContent-Length: 8000000\r\nExpect: 100-continue\r\n\r\n");
  auto answer = parse_answer(talk.hear());
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, "who are you?");
  EXPECT_NE(answer.head.find("Connection: close\r\n"), std::string::npos) << answer.head;
}

TEST(HttpServer, TellsAClientThatAsksToGoOn) {
  Echo echo;
  HttpTalk talk(echo.port());
  talk.say("POST /p HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(talk.hear_until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
  talk.forget();
  talk.say("{}");
  EXPECT_EQ(parse_answer(talk.hear()).body, "POST /p {}");
}

TEST(HttpServer, TheRefusalArrivesWhileTheClientStillSends) {
  Echo echo;
  EXPECT_EQ(talk(echo.port(), "POST", "/secret", "", std::string(7 << 20, 'x')).status, 401);
}

TEST(HttpServer, TakesALargeBodyWithinItsLimit) {
  Echo echo;
  EXPECT_EQ(talk(echo.port(), "POST", "/", "", std::string(8 << 20, 'x')).body, "POST / 8388608");
}

TEST(HttpServer, NonsenseGetsAnAnswerAndNoMore) {
  Echo echo;
  for (std::string nonsense :
       {"\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "BREW / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    HttpTalk talk(echo.port());
    talk.say(nonsense);
    EXPECT_EQ(parse_answer(talk.hear()).status, 400) << nonsense;
    EXPECT_TRUE(talk.ended());
  }
  EXPECT_EQ(talk(echo.port(), "GET", "/" + std::string(3000, 'a')).status, 414);
  EXPECT_EQ(talk(echo.port(), "GET", "/" + std::string(9000, 'a')).status, 414);
}

TEST(HttpServer, AStreamThatIsNotWholeLacksItsEnd) {
  Echo echo;
  EXPECT_EQ(talk(echo.port(), "GET", "/whole").body, "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_EQ(talk(echo.port(), "GET", "/cut").body, "3\r\none\r\n3\r\ntwo\r\n");
}

TEST(HttpServer, StreamsAreBoundedAndEndWithTheirClient) {
  HttpConfig config;
  config.streams = 2;
  config.threads = 2;
  Echo echo(config);
  HttpTalk first(echo.port()), second(echo.port());
  for (auto* talk : {&first, &second}) {
    talk->say("GET /stream HTTP/1.1\r\n\r\n");
    EXPECT_NE(talk->hear_until("hello").find("text/event-stream"), std::string::npos);
  }
  EXPECT_EQ(talk(echo.port(), "GET", "/stream").status, 503);
  EXPECT_EQ(talk(echo.port(), "GET", "/still-served").status, 200);
  first.hang_up();
  int status = 503;
  for (int i = 0; i < 100 && status == 503; ++i) {  // until the hang-up has been seen
    HttpTalk again(echo.port());
    again.say("GET /stream HTTP/1.1\r\n\r\n");
    status = parse_answer(again.hear_until("\r\n\r\n")).status;
  }
  EXPECT_EQ(status, 200);
}

TEST(HttpServer, StopEndsStreamsAndIdleConnections) {
  Echo echo;
  HttpTalk idle(echo.port()), streaming(echo.port());
  streaming.say("GET /stream HTTP/1.1\r\n\r\n");
  streaming.hear_until("hello");
  auto before = std::chrono::steady_clock::now();
  echo.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3));
  idle.hear();
  streaming.hear();
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(streaming.ended());
}

TEST(HttpServer, MoreConnectionsThanThreadsWaitTheirTurn) {
  HttpConfig config;
  config.threads = 1;
  config.streams = 0;
  config.idle = milliseconds(50);
  Echo echo(config);
  std::vector<std::unique_ptr<HttpTalk>> idle;
  for (int i = 0; i < 10; ++i) idle.push_back(std::make_unique<HttpTalk>(echo.port()));
  EXPECT_EQ(talk(echo.port(), "GET", "/late").body, "GET /late");
}

TEST(HttpServer, SaysWhichAddressItCannotHave) {
  HttpConfig config;
  Echo echo;
  config.port = echo.port();
  auto taken = HttpServer::start(config, {});
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().what.find("address 127.0.0.1 port " + std::to_string(config.port)),
            std::string::npos)
      << taken.error().what;
  config.host = "localhost";
  auto name = HttpServer::start(config, {});
  ASSERT_FALSE(name);
  EXPECT_NE(name.error().what.find("give an IP address"), std::string::npos) << name.error().what;
}

}  // namespace
}  // namespace assay
