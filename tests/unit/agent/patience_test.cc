// patience: which sleeps a run is made longer for, and which not; who is suspected of looking for a sandbox.
#include "agent/patience.h"

#include <gtest/gtest.h>

#include "agent/trace/sleeps.h"
#include "common/looks.h"
#include "common/starter.h"

namespace assay {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

// A run of 30 s that may become 120; what was granted, and why, as text.
class Story {
 public:
  explicit Story(int64_t extension_s = 90) : patience_(30 * kSecond, extension_s * kSecond) {}

  Story& at(double seconds) {
    now_ = static_cast<int64_t>(seconds * 1e9);
    return *this;
  }
  Story& start(const std::string& path) { return program(EventKind::start, 1, {path}); }
  Story& exec(int32_t pid, std::vector<std::string> argv) {
    return program(EventKind::exec, pid, std::move(argv));
  }
  Story& fork(int32_t pid, int32_t child) {
    Event e = event(EventKind::clone, pid);
    e.child_pid = e.child_tid = child;
    return note(e);
  }
  Story& exit(int32_t pid) { return note(event(EventKind::exit, pid)); }
  Story& connect(int32_t pid) {
    Event e = event(EventKind::connect, pid);
    e.dst_addr = "203.0.113.5";
    return note(e);
  }
  Story& open(int32_t pid, const std::string& path, uint64_t flags = 0) {
    Event e = event(EventKind::open, pid);
    e.path = path;
    e.flags = flags;
    return note(e);
  }
  Story& call(int32_t pid, const std::string& name, int64_t sleep_s, uint64_t first = 0) {
    Event e = event(EventKind::syscall, pid);
    e.source = Source::witness;
    e.call = name;
    e.duration_ns = sleep_s * kSecond;
    e.args[0] = first;
    return note(e);
  }
  // A shell's `sleep SECONDS`, to its end.
  Story& sleeps(int32_t shell, int32_t child, int seconds) {
    fork(shell, child).exec(child, {"sleep", std::to_string(seconds)});
    now_ += seconds * kSecond;
    return exit(child);
  }
  Story& begins_later(int seconds) {
    patience_.begins_later(seconds * kSecond);
    return *this;
  }
  std::string said() const { return said_; }
  int64_t granted() const { return patience_.granted_ns() / kSecond; }

