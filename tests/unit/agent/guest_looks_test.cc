// guest_looks: the files that stand for processors, memory, firmware and network devices; and that no link of
// an image's leads their mounts astray.
#include "agent/guest_looks.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class GuestLooks : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* place : {"rootfs/sys/devices/system", "rootfs/sys/class", "looks"})
      fs::create_directories(dir_.path() / place);
  }
  std::vector<LooksMount> write(const GuestMachine& machine) {
    auto mounts = write_guest_looks(dir_.path() / "looks", dir_.path() / "rootfs", machine);
    EXPECT_TRUE(mounts) << mounts.error().what;
    return mounts ? *mounts : std::vector<LooksMount>();
  }
  std::string read(const std::string& path) {
    auto text = read_file(dir_.path() / "looks" / path, 65536);
    return text ? *text : "none: " + text.error().what;
  }
  std::string places(const std::vector<LooksMount>& mounts) {
    std::string out;
    for (const auto& [host, guest] : mounts) out += guest + " ";
    return out;
  }
  TempDir dir_;
};

GuestMachine machine(unsigned processors) {
  GuestMachine out;
  out.processors = processors;
  out.memory_bytes = 8ull << 30;
  out.seed = "scan-1";
  out.mac = "02:42:ac:11:00:02";
  return out;
}

TEST_F(GuestLooks, ProcessorsFormOnePackageAsTheSentrysCpuinfoSays) {
  EXPECT_EQ(places(write(machine(40))), "/sys/devices/system /sys/class ");
  EXPECT_EQ(read("system/cpu/online"), "0-39\n");
  EXPECT_EQ(read("system/cpu/cpu33/topology/core_id"), "33\n");
  EXPECT_EQ(read("system/cpu/cpu33/topology/thread_siblings"), "00000002,00000000\n");
  EXPECT_EQ(read("system/cpu/cpu33/topology/core_siblings"), "000000ff,ffffffff\n");
  EXPECT_EQ(read("system/cpu/cpu33/cache/index0/shared_cpu_list"), "33\n");
  EXPECT_EQ(read("system/cpu/cpu33/cache/index3/shared_cpu_list"), "0-39\n");
  EXPECT_EQ(read("system/node/node0/cpulist"), "0-39\n");
  EXPECT_NE(read("system/node/node0/meminfo").find("MemTotal:       8388608 kB"), std::string::npos);
}

TEST_F(GuestLooks, ASingleProcessorIsNoRange) {
  write(machine(1));
  EXPECT_EQ(read("system/cpu/online"), "0\n");
  EXPECT_EQ(read("system/cpu/cpu0/topology/core_cpus"), "00000001\n");
  EXPECT_FALSE(fs::exists(dir_.path() / "looks/system/cpu/cpu0/online"));
}

TEST_F(GuestLooks, FirmwareFollowsThePersona) {
  std::set<std::string> products;
  for (Persona persona : {Persona::bare, Persona::ci, Persona::cloud}) {
    fs::remove_all(dir_.path() / "looks");
    fs::create_directories(dir_.path() / "looks");
    GuestMachine m = machine(2);
    m.persona = persona;
    write(m);
    products.insert(read("class/dmi/id/sys_vendor") + read("class/dmi/id/product_name"));
  }
  EXPECT_EQ(products, (std::set<std::string>{"Dell Inc.\nPowerEdge R650\n", "Amazon EC2\nm7i.xlarge\n",
                                             "Microsoft Corporation\nVirtual Machine\n"}));
}

TEST_F(GuestLooks, AnyUserMayReadAllButSerialNumbersAndNobodyWrites) {
  write(machine(2));
  std::string secret;
  for (const auto& entry : fs::recursive_directory_iterator(dir_.path() / "looks")) {
    struct stat st {};
    ASSERT_EQ(::stat(entry.path().c_str(), &st), 0);
    mode_t mode = st.st_mode & 07777;
    if (entry.is_directory())
      EXPECT_EQ(mode, 0755u) << entry.path();
    else if (mode == 0400)
      secret += entry.path().filename().string() + " ";
    else
      EXPECT_EQ(mode, 0444u) << entry.path();
  }
  EXPECT_TRUE(secret == "product_uuid product_serial " || secret == "product_serial product_uuid ") << secret;
}

TEST_F(GuestLooks, WithoutANetworkThereIsOnlyTheLoopbackDevice) {
  GuestMachine m = machine(2);
  write(m);
  EXPECT_EQ(read("class/net/eth0/address"), "02:42:ac:11:00:02\n");
  fs::remove_all(dir_.path() / "looks");
  fs::create_directories(dir_.path() / "looks");
  m.mac.clear();
  write(m);
  EXPECT_FALSE(fs::exists(dir_.path() / "looks/class/net/eth0"));
  EXPECT_TRUE(fs::exists(dir_.path() / "looks/class/net/lo"));
}

TEST_F(GuestLooks, WhatTheImageHasInTheirPlaceIsLeftAlone) {
  fs::path sys = dir_.path() / "rootfs/sys";
  fs::remove_all(sys / "class");
  fs::create_directory_symlink("/etc", sys / "class");
  EXPECT_EQ(places(write(machine(2))), "/sys/devices/system ");
  fs::remove_all(sys / "devices");
  ASSERT_TRUE(write_file(sys / "devices", "a file"));
  EXPECT_EQ(places(write(machine(2))), "");
}

TEST(ResolverLines, AreThePersonas) {
  EXPECT_EQ(resolver_lines(Persona::bare, {}), "");
  EXPECT_EQ(resolver_lines(Persona::kubernetes, {}),
            "search production.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n");
  EXPECT_EQ(resolver_lines(Persona::cloud, {"A=b", "AWS_REGION=eu-west-1"}),
            "search eu-west-1.compute.internal\n");
  EXPECT_EQ(resolver_lines(Persona::cloud, {"AWS_REGION=us-east-1"}), "search ec2.internal\n");
}

}  // namespace
}  // namespace assay
