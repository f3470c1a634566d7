// Pulls by the real skopeo: from layouts and archives on disk, and from a real registry on the loopback
// interface.
#include "agent/pull.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

#include "agent/pull_skopeo.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const json kRun = {{"Cmd", {"/a"}}};

class Pull : public testing::Test {
 protected:
  void SetUp() override { ASSAY_NEED(find_program("skopeo"), "skopeo"); }
  PullOptions options() const {
    PullOptions out;
    out.blobs_dir = dir_.path() / "blobs";
    out.scratch_dir = dir_.path() / "scratch";
    return out;
  }
  Result<PulledImage> pull_ref(const std::string& text, PullOptions with) {
    auto ref = ImageRef::parse(text);
    EXPECT_TRUE(ref) << ref.error().what;
    auto pulled = pull(*ref, with);
    for (const auto& entry : fs::directory_iterator(with.blobs_dir / "staging", ignored_))
      EXPECT_EQ(entry.path().filename(), ".lock");
    return pulled;
  }
  Result<PulledImage> pull_ref(const std::string& text) { return pull_ref(text, options()); }
  std::string refusal(const std::string& text) {
    auto pulled = pull_ref(text);
    return pulled ? "pulled" : std::string(to_string(pulled.error().code)) + ": " + pulled.error().what;
  }
  test::OciLayout layout() { return test::OciLayout(dir_.path() / "oci"); }
  std::string oci(const std::string& tag = "") const {
    return "oci:" + (dir_.path() / "oci").string() + (tag.empty() ? "" : ":" + tag);
  }
  static void skopeo(std::vector<std::string> args) {
    args.insert(args.begin(), {"skopeo", "--insecure-policy"});
    auto done = test::run_program(args);
    ASSERT_TRUE(done) << done.error().what;
    ASSERT_EQ(done->status.code, 0) << done->err;
  }
  static std::vector<std::string> two_layers() {
    return {test::tar({{.name = "a", .content = "1"}}),
            test::tar({{.name = "b", .content = std::string(100'000, 'b')}})};
  }

  test::TempDir dir_;
  std::error_code ignored_;
};

TEST_F(Pull, LayoutGivesManifestConfigAndLayers) {
  auto oci_dir = layout();
  json manifest = oci_dir.image(two_layers(), {{"Cmd", {"/a"}}, {"User", "www"}}, test::this_architecture());
  oci_dir.tag(manifest, "one");
  for (const std::string& ref : {oci(), oci("one")}) {
    auto pulled = pull_ref(ref);
    ASSERT_TRUE(pulled) << pulled.error().what;
    EXPECT_EQ(pulled->manifest_digest.str(), manifest["digest"]);
    EXPECT_EQ(pulled->index_digest, "");
    EXPECT_EQ(pulled->config.user, "www");
    ASSERT_EQ(pulled->layers.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(pulled->layers[i].diff_id, Digest::of(two_layers()[i]));
      EXPECT_EQ(pulled->layers[i].created_by, "layer " + std::to_string(i));
      EXPECT_EQ(Digest::of(*read_file(pulled->layers[i].path, 1 << 20)), pulled->layers[i].blob.digest);
    }
  }
}

TEST_F(Pull, IndexInALayoutIsResolvedForThisMachine) {
  auto oci_dir = layout();
  json mine = oci_dir.image(two_layers(), kRun, test::this_architecture()),
       other = oci_dir.image(two_layers(), kRun, test::other_architecture());
  json both = oci_dir.index({other, mine});
  oci_dir.tag(both, "both");
  oci_dir.tag(oci_dir.index({other}), "other");
  oci_dir.tag(other, "plain-other");
  auto pulled = pull_ref(oci("both"));
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_EQ(pulled->manifest_digest.str(), mine["digest"]);
  EXPECT_EQ(pulled->index_digest, both["digest"]);
  std::string machine = "linux/" + test::this_architecture(), foreign = "linux/" + test::other_architecture();
  EXPECT_EQ(refusal(oci("other")),
            "unsupported: " + oci("other") + ": no image for " + machine + ", only for: " + foreign);
  EXPECT_EQ(refusal(oci("plain-other")), "unsupported: " + oci("plain-other") + ": the image is for " +
                                             foreign + ", this machine is " + machine);
  EXPECT_EQ(refusal(oci()), "invalid: " + oci() + ": " + oci_dir.dir().string() +
                                " holds several images: name one, as in oci:PATH:TAG");
  EXPECT_EQ(refusal(oci("ghost")),
            "not_found: " + oci("ghost") + ": there is no image of that tag in " + oci_dir.dir().string());
}

TEST_F(Pull, ArchivesGiveTheSameImageEachTime) {
  auto oci_dir = layout();
  json manifest = oci_dir.image(two_layers(), kRun, test::this_architecture());
  oci_dir.tag(manifest, "one");
  std::string oci_tar = (dir_.path() / "oci.tar").string(),
              docker_tar = (dir_.path() / "docker.tar").string();
  skopeo({"copy", oci("one"), "oci-archive:" + oci_tar + ":name"});
  skopeo({"copy", oci("one"), "docker-archive:" + docker_tar + ":name:tag"});
  auto pulled = pull_ref("oci-archive:" + oci_tar);
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_EQ(pulled->manifest_digest.str(), manifest["digest"]);
  auto first = pull_ref("docker-archive:" + docker_tar);
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(first->layers[1].diff_id, Digest::of(two_layers()[1]));
  EXPECT_EQ(first->layers[1].blob.digest,
            Digest::of(two_layers()[1]));  // as the archive has it: not compressed
  PullOptions elsewhere = options();
  elsewhere.blobs_dir = dir_.path() / "elsewhere";
  auto second = pull_ref("docker-archive:" + docker_tar, elsewhere);
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(first->manifest_digest, second->manifest_digest);
}

TEST_F(Pull, FilesThatAreNoImagesSayWhatTheyAre) {
  std::string file = (dir_.path() / "file").string(), dir = (dir_.path() / "empty").string(),
              ghost = (dir_.path() / "ghost").string();
  ASSERT_TRUE(write_file(file, test::tar({{.name = "readme", .content = "hello"}})));
  fs::create_directory(dir);
  EXPECT_EQ(refusal("oci:" + ghost), "not_found: oci:" + ghost + ": there is no " + ghost);
  EXPECT_EQ(refusal("oci-archive:" + ghost), "not_found: oci-archive:" + ghost + ": there is no " + ghost);
  EXPECT_EQ(refusal("oci:" + file),
            "invalid: oci:" + file + ": " + file + " is no directory: use oci-archive: or docker-archive:");
  EXPECT_EQ(refusal("oci-archive:" + dir),
            "invalid: oci-archive:" + dir + ": " + dir + " is a directory: use oci:");
  EXPECT_EQ(refusal("oci:" + dir),
            "corrupt: oci:" + dir + ": " + dir + " is no OCI image: it has no index.json");
  EXPECT_EQ(refusal("oci-archive:" + file),
            "corrupt: oci-archive:" + file + ": " + file + " is no OCI image: it has no index.json");
  EXPECT_EQ(refusal("docker-archive:" + file), "corrupt: docker-archive:" + file + ": " + file +
                                                   " is no docker-archive: it has no manifest.json");
  ASSERT_TRUE(write_file(file, "neither"));
  EXPECT_EQ(refusal("oci-archive:" + file), "corrupt: oci-archive:" + file + ": " + file +
                                                " is not a whole tar archive: it is damaged or cut short");
  EXPECT_EQ(refusal("docker-archive:" + file), "corrupt: docker-archive:" + file + ": " + file +
                                                   " is not a whole tar archive: it is damaged or cut short");
}

TEST_F(Pull, TamperedLayerOfTheSourceIsCorrupt) {
  auto oci_dir = layout();
  json manifest = oci_dir.image(two_layers(), kRun, test::this_architecture());
  oci_dir.tag(manifest, "one");
  json body =
      json::parse(*read_file(oci_dir.blob(*Digest::parse(manifest["digest"].get<std::string>())), 1 << 20));
  fs::path blob = oci_dir.blob(*Digest::parse(body["layers"][1]["digest"].get<std::string>()));
  std::string bytes = *read_file(blob, 1 << 20);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file(blob, bytes));
  std::string said = refusal(oci("one"));
  EXPECT_TRUE(said.starts_with("corrupt: " + oci("one") + ": ")) << said;
  fs::remove(blob);
  said = refusal(oci("one"));
  EXPECT_TRUE(said.starts_with("corrupt: " + oci("one") + ": ")) << said;
}

TEST_F(Pull, DamagedBlobInOurStoreIsFetchedAnew) {
  auto oci_dir = layout();
  oci_dir.tag(oci_dir.image(two_layers(), kRun, test::this_architecture()), "one");
  auto pulled = pull_ref(oci("one"));
  ASSERT_TRUE(pulled) << pulled.error().what;
  std::string good = *read_file(pulled->layers[1].path, 1 << 20), bad = good;
  bad.resize(bad.size() / 2);
  ASSERT_TRUE(write_file(pulled->layers[1].path, bad));
  pulled = pull_ref(oci("one"));
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_EQ(*read_file(pulled->layers[1].path, 1 << 20), good);
  bad = good;
  bad[10] ^= 1;  // of the same size
  ASSERT_TRUE(write_file(pulled->layers[1].path, bad));
  pulled = pull_ref(oci("one"));
  ASSERT_TRUE(pulled) << pulled.error().what;
  EXPECT_EQ(*read_file(pulled->layers[1].path, 1 << 20), good);
}

TEST_F(Pull, ConfigWithoutTheManifestsLayersIsCorrupt) {
  auto oci_dir = layout();
  json config = {{"architecture", test::this_architecture()},
                 {"os", "linux"},
                 {"config", kRun},
                 {"rootfs", {{"type", "layers"}, {"diff_ids", json::array()}}}};
  json manifest = {{"schemaVersion", 2},
                   {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                   {"config", oci_dir.put(config.dump(), "application/vnd.oci.image.config.v1+json")},
                   {"layers", json::array({oci_dir.put(test::compress(two_layers()[0], ARCHIVE_FILTER_GZIP),
                                                       "application/vnd.oci.image.layer.v1.tar+gzip")})}};
  oci_dir.tag(oci_dir.put(manifest.dump(), "application/vnd.oci.image.manifest.v1+json"), "one");
  EXPECT_EQ(refusal(oci("one")), "corrupt: " + oci("one") + ": the manifest has 1 layers, the config 0");
}

TEST_F(Pull, ArtifactIsNotAnImage) {
  auto oci_dir = layout();
  json manifest = {{"schemaVersion", 2},
                   {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                   {"config", oci_dir.put("{}", "application/vnd.cncf.helm.config.v1+json")},
                   {"layers", json::array()}};
  oci_dir.tag(oci_dir.put(manifest.dump(), "application/vnd.oci.image.manifest.v1+json"), "chart");
  EXPECT_EQ(refusal(oci("chart")),
            "unsupported: " + oci("chart") +
                " is not a container image: its config is 'application/vnd.cncf.helm.config.v1+json'");
}

TEST_F(Pull, CancelledAndLatePullsEndAtOnce) {
  auto oci_dir = layout();
  oci_dir.tag(oci_dir.image(two_layers(), kRun, test::this_architecture()), "one");
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]);
  ::close(fds[1]);
  PullOptions with = options();
  with.cancel_fd = read_end.get();
  auto pulled = pull_ref(oci("one"), with);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Errc::cancelled);
  with = options();
  with.timeout = std::chrono::seconds(0);
  pulled = pull_ref(oci("one"), with);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, Errc::timeout);
}

TEST_F(Pull, ConcurrentPullsShareOneStore) {
  auto oci_dir = layout();
  oci_dir.tag(oci_dir.image(two_layers(), kRun, test::this_architecture()), "one");
  std::vector<std::string> said(3);
  std::vector<std::thread> threads;
  for (auto& line : said)
    threads.emplace_back([&, ref = ImageRef::parse(oci("one"))] {
      auto pulled = pull(*ref, options());
      line = pulled ? "pulled" : pulled.error().what;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(said, std::vector<std::string>(3, "pulled"));
}

TEST(PullErrors, SkopeosWordsBecomeOursWithCodeAndAdvice) {
  ImageRef ref;
  ref.registry = "r.example:5000";
  ref.repository = "x";
  ref.tag = "1";
  auto said = [&](const std::string& message) {
    Error error = skopeo_error(
        ref, "time=\"2026-11-25T03:23:06Z\" level=fatal msg=\"Error parsing image name \\\"docker://x\\\": " +
                 message + "\"\n");
    return std::string(to_string(error.code)) + ": " + error.what;
  };
  const std::string name = "r.example:5000/x:1: ";
  EXPECT_EQ(said("dial tcp 127.0.0.1:1: connect: connection refused"),
            "unreachable: " + name + "registry r.example:5000 refuses connections: check host and port");
  EXPECT_EQ(said("lookup r.example on 10.0.0.1:53: no such host"),
            "unreachable: " + name + "there is no host of that name: check registry r.example:5000");
  EXPECT_EQ(said("x509: certificate signed by unknown authority"),
            "denied: " + name +
                "the TLS certificate of registry r.example:5000 cannot be verified: install its CA, or pass "
                "--insecure");
  EXPECT_EQ(said("writing blob: write /b: no space left on device"),
            "no_space: " + name + "no space left for its layers: free some, or use another --data directory");
  EXPECT_EQ(said("reading manifest 1: unauthorized: authentication required").substr(0, 7), "denied:");
  EXPECT_EQ(said("Digest did not match, expected sha256:a, got sha256:b").substr(0, 8), "corrupt:");
  EXPECT_EQ(
      said("the moon is \\x1b[31m red"),
      "io: " + name + "skopeo failed: Error parsing image name \"docker://x\": the moon is x1b[31m red");
}

// A registry of our own on a free port of the loopback interface, ended with the test.
class PullRegistry : public Pull {
 protected:
  void SetUp() override {
    Pull::SetUp();
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
    EXPECT_EQ(pulled.error().what, address_ + ref + ": registry " + address_ +
                                       " has no such image: check repository, tag and digest");
  }
  EXPECT_EQ(refusal(address_ + "/app:1"), "unreachable: " + address_ + "/app:1: registry " + address_ +
                                              " speaks plain HTTP: pass --insecure if you trust it");
  registry_.kill(SIGTERM);
  registry_.wait();
  EXPECT_EQ(refusal(address_ + "/app:1"), "unreachable: " + address_ + "/app:1: registry " + address_ +
                                              " refuses connections: check host and port");
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

}  // namespace
}  // namespace assay
