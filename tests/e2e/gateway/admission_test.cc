// The admission webhook as an API server meets it: the real gateway, by TLS, before a real scheduler with
// kept scans. The scans stand in tests/traces: nginx is clean, miner malicious.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <functional>
#include <mutex>

#include "common/digest.h"
#include "common/http_server.h"
#include "tests/e2e/gateway/gateway_kit.h"
#include "tests/unit/gateway/review_samples.h"

namespace assay {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::string policy(const std::string& name, const std::string& unscanned, const std::string& more = "") {
  return "schema: assay.policy/1\nname: " + name + "\nunscanned: " + unscanned +
         "\ninconclusive: pass\nfail:\n  verdict: malicious\n" + more;
}

std::string digest_of(const std::string& text) { return Digest::of(text).str(); }

constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";

// An OCI image index of these images for Linux: digest, architecture.
std::string index_of(const std::vector<std::pair<std::string, std::string>>& images) {
  Json index = {{"schemaVersion", 2}, {"mediaType", kIndexType}, {"manifests", Json::array()}};
  for (const auto& [digest, architecture] : images)
    index["manifests"].push_back({{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                                  {"digest", digest},
                                  {"size", 500},
                                  {"platform", {{"os", "linux"}, {"architecture", architecture}}}});
  return index.dump();
}

// A registry without a login that gives indexes; `answer` makes each answer of a request.
Result<HttpServer> index_registry(std::function<void(const HttpRequest&, HttpResponse&)> answer) {
  HttpServer::Service service;
  service.admit = [](const HttpRequest&) { return HttpAdmission{}; };
  service.describe = [](int, const std::string&) { return HttpResponse(); };
  service.handle = [answer = std::move(answer)](const HttpRequest& request) {
    HttpResponse out;
    out.content_type = kIndexType;
    answer(request, out);
    return out;
  };
  return HttpServer::start({}, std::move(service));
}

class AdmissionWebhook : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    kit_ = new GatewayKit;
    auto ready = kit_->prepare({"nginx", "miner"}, {"sim"});
    ASSERT_TRUE(ready) << ready.error().what;
    for (const char* name : {"fail", "warn", "pass"})
      ASSERT_TRUE(write_file(kit_->path(std::string(name) + ".yaml"), policy(name, name)));
  }
  static void TearDownTestSuite() { delete std::exchange(kit_, nullptr); }

  static GatewayKit& kit() { return *kit_; }
  void start(std::vector<std::string> more = {}, bool imported = true) {
    std::vector<std::string> options;
    for (const char* name : {"fail", "warn", "pass"})
      options.insert(options.end(), {"--policy", kit().path(std::string(name) + ".yaml")});
    if (std::find(more.begin(), more.end(), "--resolve-indexes") == more.end())
      options.insert(options.end(), {"--resolve-indexes", "off"});
    if (imported) options.insert(options.end(), {"--imported", "on"});
    options.insert(options.end(), more.begin(), more.end());
    auto started = kit().start_gateway(options);
    ASSERT_TRUE(started) << started.error().what;
  }
  static std::string image(const std::string& digest) { return "registry.example/team/app@" + digest; }
  static std::string sample(const std::string& name) { return image(kit().digest(name)); }

  /// "allowed", "allowed: WARNING" or "denied: MESSAGE"; the status where it is not 200.
  static std::string told(const CurlAnswer& answer) {
    if (answer.status != 200) return std::to_string(answer.status) + " " + answer.body + answer.error;
    Json review = answer.json();
    if (!review.is_object() || review["response"]["uid"] != kUid || review["kind"] != "AdmissionReview" ||
        review["apiVersion"] != "admission.k8s.io/v1")
      return "no review: " + answer.body;
    Json& response = review["response"];
    if (response["allowed"] == false) return "denied: " + response["status"]["message"].get<std::string>();
    return "allowed" +
           (response.contains("warnings") ? ": " + response["warnings"][0].get<std::string>() : "");
  }
  std::string ask(const std::vector<std::string>& images, const std::string& target = "/admit?timeout=10s") {
    return told(kit().post(target, pod_review(images).dump()));
  }
  /// Of all images in the gateway's log.
  static double metric(const std::string& port, const std::string& name) {
    auto answer = kit().curl({"http://127.0.0.1:" + port + "/metrics"});
    size_t at = answer.body.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::atof(answer.body.c_str() + at + name.size() + 2);
  }

  static GatewayKit* kit_;
};
GatewayKit* AdmissionWebhook::kit_ = nullptr;

