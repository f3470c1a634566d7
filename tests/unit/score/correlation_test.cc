// Correlation rules, aliases, generate and filters, over small traces (Sigma correlation rules and filters
// specifications).
#include <gtest/gtest.h>

#include "case_reader.h"
#include "scheduler/score/rule.h"

namespace assay::testing {
namespace {

const std::string kBases =
    "title: Connect\nname: connect\nlogsource: {category: network_connection}\n"
    "detection: {s: {Initiated: 'true'}, condition: s}\n"
    "---\ntitle: Run\nname: run\nlogsource: {category: process_creation}\n"
    "detection: {s: {Image|endswith: /tool}, condition: s}\n"
    "---\ntitle: Other\nname: other\nlogsource: {category: process_creation}\n"
    "detection: {s: {Image|endswith: /other}, condition: s}\n";

// "@SECONDS tool|other|IP:PORT" each.
std::vector<Event> events(const std::string& words) {
  std::string yaml;
  std::istringstream in(words);
  for (std::string at, what; in >> at >> what;) {
    auto colon = what.find(':');
    if (colon == std::string::npos)
      yaml += "- exec: {at: " + at + ", pid: 7, path: /bin/" + what + ", argv: [" + what + "]}\n";
    else
      yaml += "- connect: {at: " + at + ", pid: 7, dst_addr: " + what.substr(0, colon) +
              ", dst_port: " + what.substr(colon + 1) + ", proto: tcp}\n";
  }
  return trace(yaml.empty() ? "[]" : yaml);
}

// The titles of what fires; of the correlation with its count.
std::string found(const std::string& correlation, const std::string& words, const std::string& more = "") {
  auto rules =
      RuleSet::compile({{"t.yml", kBases + "---\ntitle: C\ncorrelation: {" + correlation + "}\n" + more}});
  if (!rules) return rules.error().what;
  std::string out;
  for (const auto& finding : score(*rules, events(words)).findings)
    out += finding.title + " " + std::to_string(finding.count) + " ";
  return out;
}

TEST(Correlation, EventCountFiresWhenTheBoundIsReachedWithinTheTimespan) {
  std::string c = "type: event_count, rules: [run], timespan: 10s, condition: {gte: 3}";
  EXPECT_EQ(found(c, "1 tool 2 tool 3 tool"), "C 1 ");
  EXPECT_EQ(found(c, "1 tool 2 tool 12 tool"), "");
  EXPECT_EQ(found(c, "1 tool 6 tool 11 tool"), "C 1 ");
  EXPECT_EQ(found(c, "1 tool 2 tool 3 tool 4 tool 5 tool 6 tool"), "C 2 ");
  EXPECT_EQ(
      found("type: event_count, rules: [run], timespan: 10s, condition: {gt: 2}", "1 tool 2 tool 3 tool"),
      "C 1 ");
}

TEST(Correlation, LesserEqualAndRangesAreJudgedAtTheEndOfTheWindowOrOfTheTrace) {
  auto with = [](const std::string& condition) {
    return "type: event_count, rules: [run], timespan: 10s, condition: {" + condition + "}";
  };
  EXPECT_EQ(found(with("lt: 3"), "1 tool 2 tool"), "C 1 ");           // at the end of the trace
  EXPECT_EQ(found(with("lt: 3"), "1 tool 2 tool 3 tool"), "");        // three of them
  EXPECT_EQ(found(with("lt: 3"), "1 tool 20 tool 40 tool"), "C 3 ");  // three windows
  EXPECT_EQ(found(with("lte: 2"), "1 tool 2 tool"), "C 1 ");
  EXPECT_EQ(found(with("eq: 2"), "1 tool 2 tool"), "C 1 ");
  EXPECT_EQ(found(with("eq: 2"), "1 tool 2 tool 3 tool"), "");
  EXPECT_EQ(found(with("neq: 2"), "1 tool 2 tool 3 tool"), "C 1 ");
  EXPECT_EQ(found(with("gt: 1, lte: 3"), "1 tool 2 tool 3 tool"), "C 1 ");
  EXPECT_EQ(found(with("gt: 1, lte: 3"), "1 tool 2 tool 3 tool 4 tool"), "");
  EXPECT_EQ(found(with("lt: 3"), ""), "");  // a group without events has no window
}

TEST(Correlation, ValueCountCountsDistinctValuesByGroup) {
  std::string c =
      "type: value_count, rules: [connect], group-by: [DestinationIp], timespan: 10s, "
      "condition: {field: DestinationPort, gte: 3}";
  EXPECT_EQ(found(c, "1 9.9.9.9:1 2 9.9.9.9:2 3 9.9.9.9:3"), "C 1 ");
  EXPECT_EQ(found(c, "1 9.9.9.9:1 2 9.9.9.9:2 3 9.9.9.9:2"), "");
  EXPECT_EQ(found(c, "1 9.9.9.9:1 2 9.9.9.9:2 3 8.8.8.8:3"), "");
  std::string both =
      "type: value_count, rules: [connect], timespan: 10s, condition: {field: [DestinationIp, "
      "DestinationPort], gte: 3}";
  EXPECT_EQ(found(both, "1 9.9.9.9:1 2 9.9.9.9:2 3 8.8.8.8:2"), "C 1 ");
}

TEST(Correlation, SumAverageAndPercentileAreOfNumbers) {
  auto with = [](const std::string& type, const std::string& condition) {
    return "type: " + type + ", rules: [connect], timespan: 10s, condition: {field: DestinationPort, " +
           condition + "}";
  };
  std::string words = "1 9.9.9.9:10 2 9.9.9.9:20 3 9.9.9.9:60";
  EXPECT_EQ(found(with("value_sum", "gt: 80"), words), "C 1 ");
  EXPECT_EQ(found(with("value_sum", "gt: 90"), words), "");
  EXPECT_EQ(found(with("value_sum", "lt: 91"), words), "C 1 ");
  EXPECT_EQ(found(with("value_avg", "gte: 30"), words), "C 1 ");
  EXPECT_EQ(found(with("value_avg", "gt: 30"), words), "");
  EXPECT_EQ(found(with("value_percentile", "percentile: 50, eq: 20"), words), "C 1 ");
  EXPECT_EQ(found(with("value_percentile", "percentile: 100, gte: 60"), words), "C 1 ");
  // Without a percentile: the share of a value among all.
  EXPECT_EQ(found(with("value_percentile", "lte: 34"), words), "C 1 ");
  EXPECT_EQ(found(with("value_percentile", "lte: 30"), words), "");
}

TEST(Correlation, TemporalNeedsAllOrAsManyAsItsConditionSays) {
  std::string all = "type: temporal, rules: [run, other, connect], timespan: 10s";
  EXPECT_EQ(found(all, "1 other 2 9.9.9.9:1 3 tool"), "C 1 ");
  EXPECT_EQ(found(all, "1 other 2 9.9.9.9:1"), "");
  EXPECT_EQ(found(all, "1 other 2 9.9.9.9:1 13 tool"), "");
  EXPECT_EQ(found(all + ", condition: {gte: 2}", "1 other 2 9.9.9.9:1"), "C 1 ");
  std::string ordered = "type: temporal_ordered, rules: [run, other], timespan: 10s";
  EXPECT_EQ(found(ordered, "1 tool 2 other"), "C 1 ");
  EXPECT_EQ(found(ordered, "1 other 2 tool"), "");
}

TEST(Correlation, AliasesNameOneGroupInDifferentFields) {
  std::string c =
      "type: temporal, rules: [run, connect], group-by: [number], timespan: 10s, "
      "aliases: {number: {run: ProcessId, connect: DestinationPort}}";
  EXPECT_EQ(found(c, "1 tool 2 9.9.9.9:7"), "C 1 ");
  EXPECT_EQ(found(c, "1 tool 2 9.9.9.9:8"), "");
  EXPECT_EQ(found("type: temporal, rules: [run, other], group-by: [program], timespan: 10s, "
                  "aliases: {program: {run: CommandLine}}",
                  ""),
            "t.yml:17: rule 'C': alias 'program' says nothing of rule 'other'");
}

TEST(Correlation, GenerateMakesItsRulesFindingsByThemselves) {
  std::string c = "type: event_count, rules: [run], timespan: 10s, condition: {gte: 3}";
  EXPECT_EQ(found(c, "1 tool"), "");
  EXPECT_EQ(found(c + ", generate: true", "1 tool"), "Run 1 ");
  EXPECT_EQ(found(c, "1 other"), "Other 1 ");  // nothing counts it
}

TEST(Correlation, CountsCorrelations) {
  std::string many = "type: event_count, rules: [run], timespan: 10s, condition: {gte: 2}";
  std::string chain =
      "---\ntitle: D\ncorrelation: {type: temporal_ordered, rules: [C, other], timespan: 60s}\n";
  EXPECT_EQ(found(many, "1 tool 2 tool 3 other", chain), "D 1 ");
  EXPECT_EQ(found(many, "1 other 2 tool 3 tool", chain), "");
  // Judged at its end: it happens when the window closes.
  std::string few = "type: event_count, rules: [run], timespan: 10s, condition: {lt: 2}";
  EXPECT_EQ(found(few, "1 tool 30 other", chain), "D 1 ");
  EXPECT_EQ(found(few, "1 tool 5 other", chain), "");
}

TEST(Filter, NarrowsTheRulesThatItNames) {
  std::string c = "type: event_count, rules: [run], timespan: 10s, condition: {gte: 1}";
  auto filter = [](const std::string& rules, const std::string& logsource = "category: process_creation") {
    return "---\ntitle: F\nlogsource: {" + logsource + "}\nfilter:\n  rules: " + rules +
           "\n  selection: {CommandLine|contains: other}\n  condition: not selection\n";
  };
  EXPECT_EQ(found(c, "1 other"), "Other 1 ");
  EXPECT_EQ(found(c, "1 other", filter("[other]")), "");
  EXPECT_EQ(found(c, "1 other", filter("any")), "");
  EXPECT_EQ(found(c, "1 other", filter("[run]")), "Other 1 ");
  EXPECT_EQ(found(c, "1 other", filter("any", "category: dns_query")), "Other 1 ");
  EXPECT_EQ(found(c, "", filter("[nobody]")),
            "t.yml:19: rule 'F': filter refers to 'nobody', which no rule is called");
}

std::string reason(const std::string& rest) {
  auto rules = RuleSet::compile({{"t.yml", kBases + "---\ntitle: C\n" + rest}});
  if (!rules) return rules.error().what;
  return rules->statuses().back().reason;
}

TEST(RuleStatus, SaysWhyARuleIsNotEvaluated) {
  std::string creation = "logsource: {category: process_creation}\n";
  EXPECT_EQ(reason(creation + "detection: {s: {Image: x}, condition: s}\n"), "");
  EXPECT_EQ(reason("logsource: {product: windows}\ndetection: {s: {Image: x}, condition: s}\n"),
            "logsource product windows: what runs here is Linux");
  EXPECT_EQ(reason("logsource: {category: webserver}\ndetection: {s: {Image: x}, condition: s}\n"),
            "logsource category webserver: no event here is of that kind");
  EXPECT_EQ(reason(creation + "detection: {s: {LogonId: 1}, condition: s}\n"),
            "field LogonId is one that no event of category process_creation has");
  EXPECT_EQ(reason(creation + "detection: {s: {LogonId: 1}, t: {Image: x}, condition: s or t}\n"), "");
  EXPECT_EQ(reason(creation + "detection: {s: {LogonId: 1}, t: {Image: x}, condition: t and not s}\n"),
            "field LogonId is one that no event of category process_creation has");
  EXPECT_EQ(reason(creation + "detection: {s: {Image|expand: '%z%'}, condition: s}\n"),
            "placeholder %z% has no values");
  EXPECT_EQ(reason(creation + "detection: {s: {Image|fieldref: Nonsense}, condition: s}\n"),
            "field Nonsense is one that no event has");
  EXPECT_EQ(reason("status: deprecated\n" + creation + "detection: {s: {Image|old: x}, condition: s}\n"),
            "status deprecated");
  EXPECT_EQ(reason("correlation: {type: event_count, rules: [run], group-by: [ComputerName], timespan: 1m, "
                   "condition: {gte: 2}}\n"),
            "field ComputerName is one that no event has");
  EXPECT_EQ(reason("status: unsupported\n" + creation +
                   "detection: {s: {Image: x}, condition: s}\n---\ntitle: D\n"
                   "correlation: {type: event_count, rules: [C], timespan: 1m, condition: {gte: 2}}\n"),
            "rule 'C' is not evaluated: status unsupported");
  EXPECT_EQ(reason("action: global\n"),
            "t.yml:17: rule 'C': 'action: global' is Sigma 1's and not supported; "
            "write each document whole");
}

TEST(RuleStatus, EveryRuleOfOursIsEvaluated) {
  for (const auto& status : our_rules().statuses())
    EXPECT_TRUE(status.evaluated) << status.source << ": " << status.title << ": " << status.reason;
}

}  // namespace
}  // namespace assay::testing
