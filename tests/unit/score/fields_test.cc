// The table of fields is true: of every record that our traces make, and of what the documents say.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "record_reader.h"

namespace assay::testing {
namespace {

// "| `NAME` | an event | fields |": the last column; empty: no such row.
std::string fields_column(const std::string& text, const std::string& category) {
  size_t at = text.find("\n| `" + category + "` |");
  if (at == std::string::npos) return "";
  std::string row = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  size_t end = row.rfind('|'), begin = row.rfind(" | ", end - 2);
  return row.substr(begin, end - begin);
}

// `Arg0` to `Arg5` stands for all between.
bool in_range(const std::string& name, const std::string& column) {
  bool number = name.size() >= 2 &&
                name.find_first_not_of("0123456789", name.starts_with("Arg") ? 3 : 1) == std::string::npos;
  return number && ((name.starts_with("Arg") && column.find("`Arg0` to `Arg5`") != std::string::npos) ||
                    (name[0] == 'a' && column.find("`a0` to `a15`") != std::string::npos));
}

TEST(Fields, NoRecordHasAFieldThatItsCategoryLacks) {
  std::set<std::string> lacking;
  size_t seen = 0;
  auto visit = [&](const Record& record) {
    ++seen;
    for (const auto& entry : record.entries())
      if (!has_field(record.category(), entry.field))
        lacking.insert(std::string(to_string(record.category())) + "." +
                       std::string(field_name(entry.field)));
  };
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "tests/unit/score/traces"))
    each_record(trace(read_text(entry.path())), visit);
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "rules/cases")) {
    auto documents = yaml::parse(read_text(entry.path()));
    ASSERT_TRUE(documents) << entry.path();
    for (const auto& document : *documents)
      for (const char* kind : {"fires", "silent"})
        if (const auto* list = document.find(kind))
          for (const auto& one : list->items) each_record(TraceText::events(one), visit);
  }
  EXPECT_GT(seen, 1000u);
  std::string all;
  for (const auto& one : lacking) all += one + "\n";
  EXPECT_EQ(all, "");
}

TEST(Fields, DocumentListsThoseOfEachCategoryAndNoOthers) {
  std::string text = read_text(source_dir() / "docs/rules.md");
  for (size_t i = 0; i < kCategoryCount; ++i) {
    auto category = static_cast<Category>(i);
    std::string column = fields_column(text, to_string(category));
    ASSERT_NE(column, "") << to_string(category);
    for (size_t j = 0; j < kFieldCount; ++j) {
      auto field = static_cast<Field>(j);
      std::string name(field_name(field));
      bool listed = column.find("`" + name + "`") != std::string::npos || in_range(name, column);
      bool process =
          has_field(Category::setid, field) && name != "Call" && name != "Arg0" && name != "Succeeded";
      if (listed)
        EXPECT_TRUE(has_field(category, field)) << to_string(category) << " lacks " << name;
      else if (!process)
        EXPECT_FALSE(has_field(category, field)) << to_string(category) << " has " << name;
    }
  }
}

TEST(Fields, OtherNamesMeanTheSame) {
  EXPECT_EQ(category_of("resource"), Category::run);
  EXPECT_EQ(category_of("host_guard"), Category::guard);
  EXPECT_EQ(category_of("dns"), Category::dns_query);
  EXPECT_EQ(category_of("auditd"), Category::auditd);
  EXPECT_EQ(category_of("registry_set"), std::nullopt);
  EXPECT_EQ(field_of("record_type"), Field::QueryType);
  EXPECT_EQ(field_of("query"), Field::QueryName);
  EXPECT_EQ(field_of("c-uri"), Field::c_uri);
  EXPECT_EQ(field_of("LogonGuid"), std::nullopt);
}

}  // namespace
}  // namespace assay::testing
