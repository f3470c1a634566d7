// A thief in a real image takes every honeytoken of a persona and sends it away; the trace has both. A
// service that takes none moves none. The scans run in this process, by an agent's worker, without a farm
// around it.
#include <set>

#include "agent/worker.h"
#include "common/codec.h"
#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

using std::chrono::seconds;

class Honeytokens : public testing::Test {
 protected:
  void scan(const std::string& name, Persona persona, seconds duration) {
    ASSAY_NEEDS_HOST();
    ASSERT_TRUE(become_subreaper());
    wire::Lease lease{"20261129T160000-" + std::to_string(10'000'000 + ++scans_), 1, {}};
    lease.job.ref = "oci-archive:" + image(name).string();
    lease.job.duration = duration;
    lease.job.persona = persona;
    lease.job.provoke = false;
    std::string instance = data_.path().filename().string() + "-" + std::to_string(scans_);
    ScanPlace place{data_.path() / "data", data_.path() / "run", instance, "agent"};
    Context context;
    ScanLimits limits;
    limits.artifact_bytes = 0;  // nobody here would say that there is room for them
    auto worker = Worker::start(context, 0, place, limits, data_.path() / "spool", 0);
    ASSERT_TRUE(worker) << worker.error().what;
    ASSERT_TRUE(worker->begin(lease));
    uint32_t chunks = 0;
    ASSERT_TRUE(run_to_end(*worker, duration + seconds(150), chunks));
    read({lease.scan_id, lease.attempt}, chunks);
  }
  // The loop's part: everything is permitted.
  static bool run_to_end(Worker& worker, seconds patience, uint32_t& chunks) {
    auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      std::vector<WaitFor> items{worker.link()};
      if (!wait(items, seconds(1))) return false;
      auto note = hear(worker.link());
      if (!note || !*note) continue;
      using Kind = LinkNote::Kind;
      if ((*note)->kind == Kind::resolved) (void)tell(worker.link(), {.kind = Kind::proceed});
      if ((*note)->kind == Kind::ready) (void)tell(worker.link(), {.kind = Kind::permit});
      if ((*note)->kind == Kind::chunk) ++chunks;
      if ((*note)->kind == Kind::free) return true;
    }
    return false;
  }
  void read(const AttemptKey& key, uint32_t chunks) {
    auto spool = Spool::open(data_.path() / "spool");
    ASSERT_TRUE(spool) << spool.error().what;
    auto end = spool->end(key);
    ASSERT_TRUE(end) << end.error().what;
    auto message = wire::decode(*end);
    ASSERT_TRUE(message) << message.error().what;
    if (auto* failed = std::get_if<wire::Failed>(&*message)) FAIL() << failed->error;
    auto* done = std::get_if<wire::Done>(&*message);
    ASSERT_NE(done, nullptr);
    tokens_ = done->header.tokens;
    for (const SourceCount& source : done->footer.sources) EXPECT_EQ(source.lost, 0u) << source.detail;
    for (uint32_t i = 0; i < chunks; ++i) {
      auto bytes = spool->chunk(key, i);
      ASSERT_TRUE(bytes) << bytes.error().what;
      auto events = decode_chunk(*bytes);
      ASSERT_TRUE(events) << events.error().what;
      for (const Event& event : *events) take(event);
    }
  }
  void take(const Event& event) {
    if (event.kind == EventKind::output) output_ += event.data;
    if (event.kind == EventKind::open) opened_.insert(event.path);
    if (event.kind == EventKind::token) moved_.insert({event.call, event.path, event.path2});
    if (event.kind == EventKind::http) requests_.insert(event.call + " " + event.name + event.path);
  }
  bool was(const std::string& call, const std::string& id, const std::string& how = "") const {
    for (const auto& [called, which, encoding] : moved_)
      if (called == call && which == id && (how.empty() || encoding == how)) return true;
    return false;
  }
  std::string moved() const {
    std::string out;
    for (const auto& [call, id, how] : moved_) out += call + " " + id + " " + how + "\n";
    return out;
  }
  // All of them, by kind and place: those in files were opened, those of services served, and all were sent.
  void expect_taken() {
    for (const PlantedToken& token : tokens_) {
      SCOPED_TRACE(token.id);
      bool served = token.place.find("://") != std::string::npos || token.kind.ends_with("_socket");
      EXPECT_TRUE(!served || was("served", token.id));
      EXPECT_TRUE(served || !token.place.starts_with('/') || opened_.contains(token.place));
      EXPECT_TRUE(was("sent", token.id));
    }
    if (HasFailure()) ADD_FAILURE() << moved() << output_;
  }
  size_t kinds() const {
    std::set<std::string> out;
    for (const PlantedToken& token : tokens_) out.insert(token.kind);
    return out.size();
  }

  TempDir data_;
  int scans_ = 0;
  std::string output_;
  std::set<std::string> opened_, requests_;
  std::set<std::tuple<std::string, std::string, std::string>> moved_;
  std::vector<PlantedToken> tokens_;
};

