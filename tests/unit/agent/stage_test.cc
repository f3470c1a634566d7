// What is laid out before a guest starts: above hostile and ordinary images, for each persona.
#include "agent/stage/stage.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <set>

#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class StageTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED(::geteuid() == 0, "root, to give files to others");
    for (const char* dir : {"etc", "run", "var", "home/app", "root"}) fs::create_directories(image_ / dir);
    ASSERT_TRUE(write_file(image_ / "etc/passwd",
                           "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"
                           "db:x:70:70::/var/lib/db:/bin/sh\n"));
    fs::create_directory_symlink("/run", image_ / "var/run");
    config_.user = "app";
  }
  Result<Stage> set(StageOptions options) {
    fs::create_directories(dir_.path() / "stage");
    return set_stage(config_, image_, dir_.path() / "stage", options);
  }
  // Every file of the layer: mode, owner, path.
  static std::set<std::string> files(const Stage& stage) {
    std::set<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(stage.layer)) {
      struct stat s {};
      EXPECT_EQ(::lstat(entry.path().c_str(), &s), 0);
      char mode[16];
      std::snprintf(mode, sizeof mode, "%o", s.st_mode & 07777u);
      if (!S_ISDIR(s.st_mode))
        out.insert(std::string(mode) + " " + std::to_string(s.st_uid) + ":" + std::to_string(s.st_gid) +
                   " /" + entry.path().lexically_relative(stage.layer).string());
    }
    return out;
  }
  static bool has_env(const Stage& stage, const std::string& name) {
    return std::any_of(stage.env.begin(), stage.env.end(),
                       [&](const auto& v) { return v.starts_with(name + "="); });
  }

  TempDir dir_;
  fs::path image_ = dir_.path() / "image";
  ImageConfig config_;
};