TEST_F(AdmissionWebhook, AllowsAndDeniesByTheVerdictOfTheDigest) {
  auto port = farm::free_port();
  ASSERT_TRUE(port);
  std::string metrics = std::to_string(*port);
  start({"--metrics", "127.0.0.1:" + metrics});
  EXPECT_EQ(ask({sample("nginx")}), "allowed");
  std::string denied = ask({sample("nginx"), sample("miner")});
  EXPECT_TRUE(
      denied.starts_with("denied: policy fail: " + sample("miner") + ", scan " + kit().scan_id("miner")))
      << denied;
  EXPECT_NE(denied.find("malicious"), std::string::npos) << denied;
  Json spec = {{"template", {{"spec", pod_spec({sample("miner")})}}}};
  EXPECT_TRUE(told(kit().post("/admit", review_of("apps", "Deployment", {{"spec", spec}}).dump()))
                  .starts_with("denied: "));
  EXPECT_EQ(told(kit().post("/admit", review_of("apps", "Deployment", {{"spec", spec}}, "DELETE").dump())),
            "allowed");
  EXPECT_EQ(metric(metrics, "assay_gateway_reviews_total{outcome=\"allowed\"}"), 1);
  EXPECT_EQ(metric(metrics, "assay_gateway_reviews_total{outcome=\"denied\"}"), 2);
  EXPECT_EQ(metric(metrics, "assay_gateway_reviews_total{outcome=\"unjudged\"}"), 1);
  EXPECT_EQ(metric(metrics, "assay_gateway_cache_total{found=\"yes\"}"),
            2);  // nginx and miner, the second time
  // What is asked again is answered from memory, as quickly as it comes.
  EXPECT_LT(kit().post("/admit", pod_review({sample("miner")}).dump()).seconds, 0.5);
}

TEST_F(AdmissionWebhook, AnUnknownDigestIsThePolicysToDecide) {
  start();
  std::string unknown = image(digest_of("unknown"));
  std::string why = "There is no result of this image: ";
  std::string denied = ask({unknown});
  EXPECT_TRUE(denied.starts_with("denied: policy fail: " + unknown + ": " + why)) << denied;
  EXPECT_NE(denied.find("`assay submit " + unknown + "`"), std::string::npos) << denied;
  std::string warned = ask({unknown}, "/admit/warn");
  EXPECT_TRUE(warned.starts_with("allowed: assay: " + unknown + ": " + why)) << warned;
  EXPECT_EQ(ask({unknown}, "/admit/pass"), "allowed");
  EXPECT_TRUE(ask({sample("miner")}, "/admit/pass").starts_with("denied: policy pass: "));
  EXPECT_TRUE(ask({unknown}, "/admit/absent").starts_with("404 ")) << ask({unknown}, "/admit/absent");
}

TEST_F(AdmissionWebhook, WaiversAreForTheReferenceThatIsAskedAbout) {
  std::string waivers = "waivers:\n";
  for (const char* check : {"verdict", "unscanned"})
    waivers += std::string("- {rule: ") + check +
               ", images: ['registry.example/lab/*'], owner: security@corp.example, reason: lab, "
               "expires: 2099-01-31}\n";
  ASSERT_TRUE(write_file(kit().path("lab.yaml"), policy("lab", "fail", waivers)));
  start({"--policy", kit().path("lab.yaml")});
  for (const std::string& digest : {kit().digest("miner"), digest_of("unknown")}) {
    const std::string lab = "registry.example/lab/app@" + digest;
    // Each twice: what is remembered of one is not said of the other.
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(ask({image(digest)}, "/admit/lab").starts_with("denied: ")) << digest;
      EXPECT_TRUE(ask({lab}, "/admit/lab").starts_with("allowed")) << ask({lab}, "/admit/lab");
    }
  }
}

TEST_F(AdmissionWebhook, ATagIsNoDigest) {
  start();
  std::string denied = ask({"registry.example/team/app:1.0"});
  EXPECT_NE(denied.find("it is not pinned by digest"), std::string::npos) << denied;
  EXPECT_TRUE(denied.starts_with("denied: ")) << denied;
  EXPECT_TRUE(ask({"app@sha256:short"}).starts_with("denied: "));
  EXPECT_TRUE(ask({"oci:/etc"}).starts_with("denied: "));
  start({"--unpinned", "warn"});
  EXPECT_TRUE(ask({"nginx"}).starts_with("allowed: assay: nginx: ")) << ask({"nginx"});
}

TEST_F(AdmissionWebhook, ResultsOfForeignTracesCountOnlyWhereThatIsSaid) {
  start({}, false);
  EXPECT_TRUE(ask({sample("nginx")}).starts_with("denied: ")) << "a file could have been made up";
  start({"--tenant", "nobody"});
  EXPECT_TRUE(ask({sample("nginx")}).starts_with("denied: "));
}

