// The runtime config of an image: users, environment, argv; and that the real runsc runs it as it says.
#include "agent/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/rootfs.h"
#include "common/process.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Bundle : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root() / "etc");
    ASSERT_TRUE(write_file(root() / "etc/passwd",
                           "root:x:0:0:root:/root:/bin/sh\nbroken "
                           "line\nbad:x:no:1::/:/bin/sh\nwww:x:33:34:Web:/var/www:/bin/sh\n"
                           "1234:x:77:78::/num:/bin/sh\nnohome:x:5:5:::/bin/sh\n"));
    ASSERT_TRUE(write_file(root() / "etc/group",
                           "root:x:0:\nwww:x:34:\nadm:x:4:www,other\nssl:x:9:www\ndocker:x:999:wwwx\n"));
    image_.cmd = {"/bin/run"};
  }
  fs::path root() const { return dir_.path() / "root"; }
  std::string init(const std::string& user) {
    image_.user = user;
    auto out = init_process(image_, root());
    if (!out) return std::string(to_string(out.error().code)) + ": " + out.error().what;
    std::string text = std::to_string(out->uid) + ":" + std::to_string(out->gid);
    for (uint32_t group : out->groups) text += "," + std::to_string(group);
    return text + " " + out->env.back();
  }
  test::TempDir dir_;
  ImageConfig image_;
};

TEST_F(Bundle, UserIsResolvedAsDockerDoes) {
  EXPECT_EQ(init(""), "0:0 HOME=/root");
  EXPECT_EQ(init("www"), "33:34,4,9 HOME=/var/www");
  EXPECT_EQ(init("33"), "33:34,4,9 HOME=/var/www");
  EXPECT_EQ(init("www:adm"), "33:4 HOME=/var/www");
  EXPECT_EQ(init("www:1234"), "33:1234 HOME=/var/www");
  EXPECT_EQ(init("4000"), "4000:0 HOME=/");
  EXPECT_EQ(init("4000:4001"), "4000:4001 HOME=/");
  EXPECT_EQ(init("1234"), "77:78 HOME=/num");
  EXPECT_EQ(init("nohome"), "5:5 HOME=/");
  EXPECT_EQ(init(":adm"), "0:4 HOME=/root");
}

TEST_F(Bundle, UnknownUserNamesTheImagesField) {
  EXPECT_EQ(init("ghost"),
            "invalid: the image's User 'ghost' names a user 'ghost' that its /etc/passwd does not have");
  EXPECT_EQ(
      init("www:ghosts"),
      "invalid: the image's User 'www:ghosts' names a group 'ghosts' that its /etc/group does not have");
  EXPECT_TRUE(init("99999999999").starts_with("invalid: "));
  EXPECT_TRUE(init("-1").starts_with("invalid: "));
}

TEST_F(Bundle, PasswdIsReadInsideTheImageOnly) {
  ASSERT_TRUE(write_file(dir_.path() / "passwd", "outside:x:1:1::/:\n"));
  fs::remove(root() / "etc/passwd");
  fs::create_symlink("../../passwd", root() / "etc/passwd");
  EXPECT_TRUE(init("outside").starts_with("invalid: "));
  fs::remove(root() / "etc/passwd");
  fs::create_symlink("/etc/real", root() / "etc/passwd");  // within the image: fine
  ASSERT_TRUE(write_file(root() / "etc/real", "inside:x:8:8::/:\n"));
  EXPECT_EQ(init("inside"), "8:8 HOME=/");
  fs::remove(root() / "etc/passwd");
  ASSERT_EQ(::mkfifo((root() / "etc/passwd").c_str(), 0600), 0);  // must not block
  EXPECT_EQ(init("7"), "7:0 HOME=/");
  fs::remove(root() / "etc/passwd");
  ASSERT_TRUE(write_file(root() / "etc/passwd", std::string(5 << 20, 'x')));
  EXPECT_TRUE(init("7").starts_with("limit: the image's etc/passwd holds more than"));
}

TEST_F(Bundle, EntrypointAndCmdAreJoined) {
  image_.entrypoint = {"/e", "1"};
  image_.cmd = {"2"};
  auto out = init_process(image_, root());
  ASSERT_TRUE(out);
  EXPECT_EQ(out->argv, (std::vector<std::string>{"/e", "1", "2"}));
}

TEST_F(Bundle, NothingToRunNamesTheFields) {
  image_.cmd.clear();
  EXPECT_EQ(init(""),
            "invalid: the image says nothing to run: neither Entrypoint nor Cmd is set in its config");
  image_.cmd = {""};
  EXPECT_EQ(init(""),
            "invalid: the image's Entrypoint and Cmd begin with an empty string instead of a program");
}

