// The cases of sigma_conformance.yml: what the specification says, held against our engine.
#include <gtest/gtest.h>

#include "case_reader.h"
#include "scheduler/score/rule.h"

namespace assay::testing {
namespace {

const Placeholders kPlaceholders = {{"Servers", {"srv*", "db?"}}, {"Users", {"root"}}, {"none", {}}};

yaml::Node whole(const yaml::Node& one_case) {
  if (const auto* detection = one_case.find("detection")) return *detection;
  yaml::Node out, condition;
  out.kind = yaml::Node::Kind::map;
  condition.kind = yaml::Node::Kind::scalar;
  condition.scalar = "s";
  out.entries = {{"s", *one_case.find("when")}, {"condition", condition}};
  return out;
}

void fill(Record& record, const yaml::Node& event) {
  record.own(Field::Image, std::string("/usr/bin/app"));
  for (const auto& [name, value] : event.entries) {
    auto field = field_of(name);
    ASSERT_TRUE(field) << "events have no field " << name;
    for (const auto& one : value.items) record.own(*field, one.scalar);
    if (value.is_scalar()) record.own(*field, value.scalar);
  }
}

std::string outcome(const yaml::Node& one_case) {
  const std::string source = "sigma_conformance.yml";
  auto detection = compile_detection(whole(one_case), Spot{source, "", ""}, kPlaceholders);
  if (!detection) {
    const std::string& what = detection.error().what;
    return what.substr(what.find(": ") + 2);
  }
  Record record(Category::process_creation);
  if (const auto* event = one_case.find("event")) fill(record, *event);
  return detection->matches(record) ? "match" : "silent";
}

TEST(Sigma, ConformsToTheSpecification) {
  auto documents = yaml::parse(read_text(source_dir() / "tests/unit/score/sigma_conformance.yml"));
  ASSERT_TRUE(documents) << documents.error().what;
  size_t cases = 0;
  for (const auto& section : documents->at(0).items) {
    ASSERT_FALSE(section.text("of").empty());
    for (const auto& one : section.find("cases")->items) {
      ++cases;
      EXPECT_EQ(outcome(one), one.text("then"))
          << "sigma_conformance.yml:" << one.line << ": " << section.text("of");
    }
  }
  EXPECT_GE(cases, 150u);
}

}  // namespace
}  // namespace assay::testing
