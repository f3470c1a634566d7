// Events as JSON and as text, line by line.
#include "common/event.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "common/trace.h"

namespace assay {
namespace {

TEST(EventNames, AreAllDifferent) {
  std::set<std::string> kinds, sources;
  for (size_t i = 0; i < kEventKindCount; ++i) kinds.insert(to_string(static_cast<EventKind>(i)));
  for (size_t i = 0; i < kSourceCount; ++i) sources.insert(to_string(static_cast<Source>(i)));
  EXPECT_EQ(kinds.size(), kEventKindCount);
  EXPECT_EQ(sources.size(), kSourceCount);
  EXPECT_STREQ(to_string(EventKind::note), "note");
  EXPECT_STREQ(to_string(EventKind::syscall), "syscall");
  EXPECT_STREQ(to_string(EventKind::flow_end), "flow_end");
  EXPECT_STREQ(to_string(Source::agent), "agent");
  EXPECT_STREQ(to_string(static_cast<EventKind>(200)), "unknown");
  EXPECT_STREQ(to_string(EndReason::cancelled), "cancelled");
  EXPECT_STREQ(to_string(EndReason::guard), "guard");
}

TEST(EventFields, HaveIdsAndNamesOfTheirOwn) {
  std::set<int> ids;
  std::set<std::string> names;
  Event e;
  int count = 0, last = 0;
  for_each_field(e, [&](int id, const char* name, auto&) {
    EXPECT_GT(id, last);
    last = id;
    ids.insert(id);
    names.insert(name);
    ++count;
  });
  EXPECT_EQ(ids.size(), static_cast<size_t>(count));
  EXPECT_EQ(names.size(), static_cast<size_t>(count));
}

TEST(EventJson, ShowsIdentityAndWhatDiffersFromTheDefault) {
  EXPECT_EQ(event_json(Event()), R"({"seq":0,"time_ns":0,"kind":"note","plane":"guest","source":"agent"})");
  Event e;
  e.seq = 7;
  e.time_ns = -5;
  e.kind = EventKind::exec;
  e.plane = Plane::host;
  e.source = Source::witness;
  e.pid = 42;
  e.fd = 0;
  e.args = {1, 0, 18446744073709551615ull, 0, 0, 0};
  e.path = "/bin/\x1bsh";
  e.argv = {"sh", "-c", "echo \"\xff\""};
  e.result = -1;
  EXPECT_EQ(
      event_json(e),
      R"({"seq":7,"time_ns":-5,"kind":"exec","plane":"host","source":"witness","pid":42,"args":[1,0,18446744073709551615,0,0,0],)"
      R"("result":-1,"fd":0,"path":"/bin/\\x1bsh","argv":["sh","-c","echo \"\\xff\""]})");
}

std::string text(EventKind kind, const std::function<void(Event&)>& set) {
  Event e;
  e.seq = 12;
  e.time_ns = 1'234'567'890;
  e.kind = kind;
  e.source = Source::seccheck;
  e.pid = 7;
  set(e);
  return event_text(e);
}