TEST_F(AdmissionWebhook, AnUnknownImageIsScannedAndFoundTheNextTime) {
  start({"--scan-unknown", "on", "--cache-time", "0"});
  std::string wanted = image(digest_of("to be scanned"));
  // Of a dry run nothing comes.
  Json dry = pod_review({wanted});
  dry["request"]["dryRun"] = true;
  EXPECT_NE(told(kit().post("/admit", dry.dump())).find("no scan of"), std::string::npos);
  std::string first = ask({wanted});
  EXPECT_TRUE(first.starts_with("denied: ")) << first;
  EXPECT_NE(first.find("is queued: try again when it has ended"), std::string::npos) << first;
  EXPECT_EQ(ask({wanted}), first);  // and submits it no second time
  EXPECT_EQ(*kit().farm().metric("assay_submissions_total"), 1);

  Context context;
  farm::SimSettings settings;
  settings.endpoint = kit().farm().endpoint();
  farm::SimAgent agent("sim", settings, 1,
                       [&](const std::string& name) { return kit().farm().connect(context, name); });
  std::string last;
  auto tried = steady_clock::now();
  for (auto end = steady_clock::now() + 20s; last != "allowed" && steady_clock::now() < end;) {
    agent.turn(steady_clock::now(), [](const farm::SimAgent&, const farm::SimSeen&) {});
    std::this_thread::sleep_for(5ms);
    if (steady_clock::now() - tried < 300ms) continue;
    last = ask({wanted});
    tried = steady_clock::now();
  }
  EXPECT_EQ(last, "allowed");
  EXPECT_EQ(*kit().farm().metric("assay_submissions_total"), 1);
}

TEST_F(AdmissionWebhook, AnswersInTimeWhenTheSchedulerHangs) {
  start();
  kit().farm().scheduler().signal(SIGSTOP);
  auto began = steady_clock::now();
  auto answer =
      kit().post("/admit?timeout=2s", pod_review({image(digest_of("a")), image(digest_of("b"))}).dump());
  EXPECT_TRUE(told(answer).starts_with("denied: ")) << told(answer);
  EXPECT_NE(told(answer).find("in time"), std::string::npos) << told(answer);
  EXPECT_LT(answer.seconds, 2.0);
  EXPECT_EQ(ask({image(digest_of("a"))}, "/admit/pass?timeout=1s"), "allowed");
  kit().farm().scheduler().signal(SIGCONT);
  EXPECT_LT(steady_clock::now() - began, 5s);
  EXPECT_EQ(ask({sample("nginx")}), "allowed");
}

TEST_F(AdmissionWebhook, AnswersWhereThereIsNoScheduler) {
  auto nobody = farm::free_port();
  ASSERT_TRUE(nobody);
  std::string url = "http://127.0.0.1:" + std::to_string(*nobody);
  start({"--scheduler", url});
  std::string denied = ask({sample("nginx")});
  EXPECT_TRUE(denied.starts_with("denied: ")) << denied;
  EXPECT_NE(denied.find("takes no connection"), std::string::npos) << denied;
  start({"--scheduler", url, "--unanswered", "warn"});
  EXPECT_TRUE(ask({sample("nginx")}).starts_with("allowed: assay: ")) << ask({sample("nginx")});
}

TEST_F(AdmissionWebhook, AsksTheRegistryWhatTagsAndIndexesAre) {
  // An index of two platforms, under a tag: all that this registry has.
  std::string bytes = index_of({{kit().digest("nginx"), "amd64"}, {kit().digest("miner"), "arm64"}}),
              digest = digest_of(bytes);
  auto registry = index_registry([&](const HttpRequest& request, HttpResponse& out) {
    out.headers = {{"Docker-Content-Digest", digest}};
    if (request.path.find("/manifests/") != std::string::npos) out.body = bytes;
    if (!request.path.ends_with(digest) && !request.path.ends_with("/manifests/1.0") &&
        request.path != "/v2/")
      out.status = 404;
  });
  ASSERT_TRUE(registry);
  std::string host = "127.0.0.1:" + std::to_string(registry->port());
  std::vector<std::string> options = {"--resolve-tags",      "on", "--resolve-indexes", "on",
                                      "--insecure-registry", host};
  start(options);
  EXPECT_EQ(ask({host + "/team/app:1.0"}), "allowed");
  EXPECT_EQ(ask({host + "/team/app@" + digest}), "allowed");
  std::string absent = ask({host + "/team/app:2.0"});
  EXPECT_TRUE(absent.starts_with("denied: ")) << absent;
  options.insert(options.end(), {"--platform", "linux/arm64", "--platform", "linux/amd64"});
  start(options);
  EXPECT_TRUE(ask({host + "/team/app@" + digest}).starts_with("denied: ")) << "on arm64 it mines";
  start({"--resolve-tags", "on", "--resolve-indexes", "on", "--insecure-registry", host, "--platform",
         "linux/s390x"});
  std::string none = ask({host + "/team/app@" + digest});
  EXPECT_NE(none.find("has no image for linux/s390x"), std::string::npos) << none;
}

