// Both planes against each other over a real runsc, and the strings of calls that systrap has patched.
#include "tests/bpf/guest_run.h"

namespace assay {
namespace {

std::string concealed(const GuestRun& run) {
  std::string out;
  for (const auto& e : run.all(EventKind::guard, Source::witness))
    out += e.name + " " + e.call + " " + e.path + "\n";
  return out;
}

TEST(CrossCheck, EveryWitnessedCallIsReported) {
  ASSAY_REQUIRE_HOST();
  for (const char* verb :
       {"files", "danger", "open", "ids", "sockets", "unix", "selfdelete", "memfd", "search"}) {
    auto run = run_guest({verb, "/run/x.sock"});
    EXPECT_EQ(concealed(run), "") << verb;
    std::string detail = run.count(Source::witness).detail;
    EXPECT_NE(detail.find(" calls cross-checked"), std::string::npos) << detail;
    EXPECT_EQ(detail.find("prove nothing"), std::string::npos) << verb << ": " << detail;
  }
}

TEST(CrossCheck, CallThatTheSentryKeepsToItselfIsConcealed) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"linger"}, {.silence = "unlink"});
  EXPECT_EQ(concealed(run), "unreported unlink /tmp/c\n");
  Event guard = run.find(EventKind::guard, "unlink", Source::witness);
  EXPECT_EQ(guard.plane, Plane::host);
  EXPECT_GT(guard.host_tid, 0);
  EXPECT_EQ(guard.pid, 0);
  EXPECT_EQ(concealed(run_guest({"linger"}, {.silence = "rename"})), "unreported rename /tmp/a\n");
  EXPECT_EQ(concealed(run_guest({"linger"}, {.silence = "openat"})), "unreported openat /tmp/a\n");
}

TEST(Strace, CallsOfALoopHaveTheirPaths) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"loop", "200"});
  std::string expected, seen;
  for (int i = 0; i < 200; ++i) {
    std::string from = "/tmp/from" + std::to_string(i), to = "/tmp/to" + std::to_string(i);
    expected += "mkdir " + from + "\nchmod " + from + "\nutimensat " + from + "\nrename " + from + " " + to +
                "\nunlinkat " + to + "\n";
  }
  for (const auto& e : run.all(EventKind::syscall))
    seen += e.call + " " + e.path + (e.path2.empty() ? "" : " " + e.path2) + "\n";
  EXPECT_EQ(seen, expected);
  const auto& strace = run.count(Source::strace);
  EXPECT_EQ(strace.seen, 1000u) << strace.detail << ": with the guest's own exec or prctl, if any";
  EXPECT_EQ(strace.lost, 0u) << strace.detail;
}

TEST(Strace, FailedExecsOfASearchAreSeenWithTheirPaths) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"search"});
  std::string seen;
  for (const auto& e : run.all(EventKind::syscall)) {
    if (e.call != "execve") continue;
    seen += e.path + " " + std::to_string(e.error);
    for (const auto& item : e.argv) seen += " " + item;
    seen += "\n";
  }
  EXPECT_EQ(seen,
            "/usr/local/bin/tool 2 tool --flag\n/usr/bin/tool 2 tool --flag\n/bin/tool 2 tool --flag\n");
}

// gVisor drops a point with a string that is no UTF-8, and counts nothing: neither a name nor a directory may
// hide a process.
TEST(Seccheck, NamesThatAreNoUtf8HideNothing) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"unsayable"});
  std::string seen;
  for (const auto& e : run.events) {
    if (e.plane != Plane::guest) continue;
    bool file =
        e.kind == EventKind::syscall && (e.call == "unlink" || e.call == "mkdir" || e.call == "rmdir");
    if (file || e.kind == EventKind::open || e.kind == EventKind::clone || e.kind == EventKind::exec)
      seen += std::string(to_string(e.kind)) + " " + e.call + " " + e.path + "\n";
  }
  std::string odd = "\xef\xbf\xbd";  // as the log replaces what is no UTF-8
  EXPECT_EQ(seen, "syscall unlink /tmp/" + odd + "\nsyscall unlink /tmp/named\nopen openat /etc/motd\n" +
                      "syscall mkdir /tmp/" + odd + "\nsyscall rmdir /tmp/placed\nopen openat /etc/motd\n" +
                      "clone  \nexec execve /bin/guest\n");
  Event exec = run.find(EventKind::exec);
  EXPECT_EQ(exec.pid, 2);
  EXPECT_EQ(exec.argv, (std::vector<std::string>{"\xfe\xff", "nothing"}));
  EXPECT_EQ(concealed(run), "");
}

}  // namespace
}  // namespace assay
