// A registry that limits our rate, on the loopback interface: what of its answer reaches us, and how soon.
#include <httplib.h>

#include <thread>

#include "tests/unit/agent/pull_fixture.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class PullBusy : public PullTest {
 protected:
  void TearDown() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  // Answers 429 to everything below /v2/; manifests are served up to the layers where `raw` is given.
  void start(const std::string& retry_after, const std::string& raw = "") {
    auto refuse = [retry_after](const httplib::Request&, httplib::Response& response) {
      response.status = 429;
      if (!retry_after.empty()) response.set_header("Retry-After", retry_after);
      response.set_content(R"({"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]})",
                           "application/json");
    };
    server_.Get("/v2/", [](const httplib::Request&, httplib::Response&) {});
    if (!raw.empty())
      server_.Get(R"(/v2/app/manifests/.*)", [raw](const httplib::Request&, httplib::Response& response) {
        response.set_content(raw, "application/vnd.oci.image.manifest.v1+json");
      });
    server_.Get(R"(/v2/app/.*)", refuse);
    int port = server_.bind_to_any_port("127.0.0.1");
    ASSERT_GT(port, 0);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    ref_ = "127.0.0.1:" + std::to_string(port) + "/app:1";
  }
  // "busy after 37000: registry limits...", or what else came of it.
  std::string outcome() {
    milliseconds asked{-1};
    PullOptions with = options();
    with.insecure = true;
    with.leave_alone = [&](milliseconds pause) { asked = pause; };
    auto begin = steady_clock::now();
    auto pulled = pull_ref(ref_, with);
    took_ = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    if (pulled) return "pulled";
    return std::string(to_string(pulled.error().code)) + " after " + std::to_string(asked.count()) + ": " +
           pulled.error().what;
  }
  std::string advice() const {
    return ": registry " + ref_.substr(0, ref_.find('/')) + " limits our rate: log in, or try again later";
  }
  httplib::Server server_;
  std::thread thread_;
  std::string ref_;
  milliseconds took_{0};
};

TEST_F(PullBusy, ARegistryThatNamesATimeIsLeftAloneForItAtOnce) {
  start("37");
  EXPECT_EQ(outcome(), "busy after 37000" + advice());
  EXPECT_LT(took_, seconds(10));  // skopeo would have slept for 37
}

TEST_F(PullBusy, ARegistryThatNamesNoTimeIsNotWaitedForEither) {
  start("");
  EXPECT_EQ(outcome(), "busy after -1" + advice());
  EXPECT_LT(took_, seconds(10));  // skopeo would have tried for 30
}

TEST_F(PullBusy, ADateIsATimeToo) {
  time_t then = ::time(nullptr) + 25;
  tm parts{};
  char date[64];
  std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&then, &parts));
  start(date);
  std::string told = outcome();
  int asked_ms = 0;
  ASSERT_EQ(std::sscanf(told.c_str(), "busy after %d", &asked_ms), 1) << told;
  EXPECT_GT(asked_ms, 15'000);
  EXPECT_LE(asked_ms, 25'000);
}

TEST_F(PullBusy, LayersMayBeRefusedWhereTheManifestWasServed) {
  auto oci_dir = layout();
  nlohmann::json manifest = oci_dir.image(two_layers(), kRun, test::this_architecture());
  auto raw = read_file(oci_dir.blob(*Digest::parse(manifest["digest"].get<std::string>())), 1 << 20);
  ASSERT_TRUE(raw);
  start("9", *raw);
  EXPECT_EQ(outcome(), "busy after 9000" + advice());
  EXPECT_LT(took_, seconds(9));
}

}  // namespace
}  // namespace assay
