// Pulls from a real registry on the loopback interface, started and ended by each test.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "tests/unit/agent/pull_fixture.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A registry of our own on a free port of the loopback interface, ended with the test.
class PullRegistry : public PullTest {
 protected:
  void SetUp() override {
    PullTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSAY_NEED(find_program("docker-registry"), "docker-registry");
  }
  // `auth`: a line for an htpasswd file.
  void start(const std::string& auth = "") {
    Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in addr{};
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof addr;
    ASSERT_EQ(::bind(probe.get(), reinterpret_cast<sockaddr*>(&addr), sizeof addr), 0);
    ASSERT_EQ(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&addr), &size), 0);
    probe.reset();
    address_ = "127.0.0.1:" + std::to_string(ntohs(addr.sin_port));
    std::string config = "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: " +
                         (dir_.path() / "registry").string() + "}}\nhttp: {addr: \"" + address_ + "\"}\n";
    if (!auth.empty()) {
      ASSERT_TRUE(write_file(dir_.path() / "htpasswd", auth + "\n"));
      config += "auth: {htpasswd: {realm: test, path: " + (dir_.path() / "htpasswd").string() + "}}\n";
    }
    ASSERT_TRUE(write_file(dir_.path() / "registry.yml", config));
    int fds[2];
    ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    log_ = Fd(fds[0]);
    Fd write_end(fds[1]);
    Command command;
    command.argv = {"docker-registry", "serve", (dir_.path() / "registry.yml").string()};
    command.stderr_fd = command.stdout_fd = write_end.get();
    auto child = spawn(command);
    ASSERT_TRUE(child) << child.error().what;
    registry_ = std::move(*child);
    write_end.reset();
    std::string log;
    while (log.find("listening on") == std::string::npos) {
      pollfd p{log_.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&p, 1, 20'000), 1) << log;
      char buffer[4096];
      ssize_t n = ::read(log_.get(), buffer, sizeof buffer);
      ASSERT_GT(n, 0) << log;
      log.append(buffer, static_cast<size_t>(n));
    }
    drain_ = std::thread([fd = log_.get()] {
      char buffer[4096];
      while (::read(fd, buffer, sizeof buffer) > 0) {
      }
    });
  }
  void TearDown() override {
    if (registry_.running()) {
      registry_.kill(SIGTERM);
      registry_.wait();
    }
    if (drain_.joinable()) drain_.join();
  }
  PullOptions insecure() const {
    PullOptions out = options();
    out.insecure = true;
    return out;
  }
  void push(const std::string& from, const std::string& to, std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"copy", "--dest-tls-verify=false", from,
                                     "docker://" + address_ + "/" + to};
    args.insert(args.begin() + 1, more.begin(), more.end());
    skopeo(args);
  }

  std::string address_;
  Child registry_;
  Fd log_;
  std::thread drain_;
};

TEST_F(PullRegistry, TagAndDigestGiveTheSameImage) {
  start();
  auto oci_dir = layout();
  json manifest = oci_dir.image(two_layers(), kRun, test::this_architecture());
  oci_dir.tag(manifest, "one");
  push(oci("one"), "team/app:1.0");
  auto by_tag = pull_ref(address_ + "/team/app:1.0", insecure());
  ASSERT_TRUE(by_tag) << by_tag.error().what;
  EXPECT_EQ(by_tag->manifest_digest.str(), manifest["digest"]);
  EXPECT_EQ(by_tag->index_digest, "");
  ASSERT_EQ(by_tag->layers.size(), 2u);
  EXPECT_EQ(Digest::of(*read_file(by_tag->layers[1].path, 1 << 20)), by_tag->layers[1].blob.digest);
  auto by_digest = pull_ref(address_ + "/team/app@" + manifest["digest"].get<std::string>(), insecure());
  ASSERT_TRUE(by_digest) << by_digest.error().what;
  EXPECT_EQ(by_digest->manifest_digest, by_tag->manifest_digest);
  EXPECT_EQ(by_digest->config_digest, by_tag->config_digest);
}

