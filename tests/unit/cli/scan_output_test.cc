// What `assay scan` prints of one image and of several, in forms that other programs open.
#include "cli/scan_output.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace assay::cli {
namespace {

const ExportForm& form(const char* name) { return **find_export_form(name); }

std::string report(const std::string& id) {
  Report out;
  out.header.scan_id = id;
  out.header.job.ref = "nginx";
  return report_json(out);
}

TEST(ScanOutput, SarifHoldsARunForEachImageAndPersona) {
  auto text = groups_in_form({{report("a"), report("b")}, {}, {report("c")}}, form("sarif"));
  ASSERT_TRUE(text);
  std::string ids;
  nlohmann::json document = nlohmann::json::parse(*text);
  for (const auto& run : document["runs"]) ids += run["properties"]["scanId"].get<std::string>();
  EXPECT_EQ(ids, "abc");
}

TEST(ScanOutput, NothingIsWrittenWhereEveryScanFailed) {
  auto text = groups_in_form({{}, {}}, form("csv"));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "");
}

TEST(ScanOutput, FormsOfOneReportTakeOneImage) {
  EXPECT_TRUE(check_form_takes(form("csv"), 1));
  EXPECT_TRUE(check_form_takes(form("sarif"), 2));
  Status refused = check_form_takes(form("navigator"), 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what,
            "--format navigator takes one image and one persona; of several there are text, json, sarif");
}

}  // namespace
}  // namespace assay::cli