TEST_F(Bundle, EnvironmentIsCompletedButNeverOverridden) {
  image_.env = {"A=1", "nonsense", "=x", "A=2", "HOME=/h"};
  auto out = init_process(image_, root());
  ASSERT_TRUE(out);
  EXPECT_EQ(out->env,
            (std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                      "A=2", "HOME=/h"}));
  image_.env = {"PATH=/x", "HOSTNAME=own"};
  out = init_process(image_, root());
  ASSERT_TRUE(out);
  EXPECT_EQ(out->env, (std::vector<std::string>{"PATH=/x", "HOSTNAME=own", "HOME=/root"}));
  json config = json::parse(runtime_config(image_, *out, {.rootfs = "/r", .hostname = "box"}));
  EXPECT_EQ(config["process"]["env"], json({"PATH=/x", "HOSTNAME=own", "HOME=/root"}));
}

TEST_F(Bundle, WorkingDirectoryIsAlwaysAbsoluteAndClean) {
  for (auto [given, expected] : std::map<std::string, std::string>{{"", "/"},
                                                                   {"/", "/"},
                                                                   {"//", "/"},
                                                                   {"srv", "/srv"},
                                                                   {"/a/../b/./c/", "/b/c"},
                                                                   {"../../x", "/x"},
                                                                   {"..", "/"}}) {
    image_.working_dir = given;
    auto out = init_process(image_, root());
    ASSERT_TRUE(out);
    EXPECT_EQ(out->cwd, expected) << given;
  }
  image_.working_dir = "app";
  EXPECT_EQ(mount_points(image_), (std::vector<std::string>{"/proc/", "/dev/", "/sys/", "/etc/resolv.conf",
                                                            "/etc/hosts", "/etc/hostname", "/tmp/",
                                                            "/sys/devices/system/", "/sys/class/", "/app/"}));
}

TEST_F(Bundle, ConfigHasDockersCapabilitiesAndNoneHeldByOthersThanRoot) {
  image_.user = "www";
  auto init = init_process(image_, root());
  ASSERT_TRUE(init);
  json config = json::parse(runtime_config(
      image_, *init,
      {.rootfs = "/r", .hostname = "box", .net_ns_path = "/proc/1/fd/9", .memory_bytes = 1 << 30}));
  json process = config["process"];
  EXPECT_EQ(process["capabilities"]["bounding"].size(), 14u);
  EXPECT_EQ(process["capabilities"]["effective"], json::array());
  EXPECT_EQ(process["capabilities"]["permitted"], json::array());
  EXPECT_EQ(process["user"], json({{"uid", 33}, {"gid", 34}, {"umask", 18}, {"additionalGids", {4, 9}}}));
  EXPECT_EQ(process["noNewPrivileges"], false);
  EXPECT_EQ(process["terminal"], false);
  EXPECT_EQ(process["rlimits"], json::parse(R"([{"type":"RLIMIT_NOFILE","hard":1048576,"soft":1048576}])"));
  EXPECT_EQ(
      config["linux"]["namespaces"],
      json::parse(
          R"([{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"network","path":"/proc/1/fd/9"}])"));
  EXPECT_EQ(config["linux"]["resources"]["memory"]["limit"], 1 << 30);
  EXPECT_EQ(config["root"], json({{"path", "/r"}, {"readonly", false}}));
  for (const json& mount : config["mounts"]) EXPECT_NE(mount["destination"], "/tmp");
}

