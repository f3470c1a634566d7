// The guard: every kind of act, caused by a process that somebody has put into the sandbox's cgroup; the same
// acts outside of it; how parts follow from descent; and a real runsc, which it never tells of.
#include "agent/trace/guard.h"

#include <bpf/libbpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <functional>

#include "agent/sandbox.h"
#include "tests/bpf/guest_run.h"

namespace assay {
namespace {

std::string version() {
  static const std::string text = must(runtime_version());
  return text;
}

// What a guard has told so far.
class Ring {
 public:
  explicit Ring(const Guard& guard) : ring_(ring_buffer__new(guard.ring_fd(), take, this, nullptr)) {}
  ~Ring() { ring_buffer__free(ring_); }
  std::vector<Event> read() {
    ring_buffer__consume(ring_);
    return std::move(events_);
  }

 private:
  static int take(void* self, void* data, size_t size) {
    auto event = decode_guard({static_cast<const char*>(data), size});
    if (event)
      static_cast<Ring*>(self)->events_.push_back(std::move(*event));
    else
      ADD_FAILURE() << event.error().what;
    return 0;
  }
  ring_buffer* ring_;
  std::vector<Event> events_;
};

using Act = std::function<void()>;

// `act` in a process whose parent is not us: what an agent has not started.
void as_a_foreigner(const Act& act) {
  pid_t between = fork();
  if (between == 0) {
    pid_t pid = fork();
    if (pid == 0) {
      act();
      _exit(0);
    }
    waitpid(pid, nullptr, 0);
    _exit(0);
  }
  waitpid(between, nullptr, 0);
}

struct Told {
  std::vector<Event> events;
  uint64_t acts = 0, lost = 0, suppressed = 0;
  std::string text() const {
    std::string out;
    for (const Event& e : events) out += e.path2 + " " + e.name + " " + e.call + " " + e.path + "\n";
    return out;
  }
};

// A cgroup under guard.
class Watch {
 public:
  Watch() { EXPECT_EQ(guard_.observing(), ""); }
  Guard& guard() { return guard_; }
  Told outside(const Act& act) {
    as_a_foreigner(act);
    return told();
  }
  Told inside(const Act& act) {
    as_a_foreigner([&] {
      if (write(procs_.get(), "0", 1) != 1) _exit(1);
      act();
    });
    return told();
  }

