// What the report says of a file left behind: who wrote it, whether it ran, as what it was kept.
#include "scheduler/score/left_files.h"

#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

Report report_of(const char* text, const std::vector<Artifact>& artifacts = {}) {
  auto events = trace(text);
  Scorer scorer(our_rules(), test_header());
  for (const auto& event : events) scorer.add(event);
  auto footer = test_footer(events.size());
  footer.artifacts = artifacts;
  footer.artifacts_left_out = artifacts.empty() ? 0 : 3;
  return scorer.finish(footer);
}

// "/tmp/x executed by curl 1 [curl -o x]", a line a file.
std::string render(const Report& report) {
  std::string out;
  for (const FileChange& f : report.files) {
    out += f.path + (f.executed ? " executed" : "");
    if (f.written_by.pid != 0)
      out += " by " + std::to_string(f.written_by.pid) + " " + f.written_by.image + " [" +
             f.written_by.command_line + "]";
    out += (f.kept.empty() ? "" : " kept " + f.kept) + "\n";
  }
  return out;
}

TEST(LeftFiles, TheWriterIsWhoItWasThen) {
  EXPECT_EQ(render(report_of(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh, -c, work], cwd: /tmp}
- open: {pid: 1, call: openat, path: a, flags: 577}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /usr/bin/curl, argv: [curl, -o, b]}
- open: {pid: 2, call: openat, path: b, flags: 577}
- exec: {pid: 1, path: /bin/true, argv: ["true"]}
- file: {path: /tmp/a, origin: dropped, file_type: text}
- file: {path: /tmp/b, origin: dropped, file_type: data}
- file: {path: /tmp/c, origin: dropped, file_type: data}
)")),
            "/tmp/a by 1 /bin/sh [sh -c work]\n/tmp/b by 2 /usr/bin/curl [curl -o b]\n/tmp/c\n");
}

TEST(LeftFiles, TheWriterFollowsARenameOfTheFileOrOfADirectoryAboveIt) {
  EXPECT_EQ(render(report_of(R"(
- start: {pid: 1, path: /usr/bin/dpkg, argv: [dpkg], cwd: /}
- syscall: {pid: 1, call: mkdir, path: /stage}
- open: {pid: 1, call: openat, path: /stage/deep/er, flags: 577}
- open: {pid: 1, call: openat, path: /stagehand, flags: 577}
- clone: {pid: 1, child_pid: 2, child_tid: 2}
- exec: {pid: 2, path: /bin/mv, argv: [mv]}
- syscall: {pid: 2, call: rename, path: /stage, path2: /opt/new}
- syscall: {pid: 2, call: rename, path: /stagehand, path2: /failed, result: -1, error: 13}
- syscall: {pid: 2, call: renameat2, path: /bin/ls, path2: /opt/ls}
- file: {path: /opt/ls, origin: dropped, file_type: elf}
- file: {path: /opt/new, origin: dropped, file_type: dir}
- file: {path: /opt/new/deep/er, origin: dropped, file_type: data}
- file: {path: /stagehand, origin: dropped, file_type: data}
)")),
            "/opt/ls by 2 /bin/mv [mv]\n/opt/new by 1 /usr/bin/dpkg [dpkg]\n"
            "/opt/new/deep/er by 1 /usr/bin/dpkg [dpkg]\n/stagehand by 1 /usr/bin/dpkg [dpkg]\n");
}

TEST(LeftFiles, LinksThatMostImagesHaveAreKnown) {
  EXPECT_EQ(render(report_of(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh], cwd: /}
- open: {pid: 1, call: openat, path: /bin/x, flags: 577}
- open: {pid: 1, call: openat, path: /var/run/y, flags: 577}
- syscall: {pid: 1, call: symlink, path: /x, path2: /usr/lib/z}
- file: {path: /run/y, origin: dropped, file_type: data}
- file: {path: /usr/bin/x, origin: dropped, file_type: data}
- file: {path: /usr/lib/z, origin: dropped, file_type: symlink}
)")),
            "/run/y by 1 /bin/sh [sh]\n/usr/bin/x by 1 /bin/sh [sh]\n/usr/lib/z by 1 /bin/sh [sh]\n");
}

TEST(LeftFiles, ExecutedByPathByDigestOrByAnInterpreter) {
  EXPECT_EQ(render(report_of(R"(
- start: {pid: 1, path: /bin/sh, argv: [sh], cwd: /, origin: image, sha256: aa}
- exec: {pid: 1, path: /tmp/first, argv: [first], origin: dropped, sha256: bb}
- open: {pid: 1, call: openat, path: /tmp/script, flags: 577}
- exec: {pid: 1, path: /bin/sh, argv: [sh, /tmp/script], origin: image, sha256: aa}
- file: {path: /copy-of-sh, origin: dropped, file_type: elf, sha256: aa}
- file: {path: /tmp/first, origin: dropped, file_type: elf, sha256: cc}
- file: {path: /tmp/script, origin: dropped, file_type: script}
- file: {path: /usr/bin/renamed, origin: dropped, file_type: elf, sha256: bb}
)")),
            "/copy-of-sh\n/tmp/first executed\n/tmp/script executed by 1 /tmp/first [first]\n"
            "/usr/bin/renamed executed\n");
}

TEST(LeftFiles, WhatWasKeptIsNamedAndCanBeFetched) {
  Report report =
      report_of(R"x(
- start: {pid: 1, path: /bin/sh, argv: [sh], cwd: /}
- exec: {pid: 1, path: "/memfd:x (deleted)", argv: [x], origin: memfd, sha256: dd}
- file: {path: /tmp/a, origin: dropped, file_type: elf, sha256: aa, size_bytes: 2048}
- file: {path: /tmp/b, origin: dropped, file_type: data}
)x",
                {{"/memfd:x (deleted)", "0001_memfd_x", "dd", 4096}, {"/tmp/a", "0002_a", "aa", 2048}});
  EXPECT_EQ(render(report), "/tmp/a kept 0002_a\n/tmp/b\n");
  ASSERT_EQ(report.artifacts.size(), 2u);
  EXPECT_TRUE(report.artifacts[0].executed);
  EXPECT_FALSE(report.artifacts[1].executed);
  std::string text = report_text(report, {});
  EXPECT_NE(text.find("sha256 aa…, kept as 0002_a"), std::string::npos) << text;
  EXPECT_NE(text.find("kept      2 files, 6.0 KiB: assay artifacts " + report.header.scan_id),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("not kept  3 files beyond the bounds"), std::string::npos) << text;
  auto back = parse_report(report_json(report));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(report_text(*back, {}), text);
}

TEST(LeftFiles, RenamesWithoutEndStayBounded) {
  ProcessTree tree;
  auto events = trace("- start: {pid: 1, path: /bin/sh, argv: [sh], cwd: /}");
  tree.add(events[0]);
  Event open;
  open.kind = EventKind::open;
  open.source = Source::seccheck;
  open.call = "openat";
  open.pid = open.tid = 1;
  open.flags = 577;
  for (int i = 0; i < 10'000; ++i) {
    open.path = "/a/" + std::to_string(i);
    tree.add(open);
  }
  // Of directories that hold ten thousand files: without a bound this takes minutes.
  for (int i = 0; i < 20'000; ++i) tree.renamed(i % 2 == 0 ? "/a" : "/b", i % 2 == 0 ? "/b" : "/a");
  EXPECT_NE(tree.writer_of("/a/1"), nullptr);
}

}  // namespace
}  // namespace assay::testing
