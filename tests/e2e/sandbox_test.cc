// The sandbox with the real runsc: starts, says why it cannot, passes signals, is stopped, and leaves
// nothing.
#include "tests/e2e/chamber.h"

#include <signal.h>

namespace assay::chamber {
namespace {

constexpr const char* kGuest = R"(
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void on_term(int n) { (void)n; _exit(7); }
int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "hello")) { puts("out"); fflush(stdout); fputs("err\n", stderr); return 3; }
  if (!strcmp(what, "stdout")) {
    int fd = open("/proc/self/fd/1", O_WRONLY);
    if (fd < 0) { perror("open"); return 1; }
    dprintf(fd, "again as %d\n", (int)getuid());
    return 0;
  }
  if (!strcmp(what, "term")) signal(SIGTERM, on_term);
  if (!strcmp(what, "eat")) {
    puts("up"); fflush(stdout);
    for (;;) { char* p = malloc(1 << 20); if (!p) return 5; memset(p, 7, 1 << 20); }
  }
  if (!strcmp(what, "forks")) for (int i = 0; i < 5; ++i) if (fork() == 0) for (;;) pause();
  puts("up"); fflush(stdout);
  for (;;) pause();
}
)";

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_HOST();
    id_ = temp_.path().filename().string();
    ASSERT_TRUE(bundle_.add_guest(kGuest));
    auto cgroup = Cgroup::create("assay/" + id_ + "/scan", limits_);
    ASSERT_TRUE(cgroup) << cgroup.error().what;
    cgroup_ = std::move(*cgroup);
  }
  Result<Sandbox> start(const std::vector<std::string>& argv, unsigned uid = 0) {
    ASSAY_CHECK(bundle_.configure(argv, "", uid));
    SandboxConfig config;
    config.id = id_;
    config.bundle_dir = bundle_.dir();
    config.runtime_root = root();
    config.network = false;
    config.cgroup = &*cgroup_;
    return Sandbox::start(config);
  }
  fs::path root() const { return temp_.path() / "runsc"; }

  TempDir temp_;
  Bundle bundle_{temp_.path() / "bundle"};
  std::string id_;
  CgroupLimits limits_{.memory_bytes = 256 << 20, .cpus = 0, .pids = 512};
  std::optional<Cgroup> cgroup_;
};

TEST_F(SandboxTest, RunsToItsEndWithItsOutputAndStatus) {
  auto begin = steady_clock::now();
  auto sandbox = start({"/guest", "hello"});
  ASSERT_TRUE(sandbox) << sandbox.error().what;
  EXPECT_EQ(read_output(sandbox->stdout_fd(), "out\n", seconds(20)), "out\n");
  auto first_byte = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
  RecordProperty("first_byte_ms", static_cast<int>(first_byte.count()));
  EXPECT_EQ(read_output(sandbox->stderr_fd(), "", seconds(20)), "err\n");
  auto status = wait_for_end(*sandbox, seconds(20));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->shell_code(), 3);
  EXPECT_EQ(sandbox->runtime_error(), "");
  EXPECT_GT(cgroup_->memory_peak_bytes(), 1u << 20);
  EXPECT_GT(cgroup_->cpu_ns(), 1'000'000u);
  EXPECT_EQ(left_behind(id_ + "/scan", root()).find("process"), std::string::npos);
}

TEST_F(SandboxTest, SaysWhyTheEntrypointCannotStart) {
  ASSERT_TRUE(write_file(bundle_.rootfs() / "text", "just text\n", 0755));
  ASSERT_TRUE(write_file(bundle_.rootfs() / "locked", "#!/guest\n", 0644));
  ASSERT_TRUE(write_file(bundle_.rootfs() / "script", "#!/no/such/shell\n", 0755));
  std::string said;
  for (const char* entrypoint : {"/nothing", "nothing", "/text", "/locked", "/script"}) {
    auto sandbox = start({entrypoint});
    ASSERT_TRUE(sandbox) << sandbox.error().what;
    auto status = wait_for_end(*sandbox, seconds(20));
    ASSERT_TRUE(status);
    said += std::to_string(status->shell_code()) + " " + sandbox->runtime_error() + "\n";
    fs::remove(bundle_.dir() / "runsc.log");
  }
  EXPECT_EQ(said,
            "128 failed to load /nothing: no such file or directory\n"
            "128 error finding executable \"nothing\" in PATH [/]: no such file or directory\n"
            "128 failed to load /text: exec format error\n"
            "128 failed to load /locked: permission denied\n"
            "128 failed to load /script: no such file or directory\n");
}

TEST_F(SandboxTest, DeliversTheStopSignal) {
  auto sandbox = start({"/guest", "term"});
  ASSERT_TRUE(sandbox) << sandbox.error().what;
  ASSERT_EQ(read_output(sandbox->stdout_fd(), "up\n", seconds(20)), "up\n");
  EXPECT_FALSE(sandbox->ended());
  auto begin = steady_clock::now();
  sandbox->signal(SIGTERM);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(500));  // the caller's loop must not stand still
  auto status = wait_for_end(*sandbox, seconds(20));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->shell_code(), 7);
}

TEST_F(SandboxTest, UnprivilegedGuestMayOpenItsOutputAnew) {
  auto sandbox = start({"/guest", "stdout"}, 1000);
  ASSERT_TRUE(sandbox) << sandbox.error().what;
  EXPECT_EQ(read_output(sandbox->stdout_fd(), "\n", seconds(20)), "again as 1000\n")
      << read_output(sandbox->stderr_fd(), "", seconds(5));
}

TEST_F(SandboxTest, StoppedInTheMiddleLeavesNothing) {
  {
    auto sandbox = start({"/guest", "forks"});
    ASSERT_TRUE(sandbox) << sandbox.error().what;
    ASSERT_EQ(read_output(sandbox->stdout_fd(), "up\n", seconds(20)), "up\n");
    EXPECT_NE(left_behind(id_, root()), "");  // the look itself works
  }
  cgroup_.reset();
  EXPECT_EQ(left_behind(id_, root()), "");
}

TEST_F(SandboxTest, DestroyedBeforeItIsUpLeavesNothing) {
  for (int wait_ms : {0, 20, 60}) {
    auto sandbox = start({"/guest", "forks"});
    ASSERT_TRUE(sandbox) << sandbox.error().what;
    wait_for_end(*sandbox, milliseconds(wait_ms));
  }
  cgroup_.reset();
  EXPECT_EQ(left_behind(id_, root()), "");
}

TEST_F(SandboxTest, GuestThatEatsMemoryIsStoppedByItsLimit) {
  auto sandbox = start({"/guest", "eat"});
  ASSERT_TRUE(sandbox) << sandbox.error().what;
  ASSERT_EQ(read_output(sandbox->stdout_fd(), "up\n", seconds(20)), "up\n");
  auto status = wait_for_end(*sandbox, seconds(60));
  ASSERT_TRUE(status);
  EXPECT_NE(status->shell_code(), 0);
  EXPECT_GT(cgroup_->oom_kills(), 0u);
  // The kernel lets a dying task go over by a few pages.
  EXPECT_LE(cgroup_->memory_peak_bytes(), limits_.memory_bytes + (1u << 20));
}

}  // namespace
}  // namespace assay::chamber
