// Values of options, exit codes and the progress line.
#include "cli/options.h"

#include <gtest/gtest.h>

#include "cli/progress.h"

namespace assay::cli {
namespace {

TEST(Options, UnknownWordsAreRefusedWithTheChoice) {
  EXPECT_EQ(parse_network("host").error().what, "network 'host' is none of sinkhole, egress, none");
  EXPECT_EQ(parse_gate("high").error().what, "gate 'high' is none of malicious, suspicious, none");
  EXPECT_EQ(parse_format("xml").error().what, "format 'xml' is neither text nor json");
}

TEST(ExitCode, FollowsVerdictAndGate) {
  EXPECT_EQ(exit_code(Verdict::malicious, Gate::malicious), 10);
  EXPECT_EQ(exit_code(Verdict::malicious, Gate::suspicious), 10);
  EXPECT_EQ(exit_code(Verdict::malicious, Gate::none), 0);
  EXPECT_EQ(exit_code(Verdict::suspicious, Gate::malicious), 0);
  EXPECT_EQ(exit_code(Verdict::suspicious, Gate::suspicious), 10);
  EXPECT_EQ(exit_code(Verdict::inconclusive, Gate::malicious), 11);
  EXPECT_EQ(exit_code(Verdict::clean, Gate::suspicious), 0);
}

TEST(ExitCode, OfSeveralScansIsTheWorst) {
  EXPECT_EQ(worse(kBelowGate, kInconclusive), kInconclusive);
  EXPECT_EQ(worse(kInconclusive, kFailed), kFailed);
  EXPECT_EQ(worse(kFailed, kAtGate), kAtGate);
  EXPECT_EQ(worse(kAtGate, kBelowGate), kAtGate);
}

TEST(ProgressLine, TellsPhaseTimeLeftAndEvents) {
  EXPECT_EQ(progress_line("nginx", {"id", "run", 11'400, 1234567, 0}, 100),
            "nginx  running  12 s left  1,234,567 events");
  EXPECT_EQ(progress_line("nginx", {"id", "pull", -1, 0, 0}, 100), "nginx  pulling");
  EXPECT_EQ(progress_line("nginx", {"id", "run", 0, 10, 3}, 100),
            "nginx  running  0 s left  10 events  3 LOST");
}

TEST(ProgressLine, KeepsToTheWidthAndEscapesTheReference) {
  std::string line = progress_line(std::string(300, 'a') + "/end", {"id", "run", 5000, 1, 0}, 60);
  EXPECT_EQ(line.size(), 60u);
  EXPECT_NE(line.find("aa/end  running  5 s left"), std::string::npos);
  EXPECT_EQ(progress_line("a\033[2Jb", {"id", "pull", -1, 0, 0}, 60), "a\\x1b[2Jb  pulling");
}

}  // namespace
}  // namespace assay::cli
