// Who is behind a report of the sinkhole's.
#include "scheduler/score/speakers.h"

#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

TEST(Speakers, DecoysReportBelongsToWhoConnectedToItsSocketLast) {
  ProcessTree tree;
  Speakers speakers(tree);
  for (const auto& event : trace(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh]}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- connect: {pid: 1, proto: unix, path: /var/run/docker.sock}
- connect: {pid: 1, proto: unix, path: /run/containerd/containerd.sock}
- connect: {pid: 2, proto: unix, path: docker.sock}
- connect: {pid: 1, proto: unix, path: /run/other.sock}
)")) {
    tree.add(event);
    speakers.add(event);
  }
  auto pid_behind = [&](const std::string& name) {
    Event report;
    report.proto = "unix";
    report.name = name;
    size_t process = speakers.of(report);
    return process == ProcessTree::kNone ? 0 : tree.at(process).shown.pid;
  };
  EXPECT_EQ(pid_behind("docker.sock"), 2);
  EXPECT_EQ(pid_behind("containerd.sock"), 1);
  EXPECT_EQ(pid_behind("never.sock"), 1);
}

}  // namespace
}  // namespace assay::testing