TEST_F(StageTest, PlantsInTheHomesOfRootAndOfTheImagesUser) {
  auto stage = set({Persona::bare, true, "4f1d2c3b5a69"});
  ASSERT_TRUE(stage) << stage.error().what;
  auto there = files(*stage);
  for (const char* name :
       {".aws/credentials", ".aws/config", ".ssh/id_ed25519", ".ssh/known_hosts", ".npmrc", ".pypirc",
        ".netrc", ".git-credentials", ".kube/config", ".docker/config.json",
        ".config/gcloud/application_default_credentials.json", ".azure/msal_token_cache.json",
        ".config/gh/hosts.yml", ".config/glab-cli/config.yml", ".pgpass", ".vault-token",
        ".terraform.d/credentials.tfrc.json"}) {
    EXPECT_TRUE(there.contains(std::string("600 0:0 /root/") + name)) << name;
    EXPECT_TRUE(there.contains(std::string("600 1000:1001 /home/app/") + name)) << name;
  }
  EXPECT_TRUE(there.contains("644 0:0 /root/.ssh/id_ed25519.pub"));
  struct stat s {};
  ASSERT_EQ(::stat((stage->layer / "home/app/.ssh").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777u, 0700u);
  EXPECT_EQ(s.st_uid, 1000u);
  // Every token in a file holds what its file says.
  for (const lure::Token& token : stage->lures.tokens) {
    if (!token.place.starts_with('/') || token.kind.ends_with("_socket")) continue;
    auto text = read_file(stage->layer / fs::path(token.place).relative_path(), 1 << 20);
    ASSERT_TRUE(text) << token.place;
    EXPECT_EQ(*text, token.text);
  }
  for (const char* name : {"CI", "AWS_SECRET_ACCESS_KEY", "KUBERNETES_SERVICE_HOST"})
    EXPECT_FALSE(has_env(*stage, name)) << name;
}

TEST_F(StageTest, LeavesADaemonsDataDirectoryAlone) {
  config_.user = "db";
  fs::create_directories(image_ / "var/lib/db");
  auto stage = set({Persona::bare, true, ""});
  ASSERT_TRUE(stage) << stage.error().what;
  EXPECT_FALSE(fs::exists(stage->layer / "var"));
}

TEST_F(StageTest, NeverReplacesWhatTheImageHas) {
  ASSERT_TRUE(write_file(image_ / "root/.npmrc", "fund=false\n"));
  ASSERT_TRUE(write_file(image_ / "root/.kube", "a file where a directory is needed"));
  fs::create_directory_symlink("/root/.aws", image_ / "root/.aws");  // in circles
  ASSERT_TRUE(write_file(image_ / "run/docker.sock", ""));
  config_.env = {"NPM_TOKEN=own"};
  auto stage = set({Persona::ci, true, ""});
  ASSERT_TRUE(stage) << stage.error().what;
  for (const char* name : {"root/.npmrc", "root/.kube", "root/.aws", "run/docker.sock"})
    EXPECT_FALSE(fs::exists(fs::symlink_status(stage->layer / name))) << name;
  for (const char* id :
       {"npm:/root/.npmrc", "kube_config:/root/.kube/config", "aws_key:/root/.aws/credentials",
        "npm:env:NPM_TOKEN", "docker_socket:/var/run/docker.sock"})
    EXPECT_EQ(stage->lures.find(id), nullptr) << id;
  EXPECT_NE(stage->lures.find("npm:/home/app/.npmrc"), nullptr);
  EXPECT_FALSE(has_env(*stage, "NPM_TOKEN"));
}

TEST_F(StageTest, APodHasAServiceAccountBehindTheImagesOwnLinks) {
  auto stage = set({Persona::kubernetes, true, "web-1"});
  ASSERT_TRUE(stage) << stage.error().what;
  auto there = files(*stage);
  for (const char* name : {"token", "ca.crt", "namespace"})
    EXPECT_TRUE(there.contains(std::string("644 0:0 /run/secrets/kubernetes.io/serviceaccount/") + name))
        << name;
  auto ca = read_file(stage->layer / "run/secrets/kubernetes.io/serviceaccount/ca.crt", 1 << 16);
  ASSERT_TRUE(ca);
  EXPECT_EQ(*ca, stage->lures.authority_cert);
  EXPECT_TRUE(has_env(*stage, "KUBERNETES_SERVICE_HOST"));
  EXPECT_TRUE(stage->sockets.empty());
}

TEST_F(StageTest, ABuildsEnvironmentHoldsTokens) {
  auto stage = set({Persona::ci, true, ""});
  ASSERT_TRUE(stage) << stage.error().what;
  for (const char* name : {"CI", "GITHUB_ACTIONS", "GITHUB_TOKEN", "GITLAB_CI", "NPM_TOKEN",
                           "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SLACK_BOT_TOKEN"})
    EXPECT_TRUE(has_env(*stage, name)) << name;
  const lure::Token* token = stage->lures.find("github:env:GITHUB_TOKEN");
  ASSERT_NE(token, nullptr);
  EXPECT_NE(std::find(stage->env.begin(), stage->env.end(), "GITHUB_TOKEN=" + token->text), stage->env.end());
}

TEST_F(StageTest, ACloudsEnvironmentNamesItsServices) {
  auto stage = set({Persona::cloud, true, ""});
  ASSERT_TRUE(stage) << stage.error().what;
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION",
                           "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "ECS_CONTAINER_METADATA_URI_V4"})
    EXPECT_TRUE(has_env(*stage, name)) << name;
}

TEST_F(StageTest, DecoySocketsListenWhereverTheirDirectoryIs) {
  // Longer than a socket's address may be.
  fs::path deep = dir_.path() / std::string(60, 'a') / std::string(60, 'b');
  fs::create_directories(deep);
  auto stage = set_stage(config_, image_, deep, {Persona::bare, true, ""});
  ASSERT_TRUE(stage) << stage.error().what;
  ASSERT_EQ(stage->sockets.size(), 2u);
  EXPECT_EQ(stage->sockets[0].name, "docker.sock");
  EXPECT_EQ(stage->sockets[0].guest_path, "/run/docker.sock");
  EXPECT_EQ(stage->sockets[1].guest_path, "/run/containerd/containerd.sock");
  EXPECT_TRUE(fs::is_regular_file(stage->layer / "run/docker.sock"));
  for (const DecoySocket& socket : stage->sockets) {
    fs::current_path(socket.host_path.parent_path());  // for a short address
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string name = socket.host_path.filename();
    std::copy(name.begin(), name.end(), address.sun_path);
    Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    Fd server(::accept4(socket.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(server);
  }
  fs::current_path("/");
}

TEST_F(StageTest, WithoutANetworkNobodyAnswers) {
  auto stage = set({Persona::bare, false, ""});
  ASSERT_TRUE(stage) << stage.error().what;
  EXPECT_TRUE(stage->sockets.empty());
  EXPECT_TRUE(stage->lures.authority_cert.empty());
  EXPECT_EQ(stage->lures.of_kind("docker_socket"), nullptr);
  EXPECT_NE(stage->lures.of_kind("aws_key"), nullptr);
}

TEST_F(StageTest, NoTwoScansShareAToken) {
  auto one = set({Persona::bare, false, ""});
  fs::remove_all(dir_.path() / "stage");
  auto two = set({Persona::bare, false, ""});
  ASSERT_TRUE(one && two);
  for (const lure::Token& token : one->lures.tokens)
    for (const std::string& value : token.values)
      EXPECT_EQ(two->lures.find(token.id)->text.find(value), std::string::npos) << token.id;
}

}  // namespace
}  // namespace assay