 private:
  Event event(EventKind kind, int32_t pid) {
    Event e;
    e.kind = kind;
    e.source = Source::seccheck;
    e.pid = e.tid = pid;
    e.time_ns = now_;
    return e;
  }
  Story& program(EventKind kind, int32_t pid, std::vector<std::string> argv) {
    Event e = event(kind, pid);
    e.path = argv[0];
    e.argv = std::move(argv);
    return note(e);
  }
  Story& note(const Event& e) {
    if (auto word = patience_.note(e)) said_ += std::string(word->call) + " " + word->why + "\n";
    return *this;
  }
  Patience patience_;
  int64_t now_ = 0;
  std::string said_;
};

TEST(Patience, WaitsForASleepThatEndsBeyondTheRunAndForWhatFollows) {
  Story run;
  run.start("/bin/sh").at(1).fork(1, 2).exec(2, {"sleep", "90"});
  EXPECT_EQ(run.said(), "extended 76 s in all: a sleep of 90 s\n");
  EXPECT_EQ(run.granted(), 76);
}

TEST(Patience, TakesTheCommandAndItsSystemCallForOneSleep) {
  Story run;
  run.start("/bin/sh").at(1).fork(1, 2).exec(2, {"sleep", "90"}).call(2, "clock_nanosleep", 90);
  run.call(0, "clock_nanosleep", 90);
  EXPECT_EQ(run.said(), "extended 76 s in all: a sleep of 90 s\n");
}

TEST(Patience, ASleepWithinTheRunNeedsNoMoreTimeUnlessNoneIsLeftToAct) {
  Story run;
  run.start("/app").at(1).call(1, "nanosleep", 27);
  EXPECT_EQ(run.said(), "");
  run.at(4).call(2, "nanosleep", 25);
  EXPECT_EQ(run.granted(), 14);
}

TEST(Patience, IsNotLongerThanItsBudget) {
  Story run;
  run.start("/app").at(1).call(1, "nanosleep", 110);
  EXPECT_EQ(run.granted(), 90);
}

TEST(Patience, CountsFromWhereTheRunBegan) {
  Story run;
  run.begins_later(5).start("/bin/sh").at(6).call(1, "nanosleep", 26);  // 2 s and more before its end
  EXPECT_EQ(run.said(), "");
  run.at(7).call(2, "nanosleep", 113);  // within 35 s and 90 s more, which leaves no 15 s to act
  EXPECT_EQ(run.said(), "extended 90 s in all: a sleep of 113 s\n");
}

TEST(Patience, TellsOnceOfASleepThatOutlastsAllOfIt) {
  Story run;
  run.start("/app").at(1).call(1, "nanosleep", 3600).at(2).call(1, "poll", 7200);
  EXPECT_EQ(run.said(), "outlasted a sleep of 3600 s ends after the run and all of its extension\n");
  EXPECT_EQ(run.granted(), 0);
  Story none(0);
  none.start("/app").at(1).call(1, "nanosleep", 60);
  EXPECT_EQ(none.said(), "outlasted a sleep of 60 s ends after the run and all of its extension\n");
}

TEST(Patience, DoesNotWaitForWhoSleepsForEver) {
  Story run;
  run.start("/bin/sleep").exec(1, {"sleep", "infinity"}).exec(1, {"sleep", "1000d"});
  run.call(1, "clock_nanosleep", INT64_MAX / kSecond);
  EXPECT_EQ(run.said(), "");
}

// while :; do check; sleep 40; done
TEST(Patience, ALoopThatWorksBetweenItsSleepsIsWaitedForOnce) {
  Story run;
  run.start("/bin/sh");
  int32_t pid = 10;
  for (int i = 0; i < 5; ++i) {
    run.fork(1, pid).exec(pid, {"curl", "localhost"}).connect(pid).exit(pid);
    run.sleeps(1, pid + 1, 40);
    pid += 2;
  }
  EXPECT_EQ(run.said(), "extended 25 s in all: a sleep of 40 s\n");
  Story brief;
  brief.start("/bin/sh");
  for (int i = 0; i < 5; ++i)
    brief.fork(1, 10 + i).exec(10 + i, {"curl", "localhost"}).exit(10 + i).sleeps(1, 30 + i, 12);
  EXPECT_EQ(brief.said(), "") << "its first rounds are within the run";
}

// for i in 1 2 3...; do sleep 19; done
TEST(Patience, ALoopThatDoesNothingButSleepIsWaitedForToTheEndOfTheBudget) {
  Story run;
  run.start("/bin/sh");
  for (int i = 0; i < 6; ++i) run.sleeps(1, 10 + i, 19);
  EXPECT_EQ(run.granted(), 90);
}

TEST(Patience, AskingForTheTimeBetweenSleepsIsNoWork) {
  Story run;
  run.start("/bin/sh");
  for (int i = 0; i < 4; ++i)
    run.fork(1, 20 + i).exec(20 + i, {"/bin/date", "+%s"}).exit(20 + i).sleeps(1, 10 + i, 20);
  EXPECT_EQ(run.granted(), 65);
}

TEST(Patience, AKilledSleepLetsItsLoopBeWaitedForAsIfItHadNotSlept) {
  Story run;
  run.start("/bin/sh").fork(1, 2).exec(2, {"sleep", "60"}).at(3).exit(2);
  run.fork(1, 3).exec(3, {"curl"}).connect(3).exit(3);
  run.at(4).fork(1, 4).exec(4, {"sleep", "70"});
  EXPECT_EQ(run.granted(), 59);
}

TEST(Patience, WhatWeStartedIsNotWaitedForNorSuspected) {
  Story run;
  run.start("/app").exec(50, {std::string(kStarterPath)}).fork(50, 51).exec(51, {"/etc/cron.daily/job"});
  run.fork(51, 52).exec(52, {"sleep", "60"}).call(52, "nanosleep", 60);
  run.call(51, "syslog", 0, 3);
  EXPECT_EQ(run.said(), "");
}

TEST(Patience, AGuestThatPosesAsOursIsWaitedForAllTheSame) {
  Story run;
  run.start("/bin/sh").fork(1, 2).exec(2, {std::string(kStarterPath)}).call(2, "nanosleep", 60);
  EXPECT_EQ(run.granted(), 45);
}

TEST(Patience, WhoReadsTheKernelsLogGetsAThirdMoreOnce) {
  Story run;
  run.start("/app").call(1, "syslog", 0, 3).exec(1, {"grep", "-qi", "gVisor"});
  EXPECT_EQ(run.said(), "extended 30 s in all: it reads the kernel's log\n");
}

TEST(Patience, SeveralKindsOfLookAreSuspicious) {
  Story run;
  run.start("/app").open(1, "/proc/cpuinfo").open(1, "/proc/uptime").open(1, "/proc/self/status");
  run.open(1, "/sys/class/dmi/id/sys_vendor")
      .open(1, "/sys/class/dmi/id/product_name")
      .open(1, "/proc/version");
  EXPECT_EQ(run.said(), "");
  run.open(1, "/proc/scsi/scsi");
  EXPECT_EQ(run.said(), "extended 30 s in all: it looks for signs of a sandbox in several places\n");
}

TEST(Patience, AFurtherSandboxBeginsAnew) {
  Story run;
  run.start("/bin/sh").sleeps(1, 2, 6).fork(1, 3).exec(3, {"curl"}).exit(3);
  run.start("/bin/sh").fork(1, 2).exec(2, {"sleep", "30"});
  EXPECT_EQ(run.granted(), 21);
}

TEST(Patience, BoundsWhatItRemembers) {
  Story run;
  run.start("/app");
  for (int32_t i = 2; i < 9'000; ++i) run.fork(1, i).call(i, "nanosleep", 3 + i % 50);
  EXPECT_LE(run.granted(), 90);
}

TEST(SleepCommand, SumsItsArgumentsAsCoreutilsDoes) {
  auto of = [](std::vector<std::string> argv) { return sleep_command_ns(argv).value_or(-1) / 1'000'000; };
  EXPECT_EQ(of({"sleep", "90"}), 90'000);
  EXPECT_EQ(of({"/bin/sleep", "1m", "0.5"}), 60'500);
  EXPECT_EQ(of({"busybox", "sleep", "2h"}), 7'200'000);
  EXPECT_EQ(of({"sleep", "--", "3"}), 3000);
  EXPECT_EQ(sleep_command_ns({"sleep", "infinity"}), INT64_MAX);
  EXPECT_EQ(sleep_command_ns({"sleep", "1e300"}), INT64_MAX);
  for (const char* text : {"", "x", "-5", "5x", "nan", "--help"})
    EXPECT_EQ(sleep_command_ns({"sleep", text}), std::nullopt) << text;
  EXPECT_EQ(sleep_command_ns({"sleep"}), std::nullopt);
  EXPECT_EQ(sleep_command_ns({}), std::nullopt);
}

Event sleep_call(const std::string& call, std::array<uint64_t, 6> args) {
  Event e;
  e.kind = EventKind::syscall;
  e.plane = Plane::host;
  e.source = Source::witness;
  e.call = call;
  e.args = args;
  return e;
}
std::string two(int64_t first, int64_t second) {
  std::string out(reinterpret_cast<const char*>(&first), 8);
  return out.append(reinterpret_cast<const char*>(&second), 8);
}

TEST(Sleeps, TimesAreReadAsTheCallLaysThemOut) {
  EXPECT_EQ(sleep_time_ns(sleep_call("nanosleep", {}), two(90, 500)), 90 * kSecond + 500);
  EXPECT_EQ(sleep_time_ns(sleep_call("select", {}), two(90, 500)), 90 * kSecond + 500'000);
  EXPECT_EQ(sleep_time_ns(sleep_call("poll", {0, 0, 90'000}), ""), 90 * kSecond);
  EXPECT_EQ(sleep_time_ns(sleep_call("poll", {0, 0, UINT64_MAX}), ""), 0);
  EXPECT_EQ(sleep_time_ns(sleep_call("nanosleep", {}), two(INT64_MAX, 0)), INT64_MAX);
  EXPECT_EQ(sleep_time_ns(sleep_call("nanosleep", {}), two(-1, INT64_MIN)), 0);
  EXPECT_EQ(sleep_time_ns(sleep_call("nanosleep", {}), "short"), 0);
}

TEST(Sleeps, ATimeToSleepUntilIsMeasuredByTheGuestsClocks) {
  Sleeps sleeps(1'000'000 * kSecond);
  Event start;
  start.kind = EventKind::start;
  start.source = Source::seccheck;
  start.time_ns = 2 * kSecond;  // the sandbox's clocks begin here
  sleeps.note(start);
  auto left = [&](uint64_t clock, int64_t until) {
    Event e = sleep_call("clock_nanosleep", {clock, 1});
    e.time_ns = 5 * kSecond;
    e.duration_ns = until;
    sleeps.note(e);
    return e.duration_ns;
  };
  EXPECT_EQ(left(1, 93 * kSecond), 90 * kSecond);
  EXPECT_EQ(left(0, 1'000'095 * kSecond), 90 * kSecond);
  EXPECT_EQ(left(1, 1 * kSecond), 0);
  EXPECT_EQ(left(0, INT64_MAX), INT64_MAX);
}

TEST(Sleeps, OfAProcessThatIsAloneAreItsOwn) {
  Sleeps sleeps(0);
  auto note = [&](EventKind kind, int32_t child = 0) {
    Event e;
    e.kind = kind;
    e.source = Source::seccheck;
    e.pid = 1;
    e.child_pid = child;
    sleeps.note(e);
  };
  auto pid_of_sleep = [&] {
    Event e = sleep_call("nanosleep", {});
    sleeps.note(e);
    return e.pid;
  };
  note(EventKind::start);
  note(EventKind::clone, 1);
  EXPECT_EQ(pid_of_sleep(), 1) << "a thread is no other process";
  note(EventKind::clone, 2);
  EXPECT_EQ(pid_of_sleep(), 0);
}

TEST(Sleeps, BelongToTheProcessThatTheStubThreadWasLastSeenIn) {
  Sleeps sleeps(0);
  auto pid_of_sleep = [&] {
    Event e = sleep_call("nanosleep", {});
    e.host_tid = 700;
    sleeps.note(e);
    return e.pid;
  };
  EXPECT_EQ(pid_of_sleep(), 0);
  Event paired = sleep_call("openat", {});
  paired.host_tid = 700;
  paired.pid = 12;
  sleeps.note(paired);
  EXPECT_EQ(pid_of_sleep(), 12);
  Event look = sleep_call("access", {});
  look.host_tid = 700;
  sleeps.note(look);
  EXPECT_EQ(look.pid, 12);
  Event call = sleep_call("mount", {});
  call.host_tid = 700;
  sleeps.note(call);
  EXPECT_EQ(call.pid, 0) << "that the Sentry did not report it is a fact of its own";
  Event exec;
  exec.kind = EventKind::exec;
  exec.source = Source::seccheck;
  exec.pid = 12;
  sleeps.note(exec);
  EXPECT_EQ(pid_of_sleep(), 0) << "its address space, and with it the stub, is another";
}

TEST(Looks, HaveAKindByPathAndByCall) {
  EXPECT_EQ(look_at("/sys/class/dmi/id/product_name"), "firmware");
  EXPECT_EQ(look_at("/sys/class/net/eth0/address"), "hardware_address");
  EXPECT_EQ(look_at("/sys/class/net/eth0/mtu"), "");
  EXPECT_EQ(look_at("/proc/version"), "kernel");
  EXPECT_EQ(look_at("/proc/version_signature"), "");
  EXPECT_EQ(look_at("/.dockerenv"), "container");
  EXPECT_EQ(look_at("proc/version"), "");
  EXPECT_EQ(look_of(sleep_call("syslog", {3})), "kernel_log");
  EXPECT_EQ(look_of(sleep_call("syslog", {8})), "");
  Event look = sleep_call("access", {});
  look.path = "/.dockerenv";
  EXPECT_EQ(look_of(look), "container");
  look.call = "unlink";
  EXPECT_EQ(look_of(look), "");
}

}  // namespace
}  // namespace assay