 private:
  Told told() { return {ring_.read(), guard_.acts(), guard_.lost(), guard_.suppressed()}; }
  TestCgroup cgroup_;
  Guard guard_ = must(Guard::open({cgroup_.id(), version(), false}));
  Ring ring_{guard_};
  Fd procs_ = cgroup_.procs();
};

long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  return syscall(number, a, b, c, d, e);
}
long at(const void* pointer) { return reinterpret_cast<long>(pointer); }

// In memory that a child has too the moment it is forked: a constant is read in when it is first used, which
// is later than the guard looks.
std::string text(const char* constant) { return constant; }

void forbid_and_call_getppid() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{4, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
  call(SYS_getppid);
}

struct Violation {
  std::string name, kind, call;
  Act act;
  std::string path = "";
  uint64_t detail = 0;
  friend void PrintTo(const Violation& v, std::ostream* out) { *out << v.name; }
};

class Violations : public testing::TestWithParam<Violation> {};

TEST_P(Violations, OfAStrangerAreToldAndOutsideOfTheGroupAreNot) {
  ASSAY_REQUIRE_HOST();
  const Violation& v = GetParam();
  Watch watch;
  Told outside = watch.outside(v.act);
  EXPECT_EQ(outside.events.size(), 0u) << outside.text();
  EXPECT_EQ(outside.acts, 0u);
  Told told = watch.inside(v.act);
  ASSERT_EQ(told.events.size(), 2u) << told.text();
  EXPECT_EQ(told.events[0].name, "cgroup") << "that it came is told of as well";
  EXPECT_EQ(told.events[0].call, "cgroup_attach");
  const Event& e = told.events[1];
  EXPECT_EQ(e.kind, EventKind::guard);
  EXPECT_EQ(e.plane, Plane::host);
  EXPECT_EQ(e.source, Source::guard);
  EXPECT_EQ(e.name, v.kind);
  EXPECT_EQ(e.call, v.call);
  EXPECT_EQ(e.path2, "stranger");
  EXPECT_EQ(e.path, v.path);
  EXPECT_EQ(e.flags, v.detail);
  EXPECT_EQ(e.uid, 0u);
  EXPECT_GT(e.host_tid, 0);
  EXPECT_GT(e.time_ns, 0);
  EXPECT_FALSE(e.comm.empty());
  EXPECT_EQ(told.acts, 2u);
  EXPECT_EQ(told.lost, 0u);
}

void new_process(unsigned long flags) {
  if (call(SYS_clone, static_cast<long>(flags | SIGCHLD)) == 0) _exit(0);
}
void new_process3(uint64_t flags) {
  uint64_t arguments[8] = {flags, 0, 0, 0, SIGCHLD, 0, 0, 0};
  if (call(SYS_clone3, at(arguments), sizeof arguments) == 0) _exit(0);
}

INSTANTIATE_TEST_SUITE_P(
    Guard, Violations,
    testing::Values(
        Violation{"exec", "exec", "execve", [] { execl("/bin/true", "true", nullptr); }, "/bin/true"},
        Violation{"runtime", "exec", "execve",
                  [] { execl(find_program("runsc")->c_str(), "runsc", "--version", nullptr); },
                  find_program("runsc") ? *find_program("runsc") : ""},
        Violation{"fork", "fork", "clone", [] { new_process(0); }},
        Violation{"fork3", "fork", "clone3", [] { new_process3(0); }},
        Violation{"setuid", "credentials", "setuid", [] { call(SYS_setuid, 0); }},
        Violation{"setgroups", "credentials", "setgroups", [] { call(SYS_setgroups, 0, 0); }},
        Violation{"capset", "credentials", "capset", [] { call(SYS_capset, 0, 0); }},
        Violation{"mount", "mount", "mount",
                  [p = text("/no-such-place")] { mount("none", p.c_str(), "tmpfs", 0, nullptr); },
                  "/no-such-place"},
        Violation{"umount", "mount", "umount2", [p = text("/no-such-place")] { umount2(p.c_str(), 0); },
                  "/no-such-place"},
        Violation{"pivotroot", "mount", "pivot_root",
                  [p = text("/a")] { call(SYS_pivot_root, at(p.c_str()), at("/b")); }, "/a"},
        Violation{"chroot", "mount", "chroot", [p = text("/proc/self")] { (void)!chroot(p.c_str()); },
                  "/proc/self"},
        Violation{"movemount", "mount", "move_mount",
                  [p = text("x")] { call(SYS_move_mount, -1, at(p.c_str()), -1, at("")); }, "x"},
        Violation{"fsopen", "mount", "fsopen", [p = text("proc")] { call(SYS_fsopen, at(p.c_str()), 0); },
                  "proc"},
        Violation{"fsmount", "mount", "fsmount", [] { call(SYS_fsmount, -1); }},
        Violation{"mountsetattr", "mount", "mount_setattr", [p = text("y")] { call(442, -1, at(p.c_str())); },
                  "y"},
        Violation{"unshare", "namespace", "unshare", [] { unshare(CLONE_NEWUTS | CLONE_FILES); }, "",
                  CLONE_NEWUTS},
        Violation{"setns", "namespace", "setns", [] { setns(-1, CLONE_NEWNET); }, "", CLONE_NEWNET},
        Violation{"clone", "namespace", "clone", [] { new_process(CLONE_NEWUTS | CLONE_NEWNET); }, "",
                  CLONE_NEWUTS | CLONE_NEWNET},
        Violation{"clone3", "namespace", "clone3", [] { new_process3(CLONE_NEWUSER); }, "", CLONE_NEWUSER},
        Violation{"initmodule", "module", "init_module", [] { call(SYS_init_module, 0, 0, at("")); }},
        Violation{"finitmodule", "module", "finit_module", [] { call(SYS_finit_module, -1, at(""), 0); }},
        Violation{"deletemodule", "module", "delete_module",
                  [p = text("no_such_module")] { call(SYS_delete_module, at(p.c_str()), 0); },
                  "no_such_module"},
        Violation{"bpf", "bpf", "bpf", [] { call(SYS_bpf, 5, 0, 0); }, "", 5},
        Violation{"ptrace", "ptrace", "ptrace", [] { ptrace(PTRACE_TRACEME, 0, 0, 0); }},
        Violation{"ptraceattach", "ptrace", "ptrace", [] { ptrace(PTRACE_SEIZE, 0x7ffffffe, 0, 0); }, "",
                  PTRACE_SEIZE},
        Violation{"processvmwritev", "ptrace", "process_vm_writev",
                  [] { call(SYS_process_vm_writev, getpid(), 0, 0, 0, 0); }},
        Violation{"pidfdgetfd", "ptrace", "pidfd_getfd", [] { call(SYS_pidfd_getfd, -1, 0, 0); }},
        Violation{"kcmp", "ptrace", "kcmp", [] { call(SYS_kcmp, 0, 0, 0); }},
        Violation{"kexec", "kernel", "kexec_load", [] { call(SYS_kexec_load, 0, 0, 0, -1); }},
        Violation{"perf", "kernel", "perf_event_open", [] { call(SYS_perf_event_open, 0, 0, -1, -1); }},
        Violation{"iouring", "kernel", "io_uring_setup", [] { call(SYS_io_uring_setup, 0, 0); }},
        Violation{"userfaultfd", "kernel", "userfaultfd", [] { call(SYS_userfaultfd, -1); }},
        Violation{"openbyhandle", "kernel", "open_by_handle_at",
                  [] { call(SYS_open_by_handle_at, -1, 0, 0); }},
        Violation{"keyctl", "kernel", "keyctl", [] { call(SYS_keyctl, -1); }},
        Violation{"seccomp", "seccomp", "getppid", forbid_and_call_getppid}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(Guard, CallByThe32BitEntryIsToldWhateverItIs) {
  ASSAY_REQUIRE_HOST();
  auto getpid32 = [] {
    long out = 20;
    asm volatile("int $0x80" : "+a"(out)::"memory", "r8", "r9", "r10", "r11");
    return out;
  };
  pid_t pid = fork();
  if (pid == 0) _exit(getpid32() == getpid() ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) GTEST_SKIP() << "this kernel has no 32-bit entry: nobody can use it";
  Told told = Watch().inside([&] { getpid32(); });
  EXPECT_EQ(told.text(), "stranger cgroup cgroup_attach \nstranger kernel compat_call \n");
}

TEST(Guard, WhoLeavesTheGroupIsTold) {
  ASSAY_REQUIRE_HOST();
  TestCgroup elsewhere;
  Fd out = elsewhere.procs();
  Told told = Watch().inside([&] { (void)!write(out.get(), "0", 1); });
  ASSERT_EQ(told.text(), "stranger cgroup cgroup_attach \nstranger cgroup cgroup_attach \n");
  EXPECT_EQ(told.events[0].flags, 0u);
  EXPECT_EQ(told.events[1].flags, 1u);
}

TEST(Guard, ManyRepeatsAreCountedAndToldAFewTimes) {
  ASSAY_REQUIRE_HOST();
  Told told = Watch().inside([] {
    for (int i = 0; i < 1000; ++i) call(SYS_setuid, 0);
  });
  EXPECT_EQ(told.acts, 1001u);
  EXPECT_EQ(told.events.size(), 1u + FARM_GUARD_REPEATS);
  EXPECT_EQ(told.suppressed, 1000u - FARM_GUARD_REPEATS);
  EXPECT_EQ(told.lost, 0u);
}

TEST(Guard, WhatIsInTheGroupWithoutHavingComeIsAStranger) {
  ASSAY_REQUIRE_HOST();
  TestCgroup cgroup;
  Fd procs = cgroup.procs();
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  pid_t pid = fork();
  if (pid == 0) {
    char byte;
    if (write(procs.get(), "0", 1) != 1 || read(go[0], &byte, 1) != 1) _exit(1);
    call(SYS_setuid, 0);
    _exit(0);
  }
  cgroup.wait_populated();
  Guard guard = must(Guard::open({cgroup.id(), version(), false}));
  Ring ring(guard);
  ASSERT_EQ(write(go[1], "x", 1), 1);
  waitpid(pid, nullptr, 0);
  Told told{ring.read()};
  EXPECT_EQ(told.text(), "stranger credentials setuid \n");
}

TEST(Guard, DetachedSeesNothing) {
  ASSAY_REQUIRE_HOST();
  Watch watch;
  watch.guard().detach();
  Told told = watch.inside([] { call(SYS_setuid, 0); });
  EXPECT_EQ(told.text(), "");
  EXPECT_EQ(told.acts, 0u);
}

// Whose programs a Command runs in the group: `runsc`, as PATH finds it.
Told told_of_our_child(std::vector<std::string> argv) {
  TestCgroup cgroup;
  Guard guard = must(Guard::open({cgroup.id(), version(), false}));
  Ring ring(guard);
  Fd procs = cgroup.procs();
  Command command;
  command.argv = std::move(argv);
  command.cgroup_procs_fds = {procs.get()};
  command.new_mount_ns = true;  // nothing of what we do to it ourselves is seen
  command.cover = {"/proc/sys/net"};
  EXPECT_EQ(must(run(command, std::chrono::seconds(20))).status.shell_code(), 0);
  return {ring.read(), guard.acts()};
}

TEST(Guard, OurChildMayExecuteTheRuntimeAndNothingElse) {
  ASSAY_REQUIRE_HOST();
  Told runtime = told_of_our_child({"runsc", "--version"});
  EXPECT_EQ(runtime.text(), "");
  EXPECT_GE(runtime.acts, 1u);
  Told other = told_of_our_child({"/bin/true"});
  EXPECT_EQ(other.text(), "launcher exec execve /bin/true\n");
}

// The runtime of tests/bpf/fake_runtime.c under the name of runsc; what it does is learned.
std::string learned_of_fake(const std::string& act) {
  static TempDir dir;
  if (!fs::exists(dir.path() / "runsc"))
    sh({"gcc", "-static", "-O1", "-o", (dir.path() / "runsc").string(),
        ASSAY_SOURCE_DIR "/tests/bpf/fake_runtime.c"});
  std::string path = std::getenv("PATH");
  setenv("PATH", (dir.path().string() + ":" + path).c_str(), 1);
  TestCgroup cgroup;
  Guard guard = must(Guard::open({cgroup.id(), "", true}));
  Fd procs = cgroup.procs();
  Command command;
  command.argv = {"runsc", "run", act};
  command.cgroup_procs_fds = {procs.get()};
  (void)must(run(command, std::chrono::seconds(20)));
  setenv("PATH", path.c_str(), 1);
  std::string out;
  for (const auto& [key, times] : guard.seen()) {
    out += guard_part_name(key.part) + (key.sealed != 0 ? " sealed " : " ") + guard_act_name(key.act) + " " +
           guard_call_name(key.call);
    if (key.act == FARM_ACT_EXEC) out += " " + guard_part_name(static_cast<uint8_t>(key.detail));
    out += " " + std::to_string(times) + "\n";
  }
  return out;
}

constexpr const char* kFakeDoes =
    "launcher exec execve runtime 1\n"
    "runtime exec execve sandbox 1\n"
    "runtime exec execve gofer 1\n"
    "runtime fork clone 2\n"
    "sandbox fork clone 2\n"
    "sandbox ptrace ptrace 1\n";
constexpr const char* kGoferAndHelperDo =
    "gofer credentials setuid 1\n"
    "helper mount umount2 1\n"
    "stub exec execve helper 1\n";

TEST(Guard, PartsFollowFromDescentAndWhatWasExecuted) {
  ASSAY_REQUIRE_HOST();
  EXPECT_EQ(learned_of_fake("nothing"), std::string(kFakeDoes) + kGoferAndHelperDo);
}

TEST(Guard, SealedSandboxCannotBecomeAnotherPart) {
  ASSAY_REQUIRE_HOST();
  EXPECT_EQ(learned_of_fake("exec-runtime"),
            std::string(kFakeDoes) + "sandbox sealed exec execve sandbox 1\n" + kGoferAndHelperDo)
      << "the name that it gives itself is not heard";
  EXPECT_EQ(learned_of_fake("exec-other"),
            std::string(kFakeDoes) + "sandbox sealed exec execve stranger 1\n" + kGoferAndHelperDo);
  EXPECT_EQ(learned_of_fake("forbidden"),
            std::string(kFakeDoes) + "sandbox sealed seccomp getppid 1\n" + kGoferAndHelperDo);
  EXPECT_EQ(learned_of_fake("mount"),
            std::string(kFakeDoes) + "sandbox sealed mount mount 1\n" + kGoferAndHelperDo);
  EXPECT_EQ(learned_of_fake("stub-exec"), std::string(kFakeDoes) + "sandbox sealed fork clone 1\n" +
                                              kGoferAndHelperDo + "stub sealed exec execve stranger 1\n");
}

TEST(Guard, RuntimeDoesNothingThatItsProfileDoesNotHold) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"danger"}, {.network = true});
  std::string told;
  for (const Event& e : run.all(EventKind::guard, Source::guard)) told += event_json(e) + "\n";
  EXPECT_EQ(told, "");
  EXPECT_GT(run.count(Source::guard).seen, 20u);
  EXPECT_EQ(run.count(Source::guard).lost, 0u);
  EXPECT_EQ(run.count(Source::guard).detail, "");
  EXPECT_TRUE(run.count(Source::guard).required);
  EXPECT_TRUE(run.count(Source::guard).attached);
}

