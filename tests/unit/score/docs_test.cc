// What the documents promise to list, they list: every key of the report, every category and field of rules.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "case_reader.h"
#include "scheduler/score/record.h"

namespace assay::testing {
namespace {

void gather_keys(const nlohmann::json& json, std::set<std::string>& keys) {
  if (json.is_object())
    for (const auto& [key, value] : json.items()) keys.insert(key);
  for (const auto& value : json)
    if (value.is_structured()) gather_keys(value, keys);
}

TEST(Docs, ReportListsEveryKey) {
  std::string text = read_text(source_dir() / "docs/report.md");
  Report report = score(our_rules(), stored_trace("chamber"));
  report.files.emplace_back();
  report.header.image.layers.emplace_back();
  report.footer.phases.emplace_back();
  std::set<std::string> keys;
  gather_keys(nlohmann::json::parse(report_json(report)), keys);
  EXPECT_GT(keys.size(), 60u);
  for (const auto& key : keys)
    EXPECT_TRUE(text.find("`" + key + "`") != std::string::npos ||
                text.find("`" + key + "[]`") != std::string::npos)
        << key;
}

TEST(Docs, RulesListEveryCategoryAndField) {
  std::string text = read_text(source_dir() / "docs/rules.md");
  for (size_t i = 0; i < kCategoryCount; ++i) {
    std::string name = to_string(static_cast<Category>(i));
    EXPECT_NE(text.find("| `" + name + "` |"), std::string::npos) << name;
  }
  for (size_t i = 0; i < kFieldCount; ++i) {
    std::string name(field_name(static_cast<Field>(i)));
    // "`Arg0` to `Arg5`", "`a0` to `a15`"
    bool in_range = name.starts_with("Arg") ||
                    (name[0] == 'a' && name.find_first_not_of("0123456789", 1) == std::string::npos);
    EXPECT_TRUE(in_range || text.find("`" + name + "`") != std::string::npos) << name;
  }
}

}  // namespace
}  // namespace assay::testing
