// Run directories: locked while their agent lives, gone with it, and removed for it when it could not.
#include "agent/cleanup.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "agent/cgroup.h"
#include "agent/sandbox.h"
#include "common/process.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class RunDirTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "assay-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    temp_ = name;
    base_ = temp_ / "run";
  }
  void TearDown() override { fs::remove_all(temp_); }
  // An agent that dies without a word: its instance's name.
  std::string die() {
    int fds[2];
    EXPECT_EQ(::pipe(fds), 0);
    pid_t pid = ::fork();
    if (pid == 0) {
      auto dir = RunDir::create(base_);
      if (dir) (void)write_all(fds[1], dir->instance(), "pipe");
      ::_exit(0);
    }
    ::close(fds[1]);
    ::waitpid(pid, nullptr, 0);
    Fd read_end(fds[0]);
    return *read_fd(read_end.get(), 256, "pipe");
  }
  fs::path temp_, base_;
};

TEST_F(RunDirTest, IsPrivateAndGoesWithItsAgent) {
  fs::path path;
  {
    auto dir = RunDir::create(base_);
    ASSERT_TRUE(dir) << dir.error().what;
    path = dir->path();
    EXPECT_EQ(path, base_ / dir->instance());
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    ASSERT_TRUE(write_file(path / "file", "x"));
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(RunDirTest, MovedFromLeavesTheDirectoryToItsNewOwner) {
  auto dir = RunDir::create(base_);
  ASSERT_TRUE(dir);
  RunDir owner = std::move(*dir);
  { RunDir gone = std::move(*dir); }
  EXPECT_TRUE(fs::exists(owner.path()));
}

TEST_F(RunDirTest, DeadAgentsDirectoryIsRemovedAndTheLivingKept) {
  auto living = RunDir::create(base_);
  ASSERT_TRUE(living);
  std::string dead = die();
  ASSERT_TRUE(fs::exists(base_ / dead));
  auto count = clean_up_dead_agents(base_);
  ASSERT_TRUE(count) << count.error().what;
  EXPECT_EQ(count->instances, 1u);
  EXPECT_FALSE(fs::exists(base_ / dead));
  EXPECT_TRUE(fs::exists(living->path()));
}

// Whatever outlived the agent is found by its cgroup; a stranger's cgroup of the same shape is not touched.
TEST_F(RunDirTest, SurvivorsOfADeadAgentAreKilledByTheirCgroup) {
  bool usable = ::geteuid() == 0 && cgroup_mounts();
  ASSAY_NEED(usable, "root and a cgroup hierarchy");
  std::string dead = die();
  std::string others = "0000beef-" + dead.substr(9);
  auto sleep_in = [](const Cgroup& cgroup) {
    Command command;
    command.argv = {"sleep", "600"};
    command.cgroup_procs_fds = cgroup.procs_fds();
    return spawn(command);
  };
  auto left = Cgroup::create("assay/" + dead + "/scan", {});
  auto stranger = Cgroup::create("assay/" + others + "/scan", {});
  ASSERT_TRUE(left && stranger);
  auto survivor = sleep_in(*left);
  auto bystander = sleep_in(*stranger);
  ASSERT_TRUE(survivor && bystander);
  auto count = clean_up_dead_agents(base_);
  ASSERT_TRUE(count) << count.error().what;
  EXPECT_EQ(count->processes, 1u);
  EXPECT_EQ(count->cgroups, 1u);
  auto status = survivor->wait_until(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->shell_code(), 128 + 9);
  EXPECT_FALSE(bystander->wait_until(std::chrono::steady_clock::now()));
}

TEST_F(RunDirTest, WhatIsNotAnInstanceIsLeftAlone) {
  fs::create_directories(base_ / "photos");
  ASSERT_TRUE(write_file(base_ / "photos" / "cat", "x"));
  auto count = clean_up_dead_agents(base_);
  ASSERT_TRUE(count) << count.error().what;
  EXPECT_EQ(count->instances, 0u);
  EXPECT_TRUE(fs::exists(base_ / "photos" / "cat"));
}

TEST_F(RunDirTest, SymlinkInADeadDirectoryIsNotFollowed) {
  fs::create_directories(temp_ / "precious");
  ASSERT_TRUE(write_file(temp_ / "precious" / "file", "x"));
  std::string dead = die();
  fs::create_directory_symlink(temp_ / "precious", base_ / dead / "link");
  ASSERT_TRUE(clean_up_dead_agents(base_));
  EXPECT_FALSE(fs::exists(base_ / dead));
  EXPECT_TRUE(fs::exists(temp_ / "precious" / "file"));
}

TEST_F(RunDirTest, DirectoryThatCannotBeMadeIsNamedInTheError) {
  ASSERT_TRUE(write_file(temp_ / "file", "x"));
  auto dir = RunDir::create(temp_ / "file" / "run");
  ASSERT_FALSE(dir);
  EXPECT_NE(dir.error().what.find((temp_ / "file" / "run").string()), std::string::npos) << dir.error().what;
}

TEST(RuntimeVersion, DebianTwelvesOwnReleaseIsRefusedWithWhatToInstall) {
  auto refused = judge_runtime_version("runsc version 0.0~20221219.0-1+b5\nspec: 1.0.2\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_NE(refused.error().what.find("apt-get install -t bookworm-backports runsc"), std::string::npos);
}

TEST(RuntimeVersion, CurrentReleaseIsTaken) {
  auto taken = judge_runtime_version("runsc version 0.0~20240729.0\nspec: 1.0.2-dev\n");
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, "runsc version 0.0~20240729.0");
}

TEST(RuntimeVersion, AnythingElseIsNoRunsc) { EXPECT_FALSE(judge_runtime_version("hello\n")); }

TEST(RuntimeError, LastErrorWithoutItsPrefixesOnOneLine) {
  EXPECT_EQ(
      last_runtime_error(
          R"({"msg":"a warning","level":"warning","time":"t"})"
          R"({"msg":"running container: starting container: starting root container: starting sandbox: creating )"
          R"(process: failed to load /no\u001b[31m: no such file\nor directory","level":"error","time":"t"})"),
      "failed to load /no\\x1b[31m: no such file\\x0aor directory");
  EXPECT_EQ(last_runtime_error(R"({"msg":"a warning","level":"warning","time":"t"})"), "");
  EXPECT_EQ(last_runtime_error(""), "");
  EXPECT_EQ(last_runtime_error("{\"msg\""), "");
  EXPECT_EQ(last_runtime_error(R"({"msg":"of no level","level":7})"), "");
  EXPECT_EQ(last_runtime_error(R"({"msg":"no level at all"})"), "no level at all");
}

}  // namespace
}  // namespace assay
