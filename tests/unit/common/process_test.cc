// Children on the real kernel: which step failed, what they inherit, what is captured, and that none outlives
// us.
#include "common/process.h"
#include "tests/support.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace assay {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  return command;
}

Command program(const std::string& name) {
  Command command;
  command.argv = {name};
  return command;
}

std::string str(const Result<Output>& output) {
  if (!output) return std::string(to_string(output.error().code)) + ": " + output.error().what;
  return std::to_string(output->status.shell_code()) + " out=" + output->out + " err=" + output->err;
}

TEST(Process, RunsToItsEndAndCapturesBothStreams) {
  EXPECT_EQ(str(run(shell("echo a; echo b >&2; exit 3"), 10s)), "3 out=a\n err=b\n");
  EXPECT_EQ(str(run(shell("kill -TERM $$"), 10s)), "143 out= err=");
}

TEST(Process, StdinIsEmptyUnlessGiven) {
  EXPECT_EQ(str(run(shell("cat; echo end"), 10s)), "0 out=end\n err=");
}

TEST(Process, CapturesUpToItsLimitAndDrainsTheRest) {
  auto output = run(shell("head -c 300000 /dev/zero | tr '\\0' x; echo done >&2"), 10s, 1000);
  EXPECT_EQ(str(output), "0 out=" + std::string(1000, 'x') + " err=done\n");
}

TEST(Process, NamesTheProgramThatIsMissing) {
  EXPECT_EQ(str(run(program("no-such-program"), 1s)), "not_found: no program 'no-such-program' in PATH");
  EXPECT_EQ(str(run(program("/no/such"), 1s)), "not_found: program /no/such: No such file or directory");
  EXPECT_EQ(str(run(program("/usr"), 1s)), "not_found: program /usr: not a program");
  EXPECT_EQ(find_program("").error().code, Errc::not_found);
  EXPECT_EQ(*find_program("/bin/sh"), "/bin/sh");
}

TEST(Process, NamesTheStepThatFailed) {
  Command command = shell("true");
  command.keep_fds = {{9999, 5}};
  EXPECT_EQ(str(run(command, 1s)), "io: cannot pass descriptors to sh: Bad file descriptor");
  command = shell("true");
  Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  command.net_ns_fd = file.get();
  EXPECT_EQ(str(run(command, 1s)), "io: cannot enter the network namespace of sh: Invalid argument");
  command = shell("true");
  command.cgroup_procs_fds = {file.get()};
  EXPECT_EQ(str(run(command, 1s)), "io: cannot join the cgroup of sh: Bad file descriptor");
}

TEST(Process, NamesExecWhenTheFileIsNoProgram) {
  char name[] = "/tmp/assay-test-XXXXXX";
  {
    Fd file(::mkstemp(name));
    ASSERT_TRUE(write_all(file.get(),
                          "\x7f"
                          "ELF",
                          name));
    ::fchmod(file.get(), 0755);
  }
  EXPECT_EQ(str(run(program(name), 1s)), "io: cannot exec " + std::string(name) + ": Exec format error");
  ::unlink(name);
}

TEST(Process, TimeoutKillsTheChild) {
  Command command = shell("echo $$; exec sleep 100");
  auto start = steady_clock::now();
  auto output = run(command, 300ms);
  EXPECT_EQ(str(output), "timeout: sh took longer than 300 ms");
  EXPECT_LT(steady_clock::now() - start, 20s);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Process, CancelKillsTheChild) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  EXPECT_EQ(str(run(shell("exec sleep 100"), 60s, 1000, read_end.get())), "cancelled: sh was cancelled");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Process, CancelWorksAfterTheChildClosedItsOutput) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  std::thread later([&] {
    // The shell closes its streams at once; cancelling may come before or after.
    [[maybe_unused]] ssize_t n = ::write(write_end.get(), "x", 1);
  });
  EXPECT_EQ(str(run(shell("exec >&- 2>&-; exec sleep 100"), 60s, 1000, read_end.get())),
            "cancelled: sh was cancelled");
  later.join();
}

TEST(Process, DoesNotWaitForGrandchildrenThatHoldThePipes) {
  // The grandchild ends when its stdin, the pipe of ours, is closed.
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  Command command = shell("cat <&5 & echo started");
  command.keep_fds = {{read_end.get(), 5}};
  EXPECT_EQ(str(run(command, 30s)), "0 out=started\n err=");
}

