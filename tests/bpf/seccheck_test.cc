// The guest plane: every kind of event that gVisor's trace points give, caused inside a real runsc, with all
// of its fields.
#include "tests/bpf/guest_run.h"

namespace assay {
namespace {

void expect_nothing_lost(const GuestRun& run) {
  for (const auto& count : run.counts)
    EXPECT_EQ(count.lost, 0u) << to_string(count.source) << ": " << count.detail;
  EXPECT_TRUE(run.count(Source::seccheck).attached);
}

TEST(Seccheck, StartNamesTheFirstProcess) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"exit", "7"});
  EXPECT_EQ(run.status, 7) << run.err;
  Event e = run.find(EventKind::start);
  expect_first_process(e);
  EXPECT_EQ(e.argv, (std::vector<std::string>{"guest", "exit", "7"}));
  EXPECT_EQ(e.env, (std::vector<std::string>{"PATH=/bin", "HOME=/root"}));
  EXPECT_EQ(e.cwd, "/");
  EXPECT_EQ(e.path, "/bin/guest");
  EXPECT_EQ(e.sha256, run.sha256);
  EXPECT_EQ(e.mode & 0777, 0755u);
  expect_nothing_lost(run);
}

TEST(Seccheck, ExecCarriesPathArgumentsEnvironmentModeAndHash) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"exec", "/tmp/../bin/guest"});
  Event e = run.find(EventKind::exec);
  expect_first_process(e);
  EXPECT_EQ(e.call, "execve");
  EXPECT_EQ(e.path, "/bin/guest");
  EXPECT_EQ(e.argv, (std::vector<std::string>{"renamed", "exit", "0"}));
  EXPECT_EQ(e.env, std::vector<std::string>{"ANSWER=42"});
  EXPECT_EQ(e.cwd, "/");
  EXPECT_EQ(e.mode & 0777, 0755u);
  EXPECT_EQ(e.sha256, run.sha256);
  EXPECT_EQ(e.truncated, 0u);
  EXPECT_EQ(run.all(EventKind::exec).size(), 1u);
}

// Padding must not hide it: the message is longer than a socket's buffer is by default.
TEST(Seccheck, ExecWithTheLongestCommandLineIsSeenAndCut) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"longexec"});
  Event e = run.find(EventKind::exec);
  EXPECT_EQ(e.path, "/bin/guest");
  ASSERT_GE(e.argv.size(), 4u);
  EXPECT_EQ(e.argv[0], "renamed");
  EXPECT_GT(e.argv[3].size(), 1000u);
  EXPECT_GT(e.truncated, 0u);
  // The log's lines of it are longer than one that is read; the point tells all that they could.
  std::erase_if(run.counts, [](const SourceCount& count) { return count.source == Source::strace; });
  expect_nothing_lost(run);
}

TEST(Seccheck, ProgramThatDeletesItselfIsHashed) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"selfdelete"});
  Event e = run.find(EventKind::exec);
  EXPECT_EQ(e.path, "/tmp/dropped");
  EXPECT_EQ(e.pid, 2);
  EXPECT_EQ(e.sha256, run.sha256);
  Event gone = run.find(EventKind::syscall, "unlink");
  EXPECT_EQ(gone.path, "/tmp/dropped");
  EXPECT_GT(gone.time_ns, e.time_ns);
}

TEST(Seccheck, CloneTellsProcessesFromThreads) {
  ASSAY_REQUIRE_HOST();
  Event fork = run_guest({"fork", "0"}).find(EventKind::clone);
  expect_first_process(fork);
  EXPECT_EQ(fork.child_pid, 2);
  EXPECT_EQ(fork.child_tid, 2);
  EXPECT_EQ(fork.cwd, "/");
  Event thread = run_guest({"thread"}).find(EventKind::clone);
  EXPECT_EQ(thread.child_pid, 1);
  EXPECT_EQ(thread.child_tid, 2);
  EXPECT_NE(thread.flags & 0x00010000u /* CLONE_THREAD */, 0u);
}

TEST(Seccheck, ExitTellsStatusOrSignalOncePerProcess) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"fork", "3"});
  auto exits = run.all(EventKind::exit);
  ASSERT_EQ(exits.size(), 2u);
  EXPECT_EQ(exits[0].pid, 2);
  EXPECT_EQ(exits[0].tid, 2);
  EXPECT_EQ(exits[0].result, 3);
  EXPECT_EQ(exits[0].comm, "guest");
  expect_first_process(exits[1]);
  EXPECT_EQ(exits[1].result, 0);
  auto killed = run_guest({"killed"}).all(EventKind::exit);
  ASSERT_EQ(killed.size(), 2u);
  EXPECT_EQ(killed[0].result, 128 + 9);
  auto threads = run_guest({"thread"}).all(EventKind::exit);
  EXPECT_EQ(threads.size(), 1u) << "a thread's end is not a process's";
}