// Index and image of a digest are told apart by the index itself: what it lists is not asked for again.
TEST_F(AdmissionWebhook, AsksTheRegistryForAnIndexAndForNothingThatItLists) {
  // What the outer one calls an image is an index, too.
  std::string inner = index_of({{kit().digest("nginx"), "amd64"}}),
              outer = index_of({{digest_of(inner), "amd64"}});
  std::mutex mutex;
  std::vector<std::string> asked;
  auto registry = index_registry([&](const HttpRequest& request, HttpResponse& out) {
    std::lock_guard lock(mutex);
    asked.push_back(request.path);
    for (const std::string& bytes : {inner, outer})
      if (request.path.ends_with("/manifests/" + digest_of(bytes))) out.body = bytes;
    if (out.body.empty()) out.status = 404;
  });
  ASSERT_TRUE(registry);
  std::string host = "127.0.0.1:" + std::to_string(registry->port());
  start({"--resolve-indexes", "on", "--insecure-registry", host});
  std::string denied = ask({host + "/team/app@" + digest_of(outer)});
  EXPECT_TRUE(denied.starts_with("denied: ")) << denied;
  EXPECT_NE(denied.find("no scan of " + digest_of(inner)), std::string::npos) << denied;
  std::lock_guard lock(mutex);
  EXPECT_EQ(asked, std::vector<std::string>{"/v2/team/app/manifests/" + digest_of(outer)});
}

TEST_F(AdmissionWebhook, AnswersOnlyApiServersThatProveWhoTheyAre) {
  start({"--client-ca", kit().path("ca.crt"), "--client-name", "kube-apiserver"});
  std::string review = pod_review({sample("nginx")}).dump();
  auto as = [&](const std::string& name) {
    return kit().post("/admit", review,
                      {"--cert", kit().path(name + ".crt"), "--key", kit().path(name + ".key")});
  };
  EXPECT_EQ(told(as("apiserver")), "allowed");
  EXPECT_EQ(as("server").status, 403);
  EXPECT_EQ(kit().post("/admit", review).status, 401);
  EXPECT_EQ(kit().curl({kit().url("/healthz")}).status, 200);  // a kubelet has no certificate
}

TEST_F(AdmissionWebhook, RefusesWhatIsNoReview) {
  start();
  auto refused = [&](const std::string& body) { return kit().post("/admit", body); };
  EXPECT_EQ(refused("{").status, 400);
  EXPECT_NE(refused("{}").body.find("the AdmissionReview is none"), std::string::npos) << refused("{}").body;
  EXPECT_EQ(refused(std::string(9 << 20, ' ')).status, 413);
  EXPECT_EQ(kit().curl({kit().url("/admit")}).status, 405);
  EXPECT_EQ(kit().curl({kit().url("/nothing")}).status, 404);
  std::string large = pod_review({sample("nginx")}).dump();
  large.insert(large.size() - 1, R"(,"x":")" + std::string(7 << 20, 'x') + "\"");
  EXPECT_EQ(told(kit().post("/admit", large)), "allowed");
}

TEST_F(AdmissionWebhook, ReadsItsPoliciesAgainAndEndsInOrder) {
  start();
  EXPECT_EQ(ask({sample("nginx")}), "allowed");
  auto reload = [&](const std::string& text, const std::string& logged) {
    EXPECT_TRUE(write_file(kit().path("fail.yaml"), text));
    uint64_t before = kit().gateway().count_in_log(logged);
    kit().gateway().signal(SIGHUP);
    for (int i = 0; i < 200 && kit().gateway().count_in_log(logged) == before; ++i)
      std::this_thread::sleep_for(20ms);
    EXPECT_EQ(kit().gateway().count_in_log(logged), before + 1);
  };
  reload(policy("fail", "fail", "allow:\n  ports: []\n"), "event=reload");
  std::string denied = ask({sample("nginx")});
  EXPECT_TRUE(denied.starts_with("denied: policy fail: "))
      << denied;  // at once: what was remembered is another policy's
  reload("nonsense", "event=reload_failed");
  EXPECT_EQ(ask({sample("nginx")}), denied);
  reload(policy("fail", "fail"), "event=reload");
  EXPECT_EQ(ask({sample("nginx")}), "allowed");
  auto ended = kit().gateway().stop(5s);
  ASSERT_TRUE(ended) << ended.error().what;
  EXPECT_EQ(*ended, 0);
}

}  // namespace
}  // namespace assay
