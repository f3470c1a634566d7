// libcurl's signature against the published one itself: at that moment (faketime), for that host (by way of a
// proxy of the test's), the request of the suite is sent, and its Authorization is the suite's to the letter.
#include <gtest/gtest.h>
#include <httplib.h>

#include <mutex>
#include <thread>

#include "common/process.h"
#include "sources/http.h"
#include "tests/unit/sources/aws_sigv4_suite.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {
namespace {

// Remembers what came by.
class Proxy {
 public:
  Proxy() {
    auto remember = [this](const httplib::Request& request, httplib::Response&) {
      std::lock_guard lock(mutex_);
      seen_.push_back(request.get_header_value("Authorization"));
    };
    server_.Get(".*", remember);
    server_.Post(".*", remember);
    server_.set_keep_alive_timeout(1);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~Proxy() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> seen_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

std::string authorization(const std::string& headers, const std::string& signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
         headers + ", Signature=" + signature;
}

std::string published(const std::string& name) {
  for (const farm::Vector& one : farm::kSuite)
    if (one.name == name) return one.signature;
  return "no such vector";
}

// In a process of its own, in 2015: this very test, told so.
constexpr const char* kSender = "ASSAY_TEST_SENDS_VECTORS";

void send_suite() {
  Http http;
  for (const auto& [method, token] :
       {std::pair("GET", std::string()), {"POST", std::string()}, {"POST", farm::kLongToken}}) {
    HttpAsk ask;
    ask.method = method;
    ask.url = "http://example.amazonaws.com/";
    ask.signing = HttpSigning{"us-east-1", "service", farm::kKey, farm::kSecret, token};
    auto reply = http.ask(ask);
    EXPECT_TRUE(reply) << reply.error().what;
  }
}

TEST(AwsVector, LibcurlMakesThePublishedSignatures) {
  if (::getenv(kSender) != nullptr) return send_suite();
  ASSAY_NEED(find_program("faketime"), "faketime");
  Proxy proxy;
  Command command;
  command.argv = {"faketime", "-f", "2015-08-30 12:36:00", std::filesystem::read_symlink("/proc/self/exe"),
                  "--gtest_filter=AwsVector.LibcurlMakesThePublishedSignatures"};
  command.env = std::vector<std::string>{"PATH=/usr/bin:/bin",
                                         "TZ=UTC",
                                         "FAKETIME_DONT_FAKE_MONOTONIC=1",
                                         "DONT_FAKE_MONOTONIC=1",
                                         "http_proxy=" + proxy.url(),
                                         std::string(kSender) + "=1"};
  auto done = run(command, std::chrono::seconds(60));
  ASSERT_TRUE(done) << done.error().what;
  ASSERT_EQ(done->status.shell_code(), 0) << done->out << done->err;
  std::vector<std::string> suite = {
      authorization("host;x-amz-date", published("get-vanilla")),
      authorization("host;x-amz-date", published("post-vanilla")),
      authorization("host;x-amz-date;x-amz-security-token", published("post-sts-header-before"))};
  EXPECT_EQ(proxy.seen(), suite);
}

}  // namespace
}  // namespace assay::sources::aws
