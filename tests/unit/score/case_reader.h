// case_reader: traces written down in YAML (scheduler/score/rule_case.h), for tests: what is wrong with one
// is a failure of the test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/event.h"
#include "scheduler/score/rule_case.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/scorer.h"
#include "scheduler/score/yaml.h"

namespace assay::testing {

inline std::filesystem::path source_dir() { return ASSAY_SOURCE_DIR; }

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

class TraceText {
 public:
  static Event event(const std::string& kind, const yaml::Node& fields) {
    auto made = case_event(kind, fields);
    EXPECT_TRUE(made) << made.error().what;
    return made ? *made : Event();
  }
  static std::vector<Event> events(const yaml::Node& list) { return read(list).events; }
  static std::vector<LimitHit> limits(const yaml::Node& list) { return read(list).limits; }

 private:
  static CaseTrace read(const yaml::Node& list) {
    auto made = case_trace(list);
    EXPECT_TRUE(made) << made.error().what;
    return made ? *made : CaseTrace();
  }
};

inline TraceHeader test_header() { return case_header(); }
inline TraceFooter test_footer(size_t events) { return case_footer(events); }

inline Report score(const RuleSet& rules, const std::vector<Event>& events,
                    std::vector<LimitHit> limits = {}) {
  return score_case(rules, {events, std::move(limits), {}, 0});
}

inline std::vector<Event> trace(const std::string& yaml_list) {
  auto documents = yaml::parse(yaml_list);
  EXPECT_TRUE(documents) << documents.error().what;
  return TraceText::events(documents->at(0));
}

/// A whole run, from traces/NAME.yml.
inline std::vector<Event> stored_trace(const std::string& name) {
  return trace(read_text(source_dir() / "tests/unit/score/traces" / (name + ".yml")));
}

inline const RuleSet& our_rules() {
  static const RuleSet rules = [] {
    auto loaded = RuleSet::load(source_dir() / "rules");
    if (!loaded) {
      ADD_FAILURE() << loaded.error().what;
      std::abort();
    }
    return std::move(*loaded);
  }();
  return rules;
}

/// "title (count)" of each finding, heaviest first.
inline std::string titles(const Report& report) {
  std::string out;
  for (const auto& finding : report.findings) out += finding.title + "\n";
  return out;
}

}  // namespace assay::testing
