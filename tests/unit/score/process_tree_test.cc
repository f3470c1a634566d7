// The process tree rendered to text: threads, reused pids, orphans, inheritance, descriptors, bounds.
#include <gtest/gtest.h>

#include "case_reader.h"
#include "scheduler/score/process_tree.h"

namespace assay::testing {
namespace {

ProcessTree tree_of(const std::string& text) {
  ProcessTree tree;
  for (const auto& event : trace(text)) tree.add(event);
  return tree;
}

// "pid<parent path argv uid origin exit" per process, sockets behind it.
std::string render(const ProcessTree& tree) {
  std::string out;
  for (size_t i = 0; i < tree.size(); ++i) {
    const auto& p = tree.at(i);
    out += std::to_string(p.shown.pid) + "<" + std::to_string(p.shown.parent) + " " + p.shown.path + " [" +
           p.command_line + "] uid " + std::to_string(p.shown.uid) +
           (p.shown.origin.empty() ? "" : " " + p.shown.origin) + " execs " + std::to_string(p.shown.execs) +
           (p.shown.end_ns < 0 ? " running" : " exit " + std::to_string(p.shown.exit_status));
    for (const auto& [fd, socket] : p.sockets)
      out += " " + std::to_string(fd) +
             (socket.connected
                  ? (socket.initiated ? "->" : "<-") + socket.addr + ":" + std::to_string(socket.port)
                  : "=socket");
    out += "\n";
  }
  return out;
}

TEST(ProcessTree, ChildInheritsUntilItExecs) {
  EXPECT_EQ(render(tree_of(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh, -c, x], sha256: aa, origin: image, cwd: /}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- clone: {pid: 2, child_pid: 3, child_tid: 3}
- exec: {pid: 3, path: /tmp/x, argv: [x, "1"], origin: dropped, uid: 33}
- exit: {pid: 3, result: 7}
)")),
            "1<0 /bin/sh [sh -c x] uid 0 image execs 0 running\n"
            "2<1 /bin/sh [sh -c x] uid 0 image execs 0 running\n"
            "3<2 /tmp/x [x 1] uid 33 dropped execs 1 exit 7\n");
}

TEST(ProcessTree, ThreadsAreNotProcesses) {
  EXPECT_EQ(render(tree_of(R"(
- start: {pid: 1, path: /bin/app, argv: [app]}
- clone: {pid: 1, child_pid: 1, child_tid: 2}
- exit: {pid: 1, tid: 2, result: 0}
- open: {pid: 1, tid: 3, call: openat, path: /etc/hosts}
)")),
            "1<0 /bin/app [app] uid 0 image execs 0 running\n");
}

TEST(ProcessTree, ReusedPidIsAnotherProcess) {
  ProcessTree tree = tree_of(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /bin/a, argv: [a]}
- exit: {pid: 2, result: 1}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /bin/b, argv: [b]}
)");
  EXPECT_EQ(render(tree),
            "1<0 /bin/sh [sh] uid 0 image execs 0 running\n"
            "2<1 /bin/a [a] uid 0 image execs 1 exit 1\n"
            "2<1 /bin/b [b] uid 0 image execs 1 running\n");
  EXPECT_EQ(tree.at(tree.find(2)).shown.path, "/bin/b");
}

TEST(ProcessTree, ChildSeenBeforeItsCloneFindsItsParent) {
  EXPECT_EQ(render(tree_of(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh]}
- exec: {pid: 2, path: /bin/a, argv: [a]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exit: {pid: 9, result: 0}
)")),
            "1<0 /bin/sh [sh] uid 0 image execs 0 running\n"
            "2<1 /bin/a [a] uid 0 image execs 1 running\n");
}

TEST(ProcessTree, CloneOfOneselfOrOnesParentMakesNoCircle) {
  ProcessTree tree = tree_of(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh]}
- exec: {pid: 2, path: /bin/a, argv: [a]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- clone: {pid: 2, child_pid: 1, child_tid: 1}
- clone: {pid: 2, child_pid: 2, child_tid: 2}
)");
  EXPECT_LE(tree.ancestors(tree.find(1)).size(), 16u);
  EXPECT_LE(tree.ancestors(tree.find(2)).size(), 16u);
}