TEST(Seccheck, OpenTellsPathFlagsModeAndOutcome) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"open"});
  auto opens = run.all(EventKind::open);
  ASSERT_EQ(opens.size(), 6u);
  for (const auto& e : opens) expect_first_process(e);
  EXPECT_EQ(opens[0].path, "/etc");
  EXPECT_NE(opens[0].flags & O_DIRECTORY, 0u);
  EXPECT_EQ(opens[0].result, 3);
  EXPECT_EQ(opens[1].call, "openat");
  EXPECT_EQ(opens[1].path, "/etc/motd");
  EXPECT_EQ(opens[1].fd_path, "/etc/motd");
  EXPECT_EQ(opens[1].fd, AT_FDCWD);
  EXPECT_EQ(opens[1].flags, 0u);
  EXPECT_EQ(opens[1].mode, 0u);
  EXPECT_EQ(opens[1].error, 0);
  EXPECT_EQ(opens[1].result, 4);
  EXPECT_EQ(opens[2].path, "/etc/motd") << "relative to a directory's descriptor";
  EXPECT_EQ(opens[2].fd, 3);
  EXPECT_EQ(opens[2].data, "motd") << "as the guest spelt it";
  EXPECT_EQ(opens[3].path, "/none");
  EXPECT_EQ(opens[3].fd_path, "");
  EXPECT_EQ(opens[3].error, ENOENT);
  EXPECT_EQ(opens[3].result, -1);
  EXPECT_EQ(opens[4].path, "/tmp/new");
  EXPECT_EQ(opens[4].data, "../tmp/./new");
  EXPECT_EQ(opens[4].cwd, "/tmp");
  EXPECT_EQ(opens[4].flags, static_cast<uint64_t>(O_CREAT | O_RDWR));
  EXPECT_EQ(opens[4].mode, 0640u);
  EXPECT_EQ(opens[5].call, "creat");
  EXPECT_EQ(opens[5].path, "/tmp/created");
  EXPECT_EQ(opens[5].flags, static_cast<uint64_t>(O_CREAT | O_WRONLY | O_TRUNC));
  EXPECT_EQ(opens[5].mode, 0604u);
}

TEST(Seccheck, ConnectNamesAddressProtocolAndOutcome) {
  ASSAY_REQUIRE_HOST();
  Event e = run_guest({"tcp", "203.0.113.9", "80"}, {.network = true}).find(EventKind::connect);
  expect_first_process(e);
  EXPECT_EQ(e.call, "connect");
  EXPECT_EQ(e.proto, "tcp");
  EXPECT_EQ(e.fd, 3);
  EXPECT_EQ(e.dst_addr, "203.0.113.9");
  EXPECT_EQ(e.dst_port, 80u);
  EXPECT_EQ(e.result, 0);
  EXPECT_EQ(e.error, 0);
  Event refused = run_guest({"tcp", "127.0.0.1", "9"}).find(EventKind::connect);
  EXPECT_EQ(refused.error, ECONNREFUSED);
  EXPECT_EQ(refused.result, -1);
  Event file = run_guest({"unix", "/tmp/sock"}).find(EventKind::connect);
  EXPECT_EQ(file.proto, "unix");
  EXPECT_EQ(file.path, "/tmp/sock");
  EXPECT_EQ(file.error, ENOENT);
  EXPECT_EQ(run_guest({"unix", "@hidden"}).find(EventKind::connect).path, "@hidden");
}

TEST(Seccheck, ServerBindsListensAndAccepts) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"server", "5555"});
  Event bind = run.find(EventKind::bind);
  expect_first_process(bind);
  EXPECT_EQ(bind.call, "bind");
  EXPECT_EQ(bind.fd, 3);
  EXPECT_EQ(bind.proto, "tcp");
  EXPECT_EQ(bind.src_addr, "127.0.0.1");
  EXPECT_EQ(bind.src_port, 5555u);
  EXPECT_EQ(bind.result, 0);
  Event listen = run.find(EventKind::listen);
  expect_first_process(listen);
  EXPECT_EQ(listen.call, "listen");
  EXPECT_EQ(listen.fd, 3);
  EXPECT_EQ(listen.args[1], 7u);
  EXPECT_EQ(listen.proto, "tcp");
  EXPECT_EQ(listen.result, 0);
  Event accept = run.find(EventKind::accept);
  expect_first_process(accept);
  EXPECT_EQ(accept.call, "accept");
  EXPECT_EQ(accept.fd, 3);
  EXPECT_EQ(accept.result, 5);
  EXPECT_EQ(accept.proto, "tcp");
  EXPECT_EQ(accept.dst_addr, "127.0.0.1");
  EXPECT_NE(accept.dst_port, 0u);
}

