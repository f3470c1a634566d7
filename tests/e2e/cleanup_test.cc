// An agent dies by SIGKILL in the middle of a scan; the next one finds nothing of it when it has cleaned up,
// and a living one keeps all.
#include "agent/cleanup.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "agent/world.h"
#include "tests/e2e/chamber.h"

namespace assay::chamber {
namespace {

constexpr const char* kGuest = R"(
#include <stdio.h>
#include <unistd.h>
int main(void) {
  for (int i = 0; i < 3; ++i) if (fork() == 0) for (;;) pause();
  puts("up");
  fflush(stdout);
  for (;;) pause();
}
)";

// In the child: an agent with a scan under way. Writes its instance to `tell` and waits to be killed.
[[noreturn]] void be_an_agent(const fs::path& base, const fs::path& guest, int tell) {
  auto stop = [](const std::string& why) {
    std::fprintf(stderr, "agent: %s\n", why.c_str());
    ::_exit(1);
  };
  auto dir = RunDir::create(base);
  if (!dir) stop(dir.error().what);
  auto network = Network::create();
  if (!network) stop(network.error().what);
  auto cgroup = Cgroup::create("assay/" + dir->instance() + "/scan", {});
  if (!cgroup) stop(cgroup.error().what);
  auto world = World::start(*network, lure::Lures{}, {}, 0);
  if (!world) stop(world.error().what);
  // As the agent's rootfs does, but without a mount namespace of its own: the worst case.
  fs::path mounted = dir->path() / "upper";
  fs::create_directory(mounted);
  if (::mount("tmpfs", mounted.c_str(), "tmpfs", 0, "size=1m") != 0) stop("mount");
  Bundle bundle(dir->path() / "bundle");
  fs::copy_file(guest, bundle.rootfs() / "guest");
  if (!bundle.configure({"/guest"}, network->guest_ns_path())) stop("configure");
  SandboxConfig config;
  config.id = "scan-" + dir->instance();
  config.bundle_dir = bundle.dir();
  config.runtime_root = dir->path() / "runsc";
  config.cgroup = &*cgroup;
  auto sandbox = Sandbox::start(config);
  if (!sandbox) stop(sandbox.error().what);
  if (read_output(sandbox->stdout_fd(), "up\n", seconds(20)) != "up\n")
    stop("guest: " + sandbox->runtime_error());
  (void)write_all(tell, dir->instance(), "pipe");
  for (;;) ::pause();
}

TEST(Cleanup, KilledAgentLeavesNothingAfterTheNextStart) {
  REQUIRE_HOST();
  TempDir temp;
  fs::path base = temp.path() / "run";
  Bundle bundle(temp.path() / "bundle");
  ASSERT_TRUE(bundle.add_guest(kGuest));

  auto living = RunDir::create(base);
  ASSERT_TRUE(living) << living.error().what;
  auto living_cgroup = Cgroup::create("assay/" + living->instance() + "/scan", {});
  ASSERT_TRUE(living_cgroup) << living_cgroup.error().what;
  Command sleeper;
  sleeper.argv = {"sleep", "600"};
  sleeper.cgroup_procs_fds = living_cgroup->procs_fds();
  auto sleeping = spawn(sleeper);
  ASSERT_TRUE(sleeping) << sleeping.error().what;

  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) be_an_agent(base, bundle.rootfs() / "guest", write_end.get());
  write_end.reset();
  char buffer[64];
  ssize_t n = ::read(read_end.get(), buffer, sizeof buffer);
  std::string instance(buffer, n > 0 ? static_cast<size_t>(n) : 0);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ASSERT_NE(instance, "");
  EXPECT_NE(left_behind(instance, base / instance / "runsc"),
            "");  // state and directories stay until somebody cleans up

  auto count = clean_up_dead_agents(base);
  ASSERT_TRUE(count) << count.error().what;
  EXPECT_EQ(count->instances, 1u);
  EXPECT_EQ(count->mounts, 1u);
  // We are the subreaper of the dead agent's processes: their zombies are ours to reap.
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  EXPECT_EQ(left_behind(instance, base / instance / "runsc"), "");
  EXPECT_FALSE(fs::exists(base / instance));

  EXPECT_TRUE(fs::exists(living->path()));
  EXPECT_TRUE(sleeping->running() && !sleeping->wait_until(steady_clock::now()));
  EXPECT_NE(left_behind(living->instance(), base / living->instance() / "runsc").find("cgroup"),
            std::string::npos);
}

}  // namespace
}  // namespace assay::chamber