TEST_F(PullRegistry, OfAnIndexThePlatformThatWasAskedForIsTaken) {
  start();
  auto oci_dir = layout();
  json mine = oci_dir.image(two_layers(), kRun, test::this_architecture()),
       other = oci_dir.image(two_layers(), kRun, test::other_architecture());
  oci_dir.tag(oci_dir.index({mine, other}), "both");
  push(oci("both"), "app:both", {"--all"});
  PullOptions asked = insecure();
  asked.platform = "linux/" + test::other_architecture();
  auto pulled = pull_ref(address_ + "/app:both", asked);
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_EQ(pulled->manifest_digest.str(), other["digest"]);
  auto plain = pull_ref(address_ + "/app@" + mine["digest"].get<std::string>(), asked);
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().what.find("not for linux/" + test::other_architecture()), std::string::npos)
      << plain.error().what;
  asked.platform = "linux/s390x";
  auto none = pull_ref(address_ + "/app:both", asked);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::unsupported);
  EXPECT_NE(none.error().what.find("no image for linux/s390x, only for: linux/"), std::string::npos)
      << none.error().what;
}

TEST_F(PullRegistry, IndexIsResolvedForThisMachine) {
  start();
  auto oci_dir = layout();
  json mine = oci_dir.image(two_layers(), kRun, test::this_architecture()),
       other = oci_dir.image(two_layers(), kRun, test::other_architecture());
  json both = oci_dir.index({other, mine});
  oci_dir.tag(both, "both");
  oci_dir.tag(oci_dir.index({other}), "other");
  push(oci("both"), "app:both", {"--all"});
  push(oci("other"), "app:other", {"--all"});
  auto pulled = pull_ref(address_ + "/app:both", insecure());
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_EQ(pulled->manifest_digest.str(), mine["digest"]);
  EXPECT_EQ(pulled->index_digest, both["digest"]);
  auto by_digest = pull_ref(address_ + "/app@" + both["digest"].get<std::string>(), insecure());
  ASSERT_TRUE(by_digest) << by_digest.error().what;
  EXPECT_EQ(by_digest->manifest_digest, pulled->manifest_digest);
  pulled = pull_ref(address_ + "/app:other", insecure());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Errc::unsupported);
  EXPECT_NE(pulled.error().what.find("only for: linux/" + test::other_architecture()), std::string::npos)
      << pulled.error().what;
}

TEST_F(PullRegistry, DockerManifestKeepsTheDigestAndConfigItIsServedWith) {
  start();
  auto oci_dir = layout();
  oci_dir.tag(oci_dir.image(two_layers(), kRun, test::this_architecture()), "one");
  push(oci("one"), "app:docker", {"--format", "v2s2"});
  auto raw = test::run_program(
      {"skopeo", "inspect", "--raw", "--tls-verify=false", "docker://" + address_ + "/app:docker"});
  ASSERT_TRUE(raw);
  ASSERT_NE(raw->out.find("vnd.docker.distribution.manifest.v2"), std::string::npos);
  auto pulled = pull_ref(address_ + "/app:docker", insecure());
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_EQ(pulled->manifest_digest, Digest::of(raw->out));
  EXPECT_EQ(pulled->config_digest.str(), json::parse(raw->out)["config"]["digest"]);
  EXPECT_TRUE(fs::exists(options().blobs_dir / "sha256" / pulled->config_digest.hex()));
}

TEST_F(PullRegistry, KnownLayersAreNotFetchedAgain) {
  start();
  auto oci_dir = layout();
  json manifest = oci_dir.image(two_layers(), kRun, test::this_architecture());
  oci_dir.tag(manifest, "one");
  push(oci("one"), "app:1");
  ASSERT_TRUE(pull_ref(address_ + "/app:1", insecure()));
  // The registry loses the layers; what names them is left.
  json body =
      json::parse(*read_file(oci_dir.blob(*Digest::parse(manifest["digest"].get<std::string>())), 1 << 20));
  for (const json& layer : body["layers"]) {
    std::string hex = layer["digest"].get<std::string>().substr(7);
    ASSERT_GT(
        fs::remove_all(dir_.path() / "registry/docker/registry/v2/blobs/sha256" / hex.substr(0, 2) / hex),
        0u);
  }
  auto again = pull_ref(address_ + "/app:1", insecure());
  ASSERT_TRUE(again) << again.error().what;
}

