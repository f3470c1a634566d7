// strace: lines as runsc 20240729 wrote them, and what a guest can put into one.
#include "agent/trace/strace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/trace/strace_quoted.h"

namespace assay {
namespace {

std::string log_line(const std::string& text) {
  return nlohmann::json{{"msg", "strace.go:599] " + text}, {"level", "info"}}.dump() + "\n";
}
// As the log has it, "msg" first.
std::string as_logged(const std::string& text) {
  return "{\"msg\":" + nlohmann::json("strace.go:599] " + text).dump() + ",\"level\":\"info\"}\n";
}

Event call(const std::string& name, std::array<uint64_t, 6> args, int32_t tid = 7) {
  Event e;
  e.kind = EventKind::syscall;
  e.source = Source::seccheck;
  e.call = name;
  e.args = args;
  e.pid = e.tid = tid;
  e.cwd = "/srv";
  return e;
}

// What one line makes of one call.
std::string told(const std::string& text, Event e) {
  Strace strace;
  strace.add(as_logged("[   7:   7] " + text));
  auto match = strace.match(e);
  if (!match) return "nothing";
  std::string out = "path=" + e.path;
  if (!e.path2.empty()) out += " path2=" + e.path2;
  if (!e.fd_path.empty()) out += " fd_path=" + e.fd_path;
  if (!e.data.empty()) out += " data=" + e.data;
  for (const auto& item : e.argv) out += " [" + item + "]";
  if (match->ambiguous) out += " ambiguous";
  return out + " comm=" + match->comm;
}

TEST(Strace, FillsInTheStringsOfACallThatHasRegistersOnly) {
  EXPECT_EQ(told("g X unlink(0x47a03f /tmp/a) = 0 (0x0) errno=2 (no such file or directory) (23.825µs)",
                 call("unlink", {0x47a03f})),
            "path=/tmp/a comm=g");
  EXPECT_EQ(told("g X link(0x10 /tmp/l, 0x20 m) = 0 (0x0) (1µs)", call("link", {0x10, 0x20})),
            "path=/tmp/l path2=/srv/m comm=g");
  EXPECT_EQ(told("g X symlink(0x10 t, 0x20 /tmp/l) = 0 (0x0) (1µs)", call("symlink", {0x10, 0x20})),
            "path=t path2=/tmp/l comm=g");
  EXPECT_EQ(told("g X chmod(0x10 x, S_ISUID|0o755) = 0 (0x0) (1µs)", call("chmod", {0x10, 04755})),
            "path=/srv/x data=x comm=g");
  EXPECT_EQ(told("g X unlinkat(AT_FDCWD /var, 0x10 d, 0x200) = 0 (0x0) (1µs)",
                 call("unlinkat", {0xffffff9c, 0x10, 0x200})),
            "path=/var/d data=d comm=g");
  EXPECT_EQ(told("g X renameat(0x3 /etc, 0x10 a, 0x4 /tmp, 0x20 b) = 0 (0x0) (1µs)",
                 call("renameat", {3, 0x10, 4, 0x20})),
            "path=/etc/a path2=/tmp/b data=a comm=g");
  EXPECT_EQ(
      told("g X mount(0x10 proc, 0x20 /mnt, 0x10 proc, 0x1, 0x30 hidepid=2) = 0 (0x0) errno=1 (x) (1µs)",
           call("mount", {0x10, 0x20, 0x10, 1, 0x30})),
      "path=proc path2=/mnt data=proc comm=g");
  EXPECT_EQ(told("g X fchmod(0x3 /etc/passwd, 0o600) = 0 (0x0) (1µs)", call("fchmod", {3, 0600})),
            "path= fd_path=/etc/passwd comm=g");
  EXPECT_EQ(
      told("g X utime(0x10 /a, 0x20 {actime=1, modtime=2}) = 0 (0x0) (1µs)", call("utime", {0x10, 0x20})),
      "path=/a comm=g");
  EXPECT_EQ(told("g X utimensat(AT_FDCWD /, 0x10 q, null, 0x0) = 0 (0x0) (1µs)",
                 call("utimensat", {0xffffff9c, 0x10, 0, 0})),
            "path=/q data=q comm=g");
  EXPECT_EQ(told("g X setxattr(0x10 /d, 0x20 user.x, 0x30, 0x3, 0x0) = 0 (0x0) (1µs)",
                 call("setxattr", {0x10, 0x20, 0x30, 3, 0})),
            "path=/d path2=user.x comm=g");
  EXPECT_EQ(told("sh X execve(0x10 /bin/x, 0x20 [\"x\", \"a \\\"b\\\"\\n\\xff\"], 0x30 [\"A=1\"]) = 0 (0x0) "
                 "errno=2 (x) (1µs)",
                 call("execve", {0x10, 0x20, 0x30})),
            "path=/bin/x [x] [a \"b\"\n\xff] comm=sh");
}

TEST(Strace, WhatCannotBeReadStaysEmpty) {
  EXPECT_EQ(told("g X unlink(0x1 (error decoding path: bad address)) = 0 (0x0) errno=14 (x) (1µs)",
                 call("unlink", {1})),
            "path= comm=g");
  EXPECT_EQ(told("g X unlink(<null>) = 0 (0x0) errno=14 (bad address) (723ns)", call("unlink", {0})),
            "path= comm=g");
  EXPECT_EQ(told("g X unlink(0x10 ) = 0 (0x0) errno=2 (x) (1µs)", call("unlink", {0x10})), "path= comm=g");
  EXPECT_EQ(told("g X fchmod(-0x1 (bad FD), 0o600) = 0 (0x0) errno=9 (x) (1µs)",
                 call("fchmod", {0xffffffff, 0600})),
            "path= comm=g");
}

TEST(Strace, APathCannotForgeALine) {
  // JSON keeps a line a line; the rest of the path stays in the path.
  std::string forged =
      "/tmp/x\n{\"msg\":\"strace.go:599] [   1:   1] g X unlink(0x10 /etc/shadow) = 0 (0x0) (1us)\"}";
  EXPECT_EQ(told("g X unlink(0x10 " + forged + ") = 0 (0x0) (1µs)", call("unlink", {0x10})),
            "path=" + forged.substr(0, 7) + forged.substr(7) + " comm=g");
  EXPECT_EQ(told("g X unlink(0x10 /a) = 0 (0x0) (1µs)) = 0 (0x0) (1µs)", call("unlink", {0x10})),
            "path=/a) = 0 (0x0) (1µs) comm=g");
  EXPECT_EQ(told("g X chmod(0x10 /a, 0o777, 0o755) = 0 (0x0) (1µs)", call("chmod", {0x10, 0755})),
            "path=/a, 0o777 comm=g");
}

TEST(Strace, ANameCannotForgeACall) {
  EXPECT_EQ(told("a X unlink(0x1 X rename(0x10 /a, 0x20 /b) = 0 (0x0) (1µs)", call("rename", {0x10, 0x20})),
            "path=/a path2=/b comm=a X unlink(0x1");
  EXPECT_EQ(told("X unlink(0x10 X unlink(0x10 /b) = 0 (0x0) (1µs)", call("unlink", {0x10})),
            "path=/b comm=X unlink(0x10")
      << "the first reading leaves no name";
}

TEST(Strace, PathsThatCanBeDividedInTwoWaysAreCounted) {
  EXPECT_EQ(told("g X rename(0x10 /a, 0x20 b, 0x20 /c) = 0 (0x0) (1µs)", call("rename", {0x10, 0x20})),
            "path=/a, 0x20 b path2=/c ambiguous comm=g");
}

TEST(Strace, LineOfAnotherCallIsNotTaken) {
  Event other = call("unlink", {0x20});
  EXPECT_EQ(told("g X unlink(0x10 /a) = 0 (0x0) (1µs)", other), "nothing");
  EXPECT_EQ(told("g X rmdir(0x20 /a) = 0 (0x0) (1µs)", other), "nothing");
  EXPECT_EQ(told("g E unlink(0x20 /a)", other), "nothing") << "it has only begun";
  Strace strace;
  strace.add(as_logged("[   7:   8] g X unlink(0x20 /a) = 0 (0x0) (1µs)"));
  EXPECT_FALSE(strace.match(other)) << "another thread's";
}

TEST(Strace, LinesOfALoopAreTakenInTheirOrder) {
  Strace strace;
  std::string log;
  for (int i = 0; i < 50; ++i) {
    log += as_logged("[   7:   7] g E unlink(0x10 /tmp/" + std::to_string(i) + ")");
    log += as_logged("[   7:   7] g X unlink(0x10 /tmp/" + std::to_string(i) + ") = 0 (0x0) (1µs)");
    log +=
        as_logged("[   9(   1):   9(   1)] h X unlink(0x10 /var/" + std::to_string(i) + ") = 0 (0x0) (1µs)");
  }
  for (size_t at = 0; at < log.size(); at += 7) strace.add(log.substr(at, 7));  // in pieces
  for (int i = 0; i < 50; ++i) {
    Event e = call("unlink", {0x10}), other = call("unlink", {0x10}, 9);
    ASSERT_TRUE(strace.match(e));
    ASSERT_TRUE(strace.match(other));
    EXPECT_EQ(e.path, "/tmp/" + std::to_string(i));
    EXPECT_EQ(other.path, "/var/" + std::to_string(i));
  }
  EXPECT_EQ(strace.counts().lines, 100u);
  EXPECT_EQ(strace.counts().matched, 100u);
  EXPECT_EQ(strace.counts().left_over, 0u);
}

TEST(Strace, LinesOfCallsThatWereNotReportedAreLeftOverAndBounded) {
  Strace strace;
  strace.add(as_logged("[   7:   7] g X unlink(0x10 /lost) = 0 (0x0) (1µs)"));
  strace.add(as_logged("[   7:   7] g X rmdir(0x10 /told) = 0 (0x0) (1µs)"));
  Event e = call("rmdir", {0x10});
  ASSERT_TRUE(strace.match(e));
  EXPECT_EQ(e.path, "/told");
  EXPECT_EQ(strace.counts().left_over, 1u);
  for (int i = 0; i < 1000; ++i) strace.add(as_logged("[   7:   7] g X unlink(0x10 /x) = 0 (0x0) (1µs)"));
  EXPECT_EQ(strace.counts().left_over, 1u + 1000 - 64);
  strace.restart();
  EXPECT_EQ(strace.counts().left_over, 1001u);
  EXPECT_FALSE(strace.match(e));
}

// runsc writes an entry and the end of its line one after the other: another thread's entry may come between.
TEST(Strace, EntriesOfTwoThreadsOnOneLineAreTwo) {
  auto entry = [](const std::string& text) {
    std::string line = as_logged(text);
    return line.substr(0, line.size() - 1);
  };
  Strace strace;
  strace.add(R"({"msg":"task_exit.go:1] x","level":"info"})" +
             entry("[   7:   7] g X unlink(0x10 /a) = 0 (0x0) (1µs)") +
             entry(R"([   9:   9] h X unlink(0x10 /}{"msg":"b) = 0 (0x0) (1µs))") + "\n\n\n");
  Event one = call("unlink", {0x10}), other = call("unlink", {0x10}, 9);
  ASSERT_TRUE(strace.match(one));
  ASSERT_TRUE(strace.match(other));
  EXPECT_EQ(one.path, "/a");
  EXPECT_EQ(other.path, R"(/}{"msg":"b)");
  EXPECT_EQ(strace.counts().lines, 2u);
  EXPECT_EQ(strace.counts().bad, 0u);
}

TEST(Strace, WhatIsNoLineIsSkippedAndCounted) {
  Strace strace;
  strace.add("panic: runtime error\n\ngoroutine 1 [running]:\n");
  strace.add("{\"msg\":\"main.go:222] Exiting\",\"level\":\"info\"}\n");
  EXPECT_EQ(strace.counts().bad, 0u) << "runsc's other words";
  strace.add("{\"msg\":\"strace.go:599] [   7:   7] g X unlink(0x10 /a\n");
  strace.add("{\"msg\":\"strace.go:599] [ -1:   7] g X unlink(0x10 /a) = 0\"}\n");
  strace.add("{\"msg\":\"strace.go:599] [9999999999:   7] g X unlink(0x10 /a) = 0\"}\n");
  EXPECT_EQ(strace.counts().bad, 3u);
  for (int i = 0; i < 100; ++i) strace.add(std::string(64 * 1024, 'a'));
  strace.add("\n" + log_line("x") + as_logged("[   7:   7] g X unlink(0x10 /a) = 0 (0x0) (1µs)"));
  EXPECT_EQ(strace.counts().bad, 4u);
  Event e = call("unlink", {0x10});
  EXPECT_TRUE(strace.match(e)) << "the next line is read again";
}

TEST(Strace, QuotedListsAreBounded) {
  uint64_t truncated = 0;
  EXPECT_EQ(parse_quoted_list("[\"a\", \"\\u00e9\\t\", \"\\x00z\"] rest", truncated),
            (std::vector<std::string>{"a", "\u00e9\t", std::string("\0z", 2)}));
  EXPECT_EQ(parse_quoted_list("{error copying vector}", truncated), std::vector<std::string>());
  EXPECT_EQ(parse_quoted_list("[\"never closed", truncated), std::vector<std::string>());
  EXPECT_EQ(truncated, 0u);
  std::string many = "[";
  for (int i = 0; i < 300; ++i) many += "\"ab\", ";
  EXPECT_EQ(parse_quoted_list(many, truncated).size(), 256u);
  EXPECT_EQ(truncated, 44u * 3);
}

}  // namespace
}  // namespace assay
