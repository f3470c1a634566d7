// The forms that a report can be given in.
#include "scheduler/export/export.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Export, FormsAreFoundByNameAndOthersRefused) {
  auto form = find_export_form("sarif");
  ASSERT_TRUE(form);
  EXPECT_EQ((*form)->mime, "application/sarif+json");
  auto none = find_export_form("pdf");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().what, "format 'pdf' is none of html, sarif, stix, navigator, misp, csv, text, json");
}

}  // namespace
}  // namespace assay
