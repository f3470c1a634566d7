// Pulls by the real skopeo from layouts and archives on disk.
#include <fcntl.h>

#include <thread>

#include "agent/pull_skopeo.h"
#include "tests/unit/agent/pull_fixture.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Pull : public PullTest {};

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
  EXPECT_EQ(refusal(oci("other")), "unsupported: no image for " + machine + ", only for: " + foreign);
  EXPECT_EQ(refusal(oci("plain-other")),
            "unsupported: the image is for " + foreign + ", this machine is " + machine);
  EXPECT_EQ(refusal(oci()),
            "invalid: " + oci_dir.dir().string() + " holds several images: name one, as in oci:PATH:TAG");
  EXPECT_EQ(refusal(oci("ghost")), "not_found: there is no image of that tag in " + oci_dir.dir().string());
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
  EXPECT_EQ(refusal("oci:" + ghost), "not_found: there is no " + ghost);
  EXPECT_EQ(refusal("oci-archive:" + ghost), "not_found: there is no " + ghost);
  EXPECT_EQ(refusal("oci:" + file),
            "invalid: " + file + " is no directory: use oci-archive: or docker-archive:");
  EXPECT_EQ(refusal("oci-archive:" + dir), "invalid: " + dir + " is a directory: use oci:");
  EXPECT_EQ(refusal("oci:" + dir), "corrupt: " + dir + " is no OCI image: it has no index.json");
  EXPECT_EQ(refusal("oci-archive:" + file), "corrupt: " + file + " is no OCI image: it has no index.json");
  EXPECT_EQ(refusal("docker-archive:" + file),
            "corrupt: " + file + " is no docker-archive: it has no manifest.json");
  ASSERT_TRUE(write_file(file, "neither"));
  EXPECT_EQ(refusal("oci-archive:" + file),
            "corrupt: " + file + " is not a whole tar archive: it is damaged or cut short");
  EXPECT_EQ(refusal("docker-archive:" + file),
            "corrupt: " + file + " is not a whole tar archive: it is damaged or cut short");
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
  EXPECT_TRUE(said.starts_with("corrupt: ")) << said;
  fs::remove(blob);
  said = refusal(oci("one"));
  EXPECT_TRUE(said.starts_with("corrupt: ")) << said;
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
  EXPECT_EQ(refusal(oci("one")), "corrupt: the manifest has 1 layers, the config 0");
}

TEST_F(Pull, ArtifactIsNotAnImage) {
  auto oci_dir = layout();
  json manifest = {{"schemaVersion", 2},
                   {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                   {"config", oci_dir.put("{}", "application/vnd.cncf.helm.config.v1+json")},
                   {"layers", json::array()}};
  oci_dir.tag(oci_dir.put(manifest.dump(), "application/vnd.oci.image.manifest.v1+json"), "chart");
  EXPECT_EQ(refusal(oci("chart")),
            "unsupported: its manifest is not a container image: its config is "
            "'application/vnd.cncf.helm.config.v1+json'");
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
  EXPECT_EQ(said("dial tcp 127.0.0.1:1: connect: connection refused"),
            "unreachable: registry r.example:5000 refuses connections: check host and port");
  EXPECT_EQ(said("lookup r.example on 10.0.0.1:53: no such host"),
            "unreachable: there is no host of that name: check registry r.example:5000");
  EXPECT_EQ(
      said("x509: certificate signed by unknown authority"),
      "denied: the TLS certificate of registry r.example:5000 cannot be verified: install its CA, or pass "
      "--insecure");
  EXPECT_EQ(said("writing blob: write /b: no space left on device"),
            "no_space: no space left for its layers: free some, or use another --data directory");
  EXPECT_EQ(said("reading manifest 1: unauthorized: authentication required").substr(0, 7), "denied:");
  EXPECT_EQ(said("Digest did not match, expected sha256:a, got sha256:b").substr(0, 8), "corrupt:");
  EXPECT_EQ(said("the moon is \\x1b[31m red"),
            "io: skopeo failed: Error parsing image name \"docker://x\": the moon is x1b[31m red");
}

}  // namespace
}  // namespace assay