TEST(EventText, ShowsEachKind) {
  auto flow = [](Event& e) {
    e.proto = "tcp";
    e.src_addr = "10.0.0.2";
    e.src_port = 40000;
    e.dst_addr = "fd00::1";
    e.dst_port = 443;
  };
  const std::string kPrefix = "    12     1.235s guest seccheck 7     ";
  EXPECT_EQ(text(EventKind::exec,
                 [](Event& e) {
                   e.path = "/bin/sh";
                   e.argv = {"sh", "-c", "x\n"};
                   e.origin = "image";
                 }),
            kPrefix + "exec       /bin/sh [sh -c x\\x0a] origin=image");
  EXPECT_EQ(text(EventKind::start, [](Event& e) { e.path = "/init"; }), kPrefix + "start      /init []");
  EXPECT_EQ(text(EventKind::clone,
                 [](Event& e) {
                   e.child_pid = 8;
                   e.child_tid = 9;
                 }),
            kPrefix + "clone      child 8/9");
  EXPECT_EQ(text(EventKind::exit, [](Event& e) { e.result = 256; }), kPrefix + "exit       status 256");
  EXPECT_EQ(text(EventKind::open,
                 [](Event& e) {
                   e.call = "openat";
                   e.path = "/tmp/x";
                   e.fd_path = "/tmp";
                   e.result = 3;
                 }),
            kPrefix + "open       openat /tmp/x = 3");
  EXPECT_EQ(text(EventKind::open,
                 [](Event& e) {
                   e.call = "open";
                   e.path = "/y";
                   e.error = 2;
                   e.result = -1;
                 }),
            kPrefix + "open       open /y = -2");
  EXPECT_EQ(text(EventKind::connect,
                 [&](Event& e) {
                   flow(e);
                   e.error = 111;
                 }),
            kPrefix + "connect    tcp [fd00::1]:443 = -111");
  EXPECT_EQ(text(EventKind::connect, [&](Event& e) { e.path = "/run/docker.sock"; }),
            kPrefix + "connect    /run/docker.sock = 0");
  EXPECT_EQ(text(EventKind::bind, flow), kPrefix + "bind       tcp 10.0.0.2:40000 = 0");
  EXPECT_EQ(text(EventKind::listen, [](Event& e) { e.fd = 3; }), kPrefix + "listen     fd 3 = 0");
  EXPECT_EQ(text(EventKind::accept,
                 [](Event& e) {
                   e.fd = 3;
                   e.result = 4;
                   e.dst_addr = "10.0.0.9";
                   e.dst_port = 5;
                 }),
            kPrefix + "accept     fd 3 from 10.0.0.9:5 = 4");
  EXPECT_EQ(text(EventKind::socket,
                 [](Event& e) {
                   e.proto = "udp";
                   e.args = {2, 2};
                   e.result = 5;
                 }),
            kPrefix + "socket     udp family 2 type 2 = 5");
  EXPECT_EQ(text(EventKind::chdir,
                 [](Event& e) {
                   e.call = "chroot";
                   e.path = "/x";
                 }),
            kPrefix + "chdir      chroot /x = 0");
  EXPECT_EQ(text(EventKind::setid,
                 [](Event& e) {
                   e.call = "setuid";
                   e.args = {1000};
                 }),
            kPrefix + "setid      setuid(1000) = 0");
  EXPECT_EQ(text(EventKind::dup,
                 [](Event& e) {
                   e.call = "dup2";
                   e.fd = 4;
                   e.result = 1;
                 }),
            kPrefix + "dup        dup2 4 = 1");
  EXPECT_EQ(text(EventKind::syscall,
                 [](Event& e) {
                   e.call = "ptrace";
                   e.args = {16, 7, 0};
                   e.error = 1;
                 }),
            kPrefix + "syscall    ptrace(0x10, 0x7, 0x0) = -1");
  EXPECT_EQ(text(EventKind::syscall,
                 [](Event& e) {
                   e.call = "rename";
                   e.path = "/a";
                   e.path2 = "/b";
                   e.plane = Plane::host;
                   e.source = Source::witness;
                 }),
            "    12     1.235s host  witness  7     syscall    rename(/a, /b)");
  EXPECT_EQ(text(EventKind::syscall,
                 [](Event& e) {
                   e.call = "write";
                   e.data = "GET /\r\n";
                 }),
            kPrefix + "syscall    write(0x0, 0x0, 0x0) \"GET /\\x0d\\x0a\" = 0");
  EXPECT_EQ(text(EventKind::flow_start, flow), kPrefix + "flow_start tcp 10.0.0.2:40000 -> [fd00::1]:443");
  EXPECT_EQ(text(EventKind::flow_end,
                 [&](Event& e) {
                   flow(e);
                   e.bytes_out = 5;
                   e.bytes_in = 6;
                 }),
            kPrefix + "flow_end   tcp 10.0.0.2:40000 -> [fd00::1]:443 out 5 B in 6 B");
  EXPECT_EQ(text(EventKind::payload,
                 [&](Event& e) {
                   flow(e);
                   e.data = "hi";
                 }),
            kPrefix + "payload    tcp 10.0.0.2:40000 -> [fd00::1]:443 \"hi\"");
  EXPECT_EQ(text(EventKind::dns,
                 [](Event& e) {
                   e.query_type = "A";
                   e.name = "x.org";
                   e.answers = {"198.18.0.1", "198.18.0.2"};
                 }),
            kPrefix + "dns        A x.org 198.18.0.1 198.18.0.2");
  EXPECT_EQ(text(EventKind::tls,
                 [&](Event& e) {
                   flow(e);
                   e.name = "x.org";
                 }),
            kPrefix + "tls        tcp 10.0.0.2:40000 -> [fd00::1]:443 SNI x.org");
  EXPECT_EQ(text(EventKind::http,
                 [](Event& e) {
                   e.call = "GET";
                   e.name = "x.org";
                   e.path = "/p";
                 }),
            kPrefix + "http       GET http://x.org/p");
  EXPECT_EQ(text(EventKind::usage,
                 [](Event& e) {
                   e.cpu_ns = 2'000'000;
                   e.duration_ns = 9'000'000;
                 }),
            kPrefix + "usage      2 ms CPU in 9 ms");
  EXPECT_EQ(text(EventKind::session,
                 [](Event& e) {
                   e.proto = "tcp";
                   e.dst_addr = "198.18.0.1";
                   e.dst_port = 80;
                   e.name = "x.org";
                   e.data = "hi";
                 }),
            kPrefix + "session    tcp 198.18.0.1:80 x.org \"hi\"");
  EXPECT_EQ(text(EventKind::file,
                 [](Event& e) {
                   e.path = "/tmp/x";
                   e.file_type = "elf";
                   e.size_bytes = 5;
                   e.origin = "dropped";
                 }),
            kPrefix + "file       /tmp/x elf 5 B origin=dropped");
  EXPECT_EQ(text(EventKind::output,
                 [](Event& e) {
                   e.fd = 1;
                   e.data = "out\n";
                 }),
            kPrefix + "output     fd 1 \"out\\x0a\"");
  EXPECT_EQ(text(EventKind::note,
                 [](Event& e) {
                   e.call = "deadline";
                   e.data = "30 s";
                 }),
            kPrefix + "note       deadline 30 s");
}

TEST(EventText, IsOneBoundedLineWhateverIsInIt) {
  std::string line = text(EventKind::exec, [](Event& e) {
    e.path = std::string(100'000, '\n');
    e.argv.assign(1000, std::string(1000, '\x1b'));
  });
  EXPECT_LT(line.size(), 5000u);
  EXPECT_EQ(line.find_first_of("\n\x1b"), std::string::npos);
  EXPECT_TRUE(line.ends_with("..."));
}

}  // namespace
}  // namespace assay
