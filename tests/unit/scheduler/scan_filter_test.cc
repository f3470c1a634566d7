// Which scans a question is about.
#include "scheduler/scan_filter.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

constexpr int64_t kNow = 1'790'000'000'000'000'000;  // 2026-09-21T14:13:20Z
constexpr int64_t kHour = 3'600'000'000'000;

int64_t when(std::string_view text) {
  auto time = parse_when(text, kNow);
  EXPECT_TRUE(time) << text;
  return time ? *time : -1;
}

TEST(ScanFilter, TimesAreMomentsDaysOrTimesAgo) {
  EXPECT_EQ(when("2h"), kNow - 2 * kHour);
  EXPECT_EQ(when("1d"), kNow - 24 * kHour);
  EXPECT_EQ(when("1w"), kNow - 7 * 24 * kHour);
  EXPECT_EQ(when("2026-09-21T14:13:20Z"), kNow);
  EXPECT_EQ(when("2026-09-21"), kNow - 14 * kHour - 800'000'000'000);
}

TEST(ScanFilter, OtherTimesAreRefusedByName) {
  for (const char* text : {"", "7", "d", "-1d", "7x", "2026-13-01", "yesterday", "99999999999999999w"}) {
    auto time = parse_when(text, kNow);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, Errc::invalid);
    EXPECT_NE(time.error().what.find("'" + std::string(text) + "'"), std::string::npos) << time.error().what;
  }
}

TEST(ScanFilter, EveryConditionThatIsSetMustHold) {
  ScanRecord record;
  record.submitted_ns = kNow;
  record.verdict = "malicious";
  record.submission.job.ref = "registry.test/team/app:1";
  record.digest = "sha256:ab";
  auto fits = [&](auto set) {
    ScanFilter filter;
    set(filter);
    return filter.fits(record);
  };
  EXPECT_TRUE(ScanFilter().fits(record));
  EXPECT_TRUE(fits([](ScanFilter& f) {
    f.since_ns = kNow;
    f.until_ns = kNow + 1;
    f.verdicts = {"clean", "malicious"};
    f.image = "team/app";
  }));
  EXPECT_TRUE(fits([](ScanFilter& f) { f.image = "sha256:ab"; }));
  EXPECT_FALSE(fits([](ScanFilter& f) { f.since_ns = kNow + 1; }));
  EXPECT_FALSE(fits([](ScanFilter& f) { f.until_ns = kNow; }));
  EXPECT_FALSE(fits([](ScanFilter& f) { f.verdicts = {"clean"}; }));
  EXPECT_FALSE(fits([](ScanFilter& f) { f.image = "team/other"; }));
  EXPECT_FALSE(fits([](ScanFilter& f) { f.batch = "20261125T031500-1f8a3c9e"; }));
}

TEST(ScanFilter, OnlyVerdictsAreVerdicts) {
  EXPECT_TRUE(check_verdict("clean"));
  EXPECT_FALSE(check_verdict("bad"));
}

}  // namespace
}  // namespace assay
