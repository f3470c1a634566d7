// Indicators as a table that spreadsheets take for text.
#include <gtest/gtest.h>

#include "scheduler/export/export.h"

namespace assay {
namespace {

Report report_with(std::vector<std::string> names) {
  Report report;
  report.header.scan_id = "id";
  report.header.job.ref = "nginx:1.27";
  report.header.start_time_ns = 1'796'004'574'236'190'159;
  report.dns_names = std::move(names);
  return report;
}

// The rows behind the header, without the columns that are the scan's.
std::string rows(const Report& report) {
  std::string all = csv_indicators(report), tail = ",id,2026-11-30T02:09:34.236Z\r\n", out;
  all.erase(0, all.find('\n') + 1);
  for (size_t at = 0; (at = all.find(tail)) != std::string::npos;) {
    out += all.substr(0, at) + "\n";
    all.erase(0, at + tail.size());
  }
  return out + all;
}

TEST(Csv, HasAHeaderEvenWhereThereIsNothing) {
  EXPECT_EQ(csv_indicators(report_with({})),
            "kind,value,port,proto,path,size_bytes,suspicious,techniques,context,image,image_digest,scan_id,"
            "scanned\r\n");
}

TEST(Csv, ARowStandsByItself) {
  EXPECT_EQ(rows(report_with({"a.example"})), "domain,a.example,,,,,no,,asked for,nginx:1.27,\n");
}

TEST(Csv, CellsThatSpreadsheetsWouldComputeGetAQuote) {
  Report report = report_with({"-2.a.example"});
  report.header.job.ref = "=HYPERLINK(\"http://x\",1)";
  EXPECT_EQ(rows(report),
            "domain,\"'-2.a.example\",,,,,no,,asked for,\"'=HYPERLINK(\"\"http://x\"\",1)\",\n");
  for (const char* start : {"+", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"}) {
    report.header.job.ref = std::string(start) + "1";
    EXPECT_NE(rows(report).find(std::string(",\"'") + start + "1\""), std::string::npos) << start;
  }
}

TEST(Csv, NeitherABrokenLineNorASemicolonBeginsACell) {
  Report report = report_with({"a.example"});
  report.header.job.ref = "x;=1+1\r\n=2\t@3\u202e\xff";
  EXPECT_EQ(rows(report),
            "domain,a.example,,,,,no,,asked for,\"x;'=1+1\\x0d\\x0a=2\\x09@3\\xe2\\x80\\xae\\xff\",\n");
}

}  // namespace
}  // namespace assay
