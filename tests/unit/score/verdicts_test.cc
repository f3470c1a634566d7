// Whole runs: honest services are clean, each malicious behaviour is malicious by a finding of its own.
#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

struct Benign {
  const char* trace;
  const char* findings;  // weak ones that are known and accepted
};

TEST(Verdict, HonestServicesAreClean) {
  for (const auto& benign : {Benign{"nginx", ""}, Benign{"redis", ""}, Benign{"postgres", ""},
                             Benign{"apt", "Package manager asked to install software\n"},
                             Benign{"entrypoint", "User database written by hand\n"}}) {
    Report report = score(our_rules(), stored_trace(benign.trace));
    EXPECT_EQ(report.verdict, Verdict::clean) << benign.trace << "\n" << report_text(report, {});
    EXPECT_EQ(titles(report), benign.findings) << benign.trace;
  }
}

struct Malicious {
  const char* trace;
  const char* title;
  const char* technique;
};

TEST(Verdict, EachMaliciousBehaviourIsFoundUnderItsTechnique) {
  for (const auto& malicious :
       {Malicious{"miner", "Mining protocol spoken to another host", "T1496.001"},
        Malicious{"reverse-shell", "Shell whose input and output are a connection to another host",
                  "T1059.004"},
        Malicious{"dropper", "File from the network executed", "T1105"},
        Malicious{"fileless", "Program run from memory alone", "T1620"},
        Malicious{"escape", "Attempt to mount a host's disk or a control file system", "T1611"},
        Malicious{"persistence", "Library forced into every program (ld.so.preload)", "T1574.006"},
        Malicious{"credentials", "Credentials read, then a connection out", "T1041"},
        Malicious{"port-scan", "Many ports of one host tried", "T1046"}}) {
    Report report = score(our_rules(), stored_trace(malicious.trace));
    EXPECT_EQ(report.verdict, Verdict::malicious) << report_text(report, {});
    bool found = false;
    for (const auto& finding : report.findings)
      if (finding.title == malicious.title) found = finding.techniques.at(0).id == malicious.technique;
    EXPECT_TRUE(found) << malicious.title << " not in\n" << titles(report);
  }
}

TEST(Verdict, DroppedProgramIsNamedInDropper) {
  Report report = score(our_rules(), stored_trace("dropper"));
  EXPECT_NE(titles(report).find("Program run that was unpacked or copied at run time\n"), std::string::npos)
      << titles(report);
}

TEST(Verdict, BusyProcessorAloneIsNoReason) {
  Report report = score(our_rules(), trace("- usage: {cpu_ns: 20000000000, duration_ns: 10000000000}"));
  EXPECT_EQ(report.verdict, Verdict::clean);
  EXPECT_EQ(titles(report), "Processor kept busy all the time\n");
}

}  // namespace
}  // namespace assay::testing