TEST(Guard, ForeignProcessInARunningSandboxIsToldInItsTrace) {
  ASSAY_REQUIRE_HOST();
  auto meanwhile = [place = text("/no-such-place")](const TestCgroup& cgroup) {
    Fd procs = cgroup.procs();
    as_a_foreigner([&] {
      if (write(procs.get(), "0", 1) != 1) _exit(1);
      mount("none", place.c_str(), "tmpfs", 0, nullptr);
      execl("/bin/true", "true", nullptr);
    });
  };
  auto run = run_guest({"burn", "3"}, {.meanwhile = meanwhile});
  Told told{run.all(EventKind::guard, Source::guard)};
  EXPECT_EQ(told.text(),
            "stranger cgroup cgroup_attach \nstranger mount mount /no-such-place\nstranger exec execve "
            "/bin/true\n");
  for (const Event& e : told.events) {
    EXPECT_GT(e.seq, 0u);
    EXPECT_GT(e.time_ns, 0);
  }
}

TEST(Guard, UnknownReleaseIsCountedNotJudged) {
  ASSAY_REQUIRE_HOST();
  TestCgroup cgroup;
  Guard guard = must(Guard::open({cgroup.id(), "runsc version release-29991231.0", false}));
  EXPECT_NE(guard.observing().find("29991231.0"), std::string::npos) << guard.observing();
  Ring ring(guard);
  Fd procs = cgroup.procs();
  as_a_foreigner([&] {
    if (write(procs.get(), "0", 1) != 1) _exit(1);
    call(SYS_setuid, 0);
  });
  EXPECT_EQ(ring.read().size(), 0u);
  EXPECT_EQ(guard.acts(), 2u);
}

}  // namespace
}  // namespace assay
