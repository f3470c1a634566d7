// docs/coverage.md: every rule that it names exists, and its counts are those of its table.
#include <gtest/gtest.h>

#include <map>

#include "case_reader.h"

namespace assay::testing {
namespace {

struct Entry {
  std::string catalogue, name, status;
  std::vector<std::string> rules;
};

std::string trimmed(const std::string& text) {
  size_t from = text.find_first_not_of(' '), to = text.find_last_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, to - from + 1);
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) out.push_back(trimmed(part));
  return out;
}

bool is_status(const std::string& text) { return text == "covered" || text == "attempt" || text == "n/a"; }

// "| catalogue | entry | status | rules | note |"
std::vector<Entry> entries() {
  std::vector<Entry> out;
  std::istringstream in(read_text(source_dir() / "docs/coverage.md"));
  for (std::string line; std::getline(in, line);) {
    auto cells = split(line, '|');
    if (cells.size() < 5 || !is_status(cells[3])) continue;
    Entry entry{cells[1], cells[2], cells[3], {}};
    for (const auto& rule : split(cells[4], ','))
      if (!rule.empty()) entry.rules.push_back(rule);
    out.push_back(std::move(entry));
  }
  return out;
}

TEST(CoverageDoc, NamesOnlyRulesThatExist) {
  size_t named = 0;
  for (const auto& entry : entries()) {
    EXPECT_TRUE(entry.status == "n/a" || !entry.rules.empty()) << entry.name;
    for (const auto& rule : entry.rules) {
      ++named;
      EXPECT_TRUE(std::filesystem::exists(source_dir() / "rules" / (rule + ".yml")))
          << entry.name << ": " << rule;
    }
  }
  EXPECT_GT(named, 150u);
}

TEST(CoverageDoc, CountsAreThoseOfItsTable) {
  std::map<std::string, int> counts;
  for (const auto& entry : entries()) {
    ++counts[entry.status];
    ++counts[entry.catalogue];
  }
  EXPECT_EQ(counts["Tracee"], 33);
  // Stable, incubating and sandbox rules, and the deprecated ones.
  EXPECT_EQ(counts["Falco"] + counts["Falco deprecated"], 97);
  std::string text = read_text(source_dir() / "docs/coverage.md");
  for (const char* status : {"covered", "attempt", "n/a"}) {
    std::string row = "| `" + std::string(status) + "` | " + std::to_string(counts[status]) + " |";
    EXPECT_NE(text.find(row), std::string::npos) << "no row " << row;
  }
}

}  // namespace
}  // namespace assay::testing