TEST_F(Honeytokens, EachOfAPlainHostIsReadAndSentAway) {
  scan("thief", Persona::bare, seconds(90));
  EXPECT_EQ(kinds(), 18u);
  expect_taken();
  // The ways: DNS labels in hex and base32, an HTTPS body in base64, a query, a raw connection, a push.
  EXPECT_TRUE(was("sent", "aws_key:/root/.aws/credentials", "hex"));
  EXPECT_TRUE(was("sent", "ssh_key:/root/.ssh/id_ed25519", "base32"));
  EXPECT_TRUE(was("sent", "pypi:/root/.pypirc", "base64"));
  EXPECT_TRUE(was("sent", "git_credentials:/root/.git-credentials", "plain"));
  EXPECT_TRUE(was("sent", "netrc:/root/.netrc", "hex"));
  EXPECT_TRUE(was("sent", "ssh_key:/root/.ssh/id_ed25519", "git"));
  for (const char* done :
       {"done read_files", "done environment", "done clouds", "done cluster", "done containers", "done push",
        "container 64", "cloned ['.git', 'Makefile', 'install.sh']"})
    EXPECT_NE(output_.find(done), std::string::npos) << done << " in:\n" << output_;
  EXPECT_TRUE(requests_.contains("PUT 169.254.169.254/latest/api/token"));
  EXPECT_TRUE(requests_.contains("POST docker.sock/v1.43/containers/create"));
}

TEST_F(Honeytokens, EachOfAPodIsReadAndSentAway) {
  scan("thief", Persona::kubernetes, seconds(90));
  expect_taken();
  // curl verified the API server by the pod's own ca.crt.
  EXPECT_NE(output_.find("cronjob sync"), std::string::npos) << output_;
  EXPECT_TRUE(was("sent", "kubernetes_token:/var/run/secrets/kubernetes.io/serviceaccount/token", "plain"));
}

TEST_F(Honeytokens, EachOfABuildIsReadAndSentAway) {
  scan("thief", Persona::ci, seconds(90));
  expect_taken();
  for (const char* id : {"github:env:GITHUB_TOKEN", "npm:env:NPM_TOKEN", "slack:env:SLACK_BOT_TOKEN"})
    EXPECT_TRUE(was("sent", id, "plain")) << id;
}

TEST_F(Honeytokens, EachOfACloudsTaskIsReadAndSentAway) {
  scan("thief", Persona::cloud, seconds(90));
  expect_taken();
}

TEST_F(Honeytokens, AServiceThatTakesNoneMovesNone) {
  for (Persona persona : {Persona::bare, Persona::kubernetes, Persona::ci, Persona::cloud}) {
    scan("nginx", persona, seconds(5));
    EXPECT_GT(tokens_.size(), 10u);
    EXPECT_EQ(moved(), "") << to_string(persona);
    for (const PlantedToken& token : tokens_) EXPECT_FALSE(opened_.contains(token.place)) << token.place;
  }
}

}  // namespace
}  // namespace assay::e2e
