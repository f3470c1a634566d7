// A layer for the ATT&CK Navigator.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scheduler/export/export.h"

namespace assay {
namespace {

using Json = nlohmann::json;

Finding finding(const std::string& title, double weight, std::vector<Technique> techniques) {
  Finding out;
  out.title = title;
  out.weight = weight;
  out.points = 3;
  out.count = 2;
  out.techniques = std::move(techniques);
  return out;
}

// "id tactic score [opened] (comment)", one a line.
std::string cells(const Report& report) {
  std::string out;
  Json layer = Json::parse(navigator_layer(report));
  for (const Json& cell : layer["techniques"]) {
    out += cell["techniqueID"].get<std::string>() + " " + cell["tactic"].get<std::string>();
    if (cell.contains("score")) out += " " + std::to_string(cell["score"].get<int>());
    if (cell["showSubtechniques"]) out += " opened";
    if (cell.contains("comment")) out += " (" + cell["comment"].get<std::string>() + ")";
    out += "\n";
  }
  return out;
}

TEST(Navigator, ATechniqueHasTheWeightOfItsHeaviestFinding) {
  Report report;
  report.findings = {
      finding("A", 0.9, {{"T1105", "command-and-control"}}),
      finding("B", 0.2, {{"T1105", "command-and-control"}, {"T1611", "privilege-escalation"}})};
  EXPECT_EQ(cells(report), "T1105 command-and-control 90 (A; B)\nT1611 privilege-escalation 20 (B)\n");
}

TEST(Navigator, TechniquesAboveThoseThatWereSeenAreOpened) {
  Report report;
  report.findings = {finding("A", 0.9, {{"T1059.004", "execution"}}),
                     finding("B", 0.8, {{"T1059", "execution"}}),
                     finding("C", 0.7, {{"T1496.001", "impact"}, {"T1496.002", "impact"}})};
  EXPECT_EQ(cells(report),
            "T1059 execution 80 opened (B)\nT1059.004 execution 90 (A)\nT1496.001 impact 70 (C)\n"
            "T1496.002 impact 70 (C)\nT1496 impact opened\n");
}

TEST(Navigator, NamesOfLaterVersionsBecomeThoseOfItsVersion) {
  Report report;
  report.findings = {finding("A", 0.9, {{"T1564.001", "stealth"}})};
  EXPECT_EQ(cells(report), "T1564.001 defense-evasion 90 (A)\nT1564 defense-evasion opened\n");
}

TEST(Navigator, OfACleanImageIsAnEmptyLayer) {
  Json layer = Json::parse(navigator_layer(Report()));
  EXPECT_EQ(layer["techniques"], Json::array());
  EXPECT_EQ(layer["versions"]["layer"], "4.5");
  EXPECT_EQ(layer["domain"], "enterprise-attack");
}

}  // namespace
}  // namespace assay