TEST(Process, InheritsOnlyWhatItIsGiven) {
  Fd stray(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  Fd kept(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Command command = shell("ls /proc/self/fd | tr '\\n' ' '");
  command.keep_fds = {{kept.get(), 7}};
  // 3 is ls's own, on the directory.
  EXPECT_EQ(str(run(command, 10s)), "0 out=0 1 2 3 7  err=");
}

TEST(Process, TargetsMayOverlapSources) {
  int a[2], b[2];
  ASSERT_EQ(::pipe2(a, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(b, O_CLOEXEC), 0);
  Fd a_read(a[0]), a_write(a[1]), b_read(b[0]), b_write(b[1]);
  ASSERT_TRUE(write_all(a_write.get(), "A", "pipe"));
  ASSERT_TRUE(write_all(b_write.get(), "B", "pipe"));
  Command command;
  command.argv = {
      "bash", "-c",
      "head -c1 <&" + std::to_string(b_read.get()) + "; head -c1 <&" + std::to_string(a_read.get())};
  command.keep_fds = {{a_read.get(), b_read.get()}, {b_read.get(), a_read.get()}};  // swapped
  EXPECT_EQ(str(run(command, 10s)), "0 out=AB err=");
}

TEST(Process, EnvironmentIsWhatIsGiven) {
  Command command;
  command.argv = {"env"};
  command.env = std::vector<std::string>{"A=1", "B=two words"};
  EXPECT_EQ(str(run(command, 10s)), "0 out=A=1\nB=two words\n err=");
}

TEST(Process, SignalsAreAtTheirDefaults) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto output = run(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\n\\t'"), 10s);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(str(output), "0 out=SigBlk:0000000000000000SigIgn:0000000000000000 err=");
}

TEST(Process, DestructorKillsAndReaps) {
  pid_t pid;
  {
    auto child = spawn(shell("exec sleep 100"));
    ASSERT_TRUE(child) << child.error().what;
    pid = child->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(Process, WaitUntilTellsRunningFromEnded) {
  auto child = spawn(shell("exec sleep 100"));
  ASSERT_TRUE(child) << child.error().what;
  EXPECT_FALSE(child->wait_until(steady_clock::now() + 20ms));
  EXPECT_TRUE(child->running());
  child->kill(SIGKILL);
  auto status = child->wait_until(steady_clock::now() + 20s);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->shell_code(), 137);
  EXPECT_FALSE(child->running());
}

TEST(Process, MovedChildIsKilledOnce) {
  auto child = spawn(shell("exec sleep 100"));
  ASSERT_TRUE(child);
  Child other = std::move(*child);
  EXPECT_FALSE(child->running());
  EXPECT_TRUE(other.running());
  other = Child();
  EXPECT_FALSE(other.running());
}

// A middle process spawns a grandchild, tells its pid, and is killed: the grandchild dies with it.
TEST(Process, ChildDiesWithItsParent) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  pid_t middle = ::fork();
  if (middle == 0) {
    auto child = spawn(shell("exec sleep 100"));
    pid_t pid = child ? child->pid() : 0;
    [[maybe_unused]] ssize_t n = ::write(write_end.get(), &pid, sizeof pid);
    for (;;) ::pause();
  }
  pid_t grandchild = 0;
  ASSERT_EQ(::read(read_end.get(), &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
  ASSERT_GT(grandchild, 0);
  Fd pidfd(static_cast<int>(::syscall(434 /* pidfd_open */, grandchild, 0)));
  ASSERT_TRUE(pidfd);
  ::kill(middle, SIGKILL);
  ::waitpid(middle, nullptr, 0);
  pollfd p{pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&p, 1, 20'000), 1) << "the grandchild lives on";
}

TEST(Process, DropsPrivileges) {
  ASSAY_NEED(::geteuid() == 0, "root");
  Command command =
      shell("id -u; id -g; id -G; grep -E '^(Cap(Prm|Eff|Bnd)|NoNewPrivs)' /proc/self/status | tr -d '\\t'");
  command.drop_to = {{65534, 65533}};
  EXPECT_EQ(str(run(command, 10s)),
            "0 "
            "out=65534\n65533\n65533\nCapPrm:0000000000000000\nCapEff:0000000000000000\nCapBnd:"
            "0000000000000000\nNoNewPrivs:1\n err=");
}

TEST(Process, CoversDirectoriesInAMountNamespaceOfItsOwn) {
  ASSAY_NEED(::geteuid() == 0, "root");
  Command command = shell("ls -A /usr/share; touch /usr/share/x 2>/dev/null || echo read-only");
  command.new_mount_ns = true;
  command.cover = {"/usr/share"};
  EXPECT_EQ(str(run(command, 10s)), "0 out=read-only\n err=");
  EXPECT_FALSE(std::filesystem::is_empty("/usr/share"));
  command.cover = {"/no/such/directory"};
  EXPECT_EQ(str(run(command, 10s)), "not_found: cannot cover a directory for sh: No such file or directory");
}

}  // namespace
}  // namespace assay
