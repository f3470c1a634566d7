// tasks: names and directories of threads, as far as messages tell them.
#include "agent/trace/tasks.h"

#include <gtest/gtest.h>
#include <sched.h>

namespace assay {
namespace {

Event of(EventKind kind, int32_t pid, int32_t tid) {
  Event e;
  e.kind = kind;
  e.pid = pid;
  e.tid = tid;
  return e;
}

class TasksTest : public testing::Test {
 protected:
  TasksTest() {
    Event start = of(EventKind::start, 1, 1);
    start.cwd = "/srv";
    start.comm = "init";
    tasks_.settle(start);
    tasks_.learn(start);
  }
  void clone(int32_t parent, int32_t child_pid, int32_t child_tid, uint64_t flags = 0) {
    Event e = of(EventKind::clone, parent, parent);
    e.child_pid = child_pid;
    e.child_tid = child_tid;
    e.flags = flags;
    tasks_.settle(e);
    tasks_.learn(e);
  }
  void told(int32_t pid, int32_t tid, const std::string& cwd, const std::string& comm = "") {
    Event e = of(EventKind::chdir, pid, tid);
    e.cwd = cwd;
    e.comm = comm;
    tasks_.settle(e);
  }
  std::string shown(int32_t pid, int32_t tid) {
    Event e = of(EventKind::open, pid, tid);
    tasks_.settle(e);
    return e.comm + " in " + e.cwd;
  }
  Tasks tasks_;
};

TEST_F(TasksTest, ChildTakesAfterItsParentAndGoesItsOwnWay) {
  clone(1, 2, 2);
  EXPECT_EQ(shown(2, 2), "init in /srv");
  told(2, 2, "/tmp", "sh");
  EXPECT_EQ(shown(2, 2), "sh in /tmp");
  EXPECT_EQ(shown(1, 1), "init in /srv");
}

TEST_F(TasksTest, ThreadsMoveTogetherUntilOneLeaves) {
  clone(1, 1, 5, CLONE_FS | CLONE_VM);
  told(1, 5, "/tmp");
  EXPECT_EQ(shown(1, 1), "init in /tmp");
  Event unshare = of(EventKind::syscall, 1, 5);
  unshare.call = "unshare";
  unshare.args[0] = CLONE_FS;
  tasks_.learn(unshare);
  told(1, 1, "/etc");
  EXPECT_EQ(shown(1, 5), "init in /tmp");
  EXPECT_EQ(shown(1, 1), "init in /etc");
}

TEST_F(TasksTest, ThreadWithoutSharingHasADirectoryOfItsOwn) {
  clone(1, 1, 5, CLONE_VM);
  told(1, 5, "/etc");
  EXPECT_EQ(shown(1, 1), "init in /srv");
  EXPECT_EQ(shown(1, 5), "init in /etc");
}

TEST_F(TasksTest, ExecGivesANewName) {
  Event exec = of(EventKind::exec, 1, 1);
  exec.path = "/usr/bin/a-name-that-is-long";
  tasks_.learn(exec);
  EXPECT_EQ(shown(1, 1), "a-name-that-is- in /srv");
}

TEST_F(TasksTest, UnknownThreadIsWhereTheContainerStarts) {
  EXPECT_EQ(shown(40, 40), " in /srv");
  EXPECT_EQ(shown(1, 77), "init in /srv") << "but one of a known process takes after that";
}

TEST_F(TasksTest, NextSandboxForgetsAll) {
  clone(1, 2, 2);
  told(2, 2, "/tmp", "sh");
  Event start = of(EventKind::start, 1, 1);
  start.cwd = "/";
  start.comm = "again";
  tasks_.settle(start);
  tasks_.learn(start);
  EXPECT_EQ(shown(1, 1), "again in /");
  EXPECT_EQ(shown(2, 2), " in /");
  EXPECT_EQ(tasks_.size(), 1u);
}

TEST_F(TasksTest, ForgetsThoseThatEndAndIsBounded) {
  clone(1, 2, 2);
  tasks_.forget(2);
  EXPECT_EQ(tasks_.size(), 1u);
  for (int32_t i = 10; i < 200'000; ++i) clone(1, i, i, i % 2 != 0 ? CLONE_FS : 0);
  EXPECT_LE(tasks_.size(), 64u * 1024);
}

}  // namespace
}  // namespace assay