TEST(ProcessTree, SetuidCountsByItsArgumentsWhenItSucceeds) {
  EXPECT_EQ(render(tree_of(R"(
- start: {pid: 1, path: /bin/a, argv: [a]}
- setid: {pid: 1, call: setgid, args: [44]}
- setid: {pid: 1, call: setuid, args: [77], error: 1, result: -1}
- setid: {pid: 1, call: setresuid, args: [5, 33, 5]}
- setid: {pid: 1, call: setreuid, args: [5, 4294967295]}
)")),
            "1<0 /bin/a [a] uid 33 image execs 0 running\n");
}

TEST(ProcessTree, SocketsFollowDupCloneAndExec) {
  EXPECT_EQ(render(tree_of(R"(
- start: {pid: 1, path: /bin/a, argv: [a]}
- socket: {pid: 1, proto: tcp, args: [2, 1, 0], result: 3}
- connect: {pid: 1, fd: 3, proto: tcp, dst_addr: 192.0.2.1, dst_port: 99}
- socket: {pid: 1, proto: tcp, args: [2, 524289, 0], result: 4}
- socket: {pid: 1, proto: unix, args: [1, 1, 0], result: 5}
- dup: {pid: 1, call: dup2, fd: 3, result: 0, args: [3, 0]}
- dup: {pid: 1, call: dup3, fd: 3, result: 6, args: [3, 6, 524288]}
- accept: {pid: 1, call: accept4, fd: 4, proto: tcp, result: 7, dst_addr: 192.0.2.9, dst_port: 5, args: [4, 0, 0, 524288]}
- accept: {pid: 1, call: accept, fd: 4, proto: tcp, result: 8, dst_addr: 192.0.2.8, dst_port: 6}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /bin/sh, argv: [sh]}
- open: {pid: 2, call: openat, path: /etc/x, result: 8}
)")),
            "1<0 /bin/a [a] uid 0 image execs 0 running 0->192.0.2.1:99 3->192.0.2.1:99 4=socket "
            "6->192.0.2.1:99 7<-192.0.2.9:5 8<-192.0.2.8:6\n"
            "2<1 /bin/sh [sh] uid 0 image execs 1 running 0->192.0.2.1:99 3->192.0.2.1:99\n");
}

TEST(ProcessTree, DescriptorThatBecameAPipeIsNoSocket) {
  EXPECT_EQ(render(tree_of(R"(
- start: {pid: 1, path: /bin/a, argv: [a]}
- accept: {pid: 1, call: accept, fd: 4, proto: tcp, result: 7, dst_addr: 192.0.2.9, dst_port: 5}
- dup: {pid: 1, call: dup2, fd: 7, fd_path: "pipe:[3]", result: 0, args: [7, 0]}
)")),
            "1<0 /bin/a [a] uid 0 image execs 0 running\n");
}

TEST(ProcessTree, KnowsWhoWroteAFileAndItsNewName) {
  ProcessTree tree = tree_of(R"(
- start: {pid: 1, path: /usr/bin/curl, argv: [curl], cwd: /tmp}
- open: {pid: 1, call: openat, path: x.part, flags: 577}
- open: {pid: 1, call: openat, path: /etc/read, flags: 0}
)");
  ASSERT_NE(tree.writer_of("/tmp/x.part"), nullptr);
  EXPECT_EQ(tree.writer_of("/etc/read"), nullptr);
  tree.renamed("/tmp/x.part", "/tmp/x");
  EXPECT_EQ(tree.writer_of("/tmp/x.part"), nullptr);
  EXPECT_EQ(tree.writer_of("/tmp/x")->image, "/usr/bin/curl");
}

TEST(ProcessTree, StaysWithinItsBound) {
  ProcessTree tree;
  Event e;
  e.kind = EventKind::clone;
  e.source = Source::seccheck;
  e.pid = 1;
  for (int i = 0; i < 12'000; ++i) {
    e.child_pid = e.child_tid = i + 2;
    tree.add(e);
  }
  EXPECT_EQ(tree.size(), ProcessTree::kMaxProcesses);
  EXPECT_EQ(tree.left_out(), 12'001 - ProcessTree::kMaxProcesses);
}

TEST(ProcessTree, WhatWeSayOfAStepChangesNoProcess) {
  auto events = trace("- start: {pid: 1, path: /bin/sh, argv: [sh], cwd: /srv, uid: 33}");
  Event step;
  step.kind = EventKind::provoke;
  step.uid = 7;
  step.cwd = "/tmp";
  ProcessTree tree;
  tree.add(events[0]);
  for (int pid : {1, 99}) {  // the second one is nobody's: the guest may have written in the starter's name
    step.pid = pid;
    tree.add(step);
  }
  EXPECT_EQ(render(tree), "1<0 /bin/sh [sh] uid 33 image execs 0 running\n");
  EXPECT_EQ(tree.at(0).cwd, "/srv");
}

TEST(ProcessTree, KindOfTheImageIsThePackageOfItsMainProgram) {
  auto kind = [](const std::string& yaml) {
    ProcessTree tree;
    for (const auto& event : trace(yaml)) tree.add(event);
    return std::string(tree.root_package());
  };
  std::string nginx = "path: /usr/sbin/nginx, argv: [nginx], package: nginx, package_state: ";
  std::string shell =
      "- start: {pid: 1, path: /bin/sh, argv: [sh, /start.sh], package: dash, package_state: unchanged}\n";
  EXPECT_EQ(kind("- start: {pid: 1, " + nginx + "unchanged}\n"), "nginx");
  EXPECT_EQ(kind("- start: {pid: 1, " + nginx + "changed}\n"), "");
  EXPECT_EQ(kind(shell), "");  // an interpreter
  EXPECT_EQ(kind(shell + "- exec: {pid: 1, " + nginx + "unchanged}\n"), "nginx");
  EXPECT_EQ(kind(shell + "- clone: {pid: 1, child_pid: 2, child_tid: 2}\n- exec: {pid: 2, " + nginx +
                 "unchanged}\n"),
            "");
}

TEST(ProcessTree, LongChainOfForksIsDrawnWithoutHarm) {
  std::vector<Event> events = trace("- start: {pid: 1, path: /bin/sh, argv: [sh]}");
  Event e;
  e.kind = EventKind::clone;
  e.source = Source::seccheck;
  for (int i = 1; i < 9'000; ++i) {
    e.pid = e.tid = i;
    e.child_pid = e.child_tid = i + 1;
    e.seq = events.size() + 1;
    events.push_back(e);
  }
  std::string text = report_text(score(our_rules(), events), {});
  EXPECT_NE(text.find("more process"), std::string::npos);
  EXPECT_LT(text.size(), 20'000u);
}

}  // namespace
}  // namespace assay::testing
