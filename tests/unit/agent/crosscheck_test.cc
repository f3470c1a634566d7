// crosscheck: what has to match, what excuses a call that does not, and the bounds.
#include "agent/trace/crosscheck.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

Event host(const std::string& call, uint64_t argument, const std::string& path = "", int64_t at = kSecond) {
  Event e;
  e.kind = EventKind::syscall;
  e.plane = Plane::host;
  e.source = Source::witness;
  e.call = call;
  e.args[0] = argument;
  e.path = path;
  e.time_ns = at;
  e.host_tid = 99;
  return e;
}
Event guest(const std::string& call, uint64_t argument, int64_t at = kSecond + 1000) {
  Event e = host(call, argument, "", at);
  e.plane = Plane::guest;
  e.source = Source::seccheck;
  e.pid = e.tid = 7;
  e.host_tid = 0;
  return e;
}
Event guest_open(const std::string& path, int64_t at = kSecond + 1000) {
  Event e = guest("open", 0, at);
  e.kind = EventKind::open;
  e.path = path;
  return e;
}

Event of_init(EventKind kind, int64_t at) {
  Event e = guest("", 0, at);
  e.kind = kind;
  e.pid = e.tid = 1;
  return e;
}

CrossCheck cross_check() {
  CrossCheck check(
      {"unlink", "open", "openat", "accept", "mount", "dup", "seccomp", "prctl", "connect", "execve"});
  check.reported(of_init(EventKind::start, 0));
  return check;
}
std::vector<Event> finish(CrossCheck& check, uint64_t lost = 0) {
  check.reported(of_init(EventKind::exit, 60 * kSecond));
  return check.finish(60 * kSecond, lost);
}
std::string end(CrossCheck& check, uint64_t lost = 0) {
  std::string out;
  for (const Event& e : finish(check, lost))
    out += std::string(to_string(e.kind)) + " " + e.name + " " + e.call + " " + e.path + "\n";
  return out + check.text();
}

TEST(CrossCheck, ReportedCallsMatchInEitherOrder) {
  CrossCheck check = cross_check();
  check.witnessed(host("unlink", 0x10, "/a"));
  check.reported(guest("unlink", 0x10));
  check.reported(guest("mount", 0x20));
  check.witnessed(host("mount", 0x20, "proc"));
  EXPECT_EQ(check.open_calls(), "");
  EXPECT_EQ(end(check), "2 calls cross-checked");
}

TEST(CrossCheck, CallThatIsNeverReportedIsConcealed) {
  CrossCheck check = cross_check();
  check.witnessed(host("unlink", 0x10, "/etc/ld.so.preload"));
  check.reported(guest("unlink", 0x11));
  check.reported(guest("mount", 0x10));
  auto found = check.finish(60 * kSecond, 0);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, EventKind::guard);
  EXPECT_EQ(found[0].plane, Plane::host);
  EXPECT_EQ(found[0].source, Source::witness);
  EXPECT_EQ(found[0].name, "unreported");
  EXPECT_EQ(found[0].call, "unlink");
  EXPECT_EQ(found[0].path, "/etc/ld.so.preload");
  EXPECT_EQ(found[0].args[0], 0x10u);
  EXPECT_EQ(found[0].host_tid, 99);
  EXPECT_EQ(found[0].time_ns, 60 * kSecond);
  EXPECT_EQ(found[0].data,
            "the host saw this call 1000 ms into the scan, and the sandbox's kernel never reported it");
  EXPECT_EQ(check.text(), "1 calls cross-checked, 1 not reported by the sandbox");
}

TEST(CrossCheck, EachReportAnswersForOneCall) {
  CrossCheck check = cross_check();
  for (int i = 0; i < 3; ++i) check.witnessed(host("unlink", 0x10, "/a"));
  for (int i = 0; i < 2; ++i) check.reported(guest("unlink", 0x10));
  EXPECT_EQ(end(check), "guard unreported unlink /a\n3 calls cross-checked, 1 not reported by the sandbox");
}

TEST(CrossCheck, EarlierReportOfTheSameCallDoesNotAnswerForALaterOne) {
  CrossCheck check = cross_check();
  check.reported(guest("unlink", 0x10, kSecond));
  check.witnessed(host("unlink", 0x10, "/a", 5 * kSecond));
  EXPECT_EQ(check.finish(60 * kSecond, 0).size(), 1u);
}

TEST(CrossCheck, ReportOfASentryWhoseClockIsBehindAnswersForItsCall) {
  CrossCheck check = cross_check();
  check.reported(guest("unlink", 0x10, 4 * kSecond));
  check.witnessed(host("unlink", 0x10, "/a", 4 * kSecond + kSecond / 5));
  EXPECT_EQ(end(check), "1 calls cross-checked");
}

TEST(CrossCheck, CallsThatTheSentryWasNotAskedForAreLeftAlone) {
  CrossCheck check = cross_check();
  check.witnessed(host("stat", 0x10, "/a"));
  EXPECT_EQ(end(check), "0 calls cross-checked");
}