TEST(Seccheck, SendtoNamesTheProcessThatSends) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"tcp", "203.0.113.9", "4444", to_hex("knock knock")}, {.network = true});
  Event e = run.find(EventKind::syscall, "sendto");
  expect_first_process(e);
  EXPECT_EQ(e.fd, 3);
  EXPECT_EQ(e.args[2], 11u);
  EXPECT_EQ(e.data, "knock knock");
}

TEST(Seccheck, SocketNamesItsProtocol) {
  ASSAY_REQUIRE_HOST();
  auto sockets = run_guest({"sockets"}).all(EventKind::socket);
  ASSERT_EQ(sockets.size(), 4u);
  for (const auto& e : sockets) expect_first_process(e);
  EXPECT_EQ(sockets[0].call, "socket");
  EXPECT_EQ(sockets[0].proto, "tcp");
  EXPECT_EQ(sockets[0].args,
            (std::array<uint64_t, 6>{AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP, 0, 0, 0}));
  EXPECT_EQ(sockets[0].result, 3);
  EXPECT_EQ(sockets[1].proto, "udp");
  EXPECT_EQ(sockets[1].args[0], static_cast<uint64_t>(AF_INET6));
  EXPECT_EQ(sockets[2].proto, "netlink");
  EXPECT_NE(sockets[3].error, 0);
  EXPECT_EQ(sockets[3].result, -1);
}

TEST(Seccheck, ChdirTellsWhereItLed) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"chdir"});
  auto moves = run.all(EventKind::chdir);
  ASSERT_EQ(moves.size(), 5u);
  for (const auto& e : moves) expect_first_process(e);
  EXPECT_EQ(moves[0].call, "chdir");
  EXPECT_EQ(moves[0].path, "/tmp");
  EXPECT_EQ(moves[0].cwd, "/tmp");
  EXPECT_EQ(moves[0].result, 0);
  EXPECT_EQ(moves[1].path, "/etc");
  EXPECT_EQ(moves[1].data, "../etc");
  EXPECT_EQ(moves[2].path, "/none");
  EXPECT_EQ(moves[2].error, ENOENT);
  EXPECT_EQ(moves[3].call, "fchdir");
  EXPECT_EQ(moves[3].fd, 3);
  EXPECT_EQ(moves[3].path, "/etc");
  EXPECT_EQ(moves[4].call, "chroot");
  EXPECT_EQ(moves[4].path, "/tmp");
  EXPECT_EQ(moves[4].error, 0);
}

TEST(Seccheck, SetidTellsCallArgumentsAndWhoOneIsThen) {
  ASSAY_REQUIRE_HOST();
  auto run = run_guest({"ids"});
  auto ids = run.all(EventKind::setid);
  ASSERT_EQ(ids.size(), 7u);
  std::string seen;
  for (const auto& e : ids)
    seen += e.call + "(" + std::to_string(e.args[0]) + "," + std::to_string(e.args[1]) + "," +
            std::to_string(e.args[2]) + ") = " + std::to_string(e.error) + " uid " + std::to_string(e.uid) +
            " gid " + std::to_string(e.gid) + "\n";
  // Raw calls show all registers: what is behind their own arguments is left over from earlier.
  EXPECT_NE(seen.find("setgroups(1,"), std::string::npos) << seen;
  EXPECT_NE(seen.find("setregid(45,46,"), std::string::npos) << seen;
  EXPECT_NE(seen.find("setresgid(50,51,52) = 0 uid 0 gid 51\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("setgid(51,0,0) = 0 uid 0 gid 51\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("setreuid(0,0,"), std::string::npos) << seen;
  EXPECT_NE(seen.find("setresuid(1,1001,0) = 0 uid 1001 gid 51\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("setuid(1001,0,0) = "), std::string::npos) << seen;
}

TEST(Seccheck, DupTellsOldAndNewDescriptor) {
  ASSAY_REQUIRE_HOST();
  auto dups = run_guest({"dup"}).all(EventKind::dup);
  ASSERT_EQ(dups.size(), 4u);
  for (const auto& e : dups) expect_first_process(e);
  EXPECT_EQ(dups[0].call, "dup");
  EXPECT_EQ(dups[0].fd, 3);
  EXPECT_EQ(dups[0].fd_path, "/etc/motd");
  EXPECT_EQ(dups[0].result, 4);
  EXPECT_EQ(dups[1].call, "dup2");
  EXPECT_EQ(dups[1].args[1], 17u);
  EXPECT_EQ(dups[1].result, 17);
  EXPECT_EQ(dups[2].call, "dup3");
  EXPECT_EQ(dups[2].result, 18);
  EXPECT_EQ(dups[2].flags, static_cast<uint64_t>(O_CLOEXEC));
  EXPECT_EQ(dups[3].error, EBADF);
}

}  // namespace
}  // namespace assay
