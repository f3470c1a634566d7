// The guest plane's calls without a schema (raw registers, joined with the witness's strings), and its
// completeness under load.
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#include "tests/bpf/guest_run.h"

namespace assay {
namespace {

TEST(Seccheck, RawCallsHaveRegistersOutcomeAndTheStringsOfTheWitness) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"danger"});
  Event mount = run.find(EventKind::syscall, "mount");
  expect_first_process(mount);
  EXPECT_EQ(mount.path, "proc");
  EXPECT_EQ(mount.path2, "/mnt");
  EXPECT_EQ(mount.args[3], static_cast<uint64_t>(MS_RDONLY));
  EXPECT_EQ(mount.error, EPERM);
  Event memfd = run.find(EventKind::syscall, "memfd_create");
  EXPECT_EQ(memfd.path, "payload");
  EXPECT_EQ(memfd.args[1], static_cast<uint64_t>(MFD_CLOEXEC));
  EXPECT_EQ(memfd.result, 3);
  EXPECT_EQ(run.find(EventKind::syscall, "ptrace").args[0], static_cast<uint64_t>(PTRACE_TRACEME));
  EXPECT_EQ(run.find(EventKind::syscall, "unshare").args[0], static_cast<uint64_t>(CLONE_NEWUSER));
  EXPECT_EQ(run.find(EventKind::syscall, "setns").error, EBADF);
  EXPECT_NE(run.find(EventKind::syscall, "bpf").error, 0);
  EXPECT_EQ(run.find(EventKind::syscall, "process_vm_writev").args[0], 77777u);
  EXPECT_EQ(run.find(EventKind::syscall, "init_module").path, "opts=1");
  EXPECT_EQ(run.find(EventKind::syscall, "prctl").args[0], 15u);
  EXPECT_EQ(run.find(EventKind::syscall, "kill").args[0], 1u);
}

TEST(Seccheck, FileCallsNameWhatTheyChange) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"files"});
  std::string seen;
  for (const auto& e : run.all(EventKind::syscall))
    seen += e.call + " " + e.path + " " + e.path2 + " " + std::to_string(e.mode) + " " +
            std::to_string(e.error) + "\n";
  EXPECT_EQ(
      seen,
      "rename /tmp/a /tmp/b 0 0\nchmod /tmp/b  2541 0\nlink /tmp/b /tmp/c 0 0\nsymlink /tmp/b /tmp/d 0 0\n"
      "mkdir /tmp/e  457 0\nrmdir /tmp/e  0 0\nunlink /tmp/c  0 0\nunlink /tmp/none  0 2\n")
      << "the second unlink comes from a call site that systrap has patched by then: runsc's log tells of it";
}

TEST(Seccheck, TwentyThousandOpensAreSeenOrCounted) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"many", "20000"});
  uint64_t opens = 0;
  for (const auto& e : run.all(EventKind::open)) opens += e.path == "/etc/motd";
  EXPECT_EQ(opens + run.count(Source::seccheck).lost, 20000u);
  EXPECT_EQ(run.count(Source::seccheck).lost, 0u) << run.count(Source::seccheck).detail;
  int64_t last = 0;
  uint64_t seq = 0;
  for (const auto& e : run.events) {
    EXPECT_EQ(e.seq, ++seq);
    EXPECT_GE(e.time_ns, last);
    last = e.time_ns;
  }
}

}  // namespace
}  // namespace assay
