// Which hierarchies a mountinfo shows; and, with root, a real group: its limits, its members, its end.
#include "agent/cgroup.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "common/process.h"
#include "tests/support.h"

namespace assay {
namespace {

std::string render(const std::vector<CgroupMount>& mounts) {
  std::string out;
  for (const CgroupMount& mount : mounts) {
    out += mount.dir + (mount.v2 ? " v2" : " v1");
    for (const std::string& controller : mount.controllers) out += " " + controller;
    out += "\n";
  }
  return out;
}

TEST(CgroupMounts, HybridShowsEachControllerAndTheUnifiedOne) {
  EXPECT_EQ(
      render(parse_cgroup_mounts(
          "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
          "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
          "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
          "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
          "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n")),
      "/sys/fs/cgroup/cpu,cpuacct v1 cpu cpuacct\n"
      "/sys/fs/cgroup/memory v1 memory\n"
      "/sys/fs/cgroup/systemd v1 name=systemd\n"
      "/sys/fs/cgroup/unified v2\n");
}

TEST(CgroupMounts, HierarchyMountedTwiceCountsOnce) {
  EXPECT_EQ(render(parse_cgroup_mounts(
                "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
                "99 23 0:26 / /mnt/with\\040space rw - cgroup2 cgroup2 rw\n")),
            "/sys/fs/cgroup v2\n");
}

TEST(CgroupMounts, PathsAreUnescaped) {
  EXPECT_EQ(render(parse_cgroup_mounts("99 23 0:26 / /mnt/with\\040space rw - cgroup2 cgroup2 rw\n")),
            "/mnt/with space v2\n");
}

TEST(CgroupMounts, ShortAndForeignLinesAreSkipped) {
  EXPECT_EQ(render(parse_cgroup_mounts(
                "\n1\n1 2 3 4 5 -\n1 2 0:1 / /x rw - cgroup2\n1 2 0:1 / / rw - ext4 /dev/root rw\n")),
            "");
}

TEST(FullStall, IsTheTotalOfTheFullLine) {
  EXPECT_EQ(full_stall_ns("some avg10=0.00 avg60=0.30 avg300=2.19 total=15302595\n"
                          "full avg10=0.00 avg60=0.13 avg300=0.96 total=7149523\n"),
            7'149'523'000u);
  EXPECT_EQ(full_stall_ns("some avg10=0.00 avg60=0.30 avg300=2.19 total=15302595\n"), 0u);
  EXPECT_EQ(full_stall_ns(""), 0u);
  EXPECT_EQ(full_stall_ns("full avg10=0.00 total=many"), 0u);
}

class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    auto mounts = cgroup_mounts();
    bool usable = ::geteuid() == 0 && mounts && !mounts->empty();
    ASSAY_NEED(usable, "root and a cgroup hierarchy");
  }
  std::string name_ = "assay/unit-" + std::to_string(::getpid()) + "/scan";
};

Result<Child> sleeper_in(const Cgroup& cgroup) {
  Command command;
  command.argv = {"sleep", "600"};
  command.cgroup_procs_fds = cgroup.procs_fds();
  return spawn(command);
}

TEST_F(CgroupTest, MembersDieAndDirectoriesGoWithIt) {
  std::string dir;
  auto child = Result<Child>(Error{Errc::io, ""});
  {
    auto cgroup = Cgroup::create(name_, {});
    ASSERT_TRUE(cgroup) << cgroup.error().what;
    child = sleeper_in(*cgroup);
    ASSERT_TRUE(child) << child.error().what;
    auto membership = read_file("/proc/" + std::to_string(child->pid()) + "/cgroup", 1 << 16);
    ASSERT_TRUE(membership);
    EXPECT_NE(membership->find("/" + name_ + "\n"), std::string::npos);
  }
  auto status = child->wait_until(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->shell_code(), 128 + 9);
  auto mounts = cgroup_mounts();
  ASSERT_TRUE(mounts);
  for (const CgroupMount& mount : *mounts)
    EXPECT_FALSE(std::filesystem::exists(mount.dir + "/" + name_.substr(0, name_.rfind('/')))) << mount.dir;
}

TEST_F(CgroupTest, StarvesWhereOthersTakeTheProcessor) {
  ASSAY_NEED(std::filesystem::exists("/proc/pressure/cpu"), "a kernel with pressure stall information");
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  auto cgroup = Cgroup::create(name_, {});
  ASSERT_TRUE(cgroup) << cgroup.error().what;
  Command busy;
  busy.argv = {"sh", "-c", "while :; do :; done"};
  auto other = spawn(busy);
  busy.cgroup_procs_fds = cgroup->procs_fds();
  auto member = spawn(busy);
  ASSERT_TRUE(other && member);
  for (const Child* child : {&*other, &*member})
    ASSERT_EQ(::sched_setaffinity(child->pid(), sizeof first, &first), 0);
  auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (cgroup->starved_ns() < 100'000'000 && std::chrono::steady_clock::now() < patience) ::usleep(50'000);
  EXPECT_GE(cgroup->starved_ns(), 100'000'000u);
}

TEST_F(CgroupTest, RemovesWhatTheRuntimeMadeBelow) {
  auto mounts = cgroup_mounts();
  ASSERT_TRUE(mounts);
  {
    auto cgroup = Cgroup::create(name_, {});
    ASSERT_TRUE(cgroup) << cgroup.error().what;
    for (const CgroupMount& mount : *mounts)
      std::filesystem::create_directories(mount.dir + "/" + name_ + "/a/b");
  }
  for (const CgroupMount& mount : *mounts)
    EXPECT_FALSE(std::filesystem::exists(mount.dir + "/" + name_)) << mount.dir;
}

TEST_F(CgroupTest, LimitsAreInForce) {
  auto cgroup = Cgroup::create(name_, {.memory_bytes = 64 << 20, .cpus = 0.5, .pids = 17});
  ASSERT_TRUE(cgroup) << cgroup.error().what;
  auto mounts = cgroup_mounts();
  ASSERT_TRUE(mounts);
  std::string found;
  for (const char* file : {"memory.limit_in_bytes", "memory.max", "pids.max", "cpu.cfs_quota_us", "cpu.max"})
    for (const CgroupMount& mount : *mounts)
      if (auto text = read_file(mount.dir + "/" + name_ + "/" + file, 4096)) found += *text;
  EXPECT_TRUE(found == "67108864\n17\n50000\n" || found == "67108864\n17\n50000 100000\n") << found;
}

// The kernel's file handle of a cgroup v2 directory is the id that BPF programs see.
TEST_F(CgroupTest, IdIsTheUnifiedDirectorysHandle) {
  auto cgroup = Cgroup::create(name_, {});
  ASSERT_TRUE(cgroup) << cgroup.error().what;
  auto mounts = cgroup_mounts();
  ASSERT_TRUE(mounts);
  uint64_t id = 0;
  for (const CgroupMount& mount : *mounts) {
    if (!mount.v2) continue;
    alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof id> bytes{};
    auto* handle = reinterpret_cast<file_handle*>(bytes.data());
    handle->handle_bytes = sizeof id;
    int mount_id = 0;
    ASSERT_EQ(::name_to_handle_at(AT_FDCWD, (mount.dir + "/" + name_).c_str(), handle, &mount_id, 0), 0);
    std::memcpy(&id, bytes.data() + sizeof(file_handle), sizeof id);
  }
  EXPECT_EQ(cgroup->id(), id);
}

TEST_F(CgroupTest, SameNameTwiceIsRefusedAndTheFirstLives) {
  auto first = Cgroup::create(name_, {});
  ASSERT_TRUE(first) << first.error().what;
  auto second = Cgroup::create(name_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::invalid);
  auto child = sleeper_in(*first);
  EXPECT_TRUE(child) << child.error().what;
}

}  // namespace
}  // namespace assay