TEST(CrossCheck, CallMayStillBeUnderWayWhenItsSandboxIsKilled) {
  CrossCheck check = cross_check();
  Event accepting = host("accept", 3);
  accepting.fd = 3;
  check.witnessed(accepting);
  check.witnessed(host("unlink", 0x10, "/late", 59 * kSecond + kSecond * 3 / 4));
  EXPECT_EQ(check.finish(60 * kSecond, 0).size(), 0u);
  EXPECT_EQ(check.text(), "2 calls cross-checked, 2 cut off by its end");
  CrossCheck orderly = cross_check();
  orderly.witnessed(accepting);
  EXPECT_EQ(finish(orderly).size(), 1u)
      << "the end of the first process interrupts the call, which is reported";
}

TEST(CrossCheck, EndOfEachSandboxCounts) {
  CrossCheck check = cross_check();
  check.witnessed(host("unlink", 0x10, "/a", 9 * kSecond + kSecond * 3 / 4));
  check.sandbox_ended(10 * kSecond);
  check.witnessed(host("unlink", 0x20, "/stub", 10 * kSecond + 1));  // a stub outlives its Sentry
  check.reported(of_init(EventKind::start, 11 * kSecond));
  check.witnessed(host("unlink", 0x30, "/b", 12 * kSecond));
  check.sandbox_ended(20 * kSecond);
  EXPECT_EQ(
      end(check),
      "guard unreported unlink /b\n3 calls cross-checked, 1 not reported by the sandbox, 2 cut off by its "
      "end");
}

TEST(CrossCheck, SentryThatHangsUpIsNoExcuse) {
  CrossCheck check = cross_check();
  check.sandbox_ended(10 * kSecond);
  check.witnessed(host("unlink", 0x10, "/a", 15 * kSecond));
  EXPECT_EQ(check.finish(60 * kSecond, 0).size(), 1u);
}

TEST(CrossCheck, LossProvesNothing) {
  CrossCheck check = cross_check();
  check.witnessed(host("unlink", 0x10, "/a"));
  EXPECT_EQ(end(check, 1), "1 calls cross-checked, 1 that prove nothing");
}

TEST(CrossCheck, StringsThatGVisorCannotReportProveNothing) {
  CrossCheck check = cross_check();
  check.witnessed(host("open", 0x10, "/a\xff"));
  check.witnessed(host("open", 0x10, ""));
  check.witnessed(host("dup", 3));
  check.witnessed(host("openat", 5, "name"));  // by the path of its directory
  EXPECT_EQ(end(check), "4 calls cross-checked, 4 that prove nothing");
  CrossCheck strict = cross_check();
  strict.witnessed(host("openat", 0xffffff9c, "name"));
  strict.witnessed(host("unlink", 0x10, "/a\xff"));  // reported by its registers
  EXPECT_EQ(finish(strict).size(), 2u);
}

TEST(CrossCheck, UnreadableStringMatchesAnyOfTheSameCall) {
  CrossCheck check = cross_check();
  check.witnessed(host("open", 0x10, ""));
  check.reported(guest_open("/whatever"));
  EXPECT_EQ(check.open_calls(), "");
}

TEST(CrossCheck, StringChangedUnderWayProvesNothing) {
  CrossCheck check = cross_check();
  check.witnessed(host("open", 0x10, "/a"));
  check.reported(guest_open("/b"));
  EXPECT_NE(check.open_calls(), "");
  EXPECT_EQ(end(check), "1 calls cross-checked, 1 that prove nothing");
  CrossCheck later = cross_check();
  later.witnessed(host("open", 0x10, "/a"));
  later.reported(guest_open("/b", 9 * kSecond));
  EXPECT_EQ(finish(later).size(), 1u) << "too late to be the same call";
}

TEST(CrossCheck, GuestThatFiltersItsCallsIsNotJudgedFromThenOn) {
  CrossCheck check = cross_check();
  check.witnessed(host("unlink", 0x10, "/before"));
  check.reported(guest("seccomp", 1, 2 * kSecond));
  check.witnessed(host("unlink", 0x20, "/after", 3 * kSecond));
  EXPECT_EQ(
      end(check),
      "guard unreported unlink /before\n2 calls cross-checked, 1 not reported by the sandbox, 1 that prove "
      "nothing");
}

TEST(CrossCheck, ExecIsMatchedByItsRegisters) {
  CrossCheck check = cross_check();
  check.witnessed(host("execve", 0x10, "sh"));
  check.reported(guest("execve", 0x10));
  EXPECT_EQ(end(check), "1 calls cross-checked");
}

TEST(CrossCheck, HoldsALimitedNumberAndCountsTheRest) {
  CrossCheck check = cross_check();
  for (uint64_t i = 0; i < 20'000; ++i) check.witnessed(host("unlink", i, "/a"));
  auto found = check.finish(60 * kSecond, 0);
  EXPECT_EQ(found.size(), 32u);
  EXPECT_EQ(check.counts().unreported, 16'384u);
  EXPECT_EQ(check.counts().beyond, 20'000u - 16'384);
}

}  // namespace
}  // namespace assay