TEST_F(PullRegistry, TamperedRegistryIsFoundOut) {
  start();
  auto oci_dir = layout();
  json manifest = oci_dir.image(two_layers(), kRun, test::this_architecture());
  oci_dir.tag(manifest, "one");
  push(oci("one"), "app:1");
  json body =
      json::parse(*read_file(oci_dir.blob(*Digest::parse(manifest["digest"].get<std::string>())), 1 << 20));
  std::string hex = body["layers"][1]["digest"].get<std::string>().substr(7);
  fs::path stored =
      dir_.path() / "registry/docker/registry/v2/blobs/sha256" / hex.substr(0, 2) / hex / "data";
  std::string bytes = *read_file(stored, 1 << 20);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file(stored, bytes));
  auto pulled = pull_ref(address_ + "/app:1", insecure());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Errc::corrupt) << pulled.error().what;
  EXPECT_FALSE(fs::exists(options().blobs_dir / "sha256" / hex));
}

TEST_F(PullRegistry, WhatTheRegistryLacksIsNotFound) {
  start();
  auto oci_dir = layout();
  oci_dir.tag(oci_dir.image(two_layers(), kRun, test::this_architecture()), "one");
  push(oci("one"), "app:1");
  for (const char* ref : {"/app:2", "/nothing:1"}) {
    auto pulled = pull_ref(address_ + ref, insecure());
    ASSERT_FALSE(pulled);
    EXPECT_EQ(pulled.error().code, Errc::not_found) << pulled.error().what;
    EXPECT_EQ(pulled.error().what,
              "registry " + address_ + " has no such image: check repository, tag and digest");
  }
  EXPECT_EQ(refusal(address_ + "/app:1"),
            "unreachable: registry " + address_ + " speaks plain HTTP: pass --insecure if you trust it");
  registry_.kill(SIGTERM);
  registry_.wait();
  EXPECT_EQ(refusal(address_ + "/app:1"),
            "unreachable: registry " + address_ + " refuses connections: check host and port");
}

TEST_F(PullRegistry, AuthFileOpensAClosedRegistry) {
  start("user:$2y$05$abcdefghijklmnopqrstuuHIrMEWpUCQe2YqFR3sXwQ75u4od..9q");  // "pw"
  auto oci_dir = layout();
  oci_dir.tag(oci_dir.image(two_layers(), kRun, test::this_architecture()), "one");
  push(oci("one"), "app:1", {"--dest-creds", "user:pw"});
  auto pulled = pull_ref(address_ + "/app:1", insecure());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Errc::denied) << pulled.error().what;
  PullOptions with = insecure();
  with.auth_file = (dir_.path() / "auth.json").string();
  ASSERT_TRUE(write_file(with.auth_file, json({{"auths", {{address_, {{"auth", "dXNlcjpwdw=="}}}}}}).dump()));
  pulled = pull_ref(address_ + "/app:1", with);
  ASSERT_TRUE(pulled) << pulled.error().what;
  ASSERT_TRUE(
      write_file(with.auth_file, json({{"auths", {{address_, {{"auth", "dXNlcjp3cm9uZw=="}}}}}}).dump()));
  pulled = pull_ref(address_ + "/app:1", with);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Errc::denied) << pulled.error().what;
}

TEST_F(PullRegistry, AJobsOwnLoginIsTheOnlyOneAndLeavesNothing) {
  start("user:$2y$05$abcdefghijklmnopqrstuuHIrMEWpUCQe2YqFR3sXwQ75u4od..9q");  // "pw"
  auto oci_dir = layout();
  oci_dir.tag(oci_dir.image(two_layers(), kRun, test::this_architecture()), "one");
  push(oci("one"), "app:1", {"--dest-creds", "user:pw"});
  // The host's own login would do.
  std::string host = (dir_.path() / "auth.json").string();
  ASSERT_TRUE(write_file(host, json({{"auths", {{address_, {{"auth", "dXNlcjpwdw=="}}}}}}).dump()));
  ::setenv("REGISTRY_AUTH_FILE", host.c_str(), 1);
  TempDir login;
  PullOptions with = insecure();
  with.login_dir = login.path();
  with.registry_auth = "Basic dXNlcjp3cm9uZw==";
  auto pulled = pull_ref(address_ + "/app:1", with);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Errc::denied) << pulled.error().what;
  EXPECT_TRUE(std::filesystem::is_empty(login.path()));
  ::unsetenv("REGISTRY_AUTH_FILE");
  with.registry_auth = "Basic dXNlcjpwdw==";
  pulled = pull_ref(address_ + "/app:1", with);
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_TRUE(std::filesystem::is_empty(login.path()));
  with.registry_auth = "Bearer x";
  EXPECT_EQ(pull_ref(address_ + "/app:1", with).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace assay