// Under the real runtime, without a network: the host's shell and libraries serve as the image.
class BundleRun : public Bundle {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    ASSAY_NEED(find_program("runsc"), "runsc");
    Bundle::SetUp();
    for (const char* dir : {"bin", "lib", "lib64"}) {
      if (!fs::is_symlink(fs::path("/") / dir)) continue;
      fs::create_directories(root() / "usr" / dir);
      fs::copy_symlink(fs::path("/") / dir, root() / dir);
    }
    auto copied = test::run_program(
        {"sh", "-c",
         "for f in /bin/sh /usr/bin/id /usr/bin/env /usr/bin/cat /usr/bin/grep $(ldd /bin/sh /usr/bin/id "
         "/usr/bin/grep | "
         "grep -o '/[^ :]*' | sort -u); do mkdir -p \"$1$(dirname $f)\"; cp -L $f \"$1$f\"; done",
         "sh", root().string()});
    ASSERT_TRUE(copied);
    ASSERT_EQ(copied->status.code, 0) << copied->err;
  }
  // What the image prints when it is run.
  std::string run_image(const std::string& hostname = "box") {
    auto rootfs = Rootfs::mount({root()}, dir_.path() / "scan", {}, mount_points(image_));
    EXPECT_TRUE(rootfs) << rootfs.error().what;
    auto init = init_process(image_, rootfs->image());
    EXPECT_TRUE(init) << init.error().what;
    fs::path bundle = dir_.path() / "bundle", etc = dir_.path() / "etc";
    fs::create_directories(bundle);
    fs::create_directories(etc);
    EXPECT_TRUE(write_file(etc / "resolv.conf", "nameserver 192.0.2.1\n"));
    EXPECT_TRUE(write_file(etc / "hosts", "127.0.0.1 localhost\n"));
    EXPECT_TRUE(write_file(etc / "hostname", hostname + "\n"));
    EXPECT_TRUE(write_file(
        bundle / "config.json",
        runtime_config(image_, *init, {.rootfs = rootfs->merged(), .hostname = hostname, .etc_dir = etc})));
    std::string id = "bundle-test-" + std::to_string(::getpid());
    auto out = test::run_program({"runsc", "--root", (dir_.path() / "runsc").string(), "--platform=systrap",
                                  "--network=none", "--overlay2=none", "--ignore-cgroups", "--net-raw", "run",
                                  "--bundle", bundle.string(), id});
    EXPECT_TRUE(out) << out.error().what;
    for (const auto& entry : fs::directory_iterator(rootfs->upper()))
      left_ += entry.path().filename().string() + " ";
    return out ? out->out + out->err : "";
  }
  std::string left_;  // names in upper after the run
};

TEST_F(BundleRun, RootHasDockersCapabilitiesMountsAndFiles) {
  image_.entrypoint = {"sh", "-c"};
  image_.cmd = {
      "id; pwd; grep Cap /proc/self/status; cat /etc/resolv.conf /etc/hostname; echo $HOSTNAME $HOME; ulimit "
      "-n; echo x >/dev/null && echo dev; echo x >/sys/x || echo ro"};
  image_.working_dir = "srv/app";
  std::string said = run_image();
  EXPECT_TRUE(
      said.starts_with("uid=0(root) gid=0(root) groups=0(root)\n/srv/app\nCapInh:\t0000000000000000\n"))
      << said;
  EXPECT_NE(said.find("CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n"), std::string::npos) << said;
  EXPECT_NE(said.find("nameserver 192.0.2.1\nbox\nbox /root\n1048576\ndev\n"), std::string::npos) << said;
  EXPECT_NE(said.find("ro\n"), std::string::npos) << said;
  EXPECT_EQ(left_, "");  // the stubs keep the runtime's own mount points out of upper
}

TEST_F(BundleRun, TmpIsPartOfTheRootSoThatWhatIsDroppedThereIsLeftBehind) {
  image_.cmd = {"sh", "-c", "echo payload >/tmp/x; cat /tmp/x"};
  EXPECT_EQ(run_image(), "payload\n");
  EXPECT_EQ(left_, "tmp ");
}

TEST_F(BundleRun, TmpThatIsASymbolicLinkLeadsNowhereOnTheHost) {
  fs::create_directory(dir_.path() / "host");
  fs::create_symlink(dir_.path() / "host", root() / "tmp");
  image_.cmd = {"sh", "-c", "echo payload >/tmp/x"};
  run_image();
  EXPECT_TRUE(fs::is_empty(dir_.path() / "host"));
}

TEST_F(BundleRun, WorkingDirectoryThatTheImageLacksIsMade) {
  fs::create_directories(root() / "run");
  fs::create_directories(root() / "var");
  fs::create_symlink("/run", root() / "var/run");
  for (std::string dir : {"/a/b", "/var/run/c"}) {
    image_.working_dir = dir;
    image_.cmd = {"sh", "-c", "pwd -P"};
    EXPECT_EQ(run_image(), dir == "/a/b" ? "/a/b\n" : "/run/c\n");
  }
}

TEST_F(BundleRun, OtherUsersHoldNoCapabilitiesAndTheirGroups) {
  image_.user = "www";
  image_.cmd = {"sh", "-c", "id; grep -E 'CapEff|CapBnd' /proc/self/status; echo $HOME"};
  std::string said = run_image();
  EXPECT_TRUE(said.starts_with("uid=33(www) gid=34(www) groups=34(www),4(adm),9(ssl)\n")) << said;
  EXPECT_NE(said.find("CapEff:\t0000000000000000\nCapBnd:\t00000000a80425fb\n"), std::string::npos) << said;
  EXPECT_NE(said.find("/var/www\n"), std::string::npos) << said;
}

}  // namespace
}  // namespace assay
