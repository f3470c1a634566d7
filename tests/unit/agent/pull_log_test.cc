// What skopeo 1.9 logs of a registry that limits our rate, and what it does not.
#include "agent/pull_log.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

const std::string kTime = "time=\"2026-11-25T07:00:22Z\" level=debug msg=\"";
const std::string kGet = kTime + "GET https://127.0.0.1:5511/v2/app/manifests/1\"\n";
const std::string kHeader = kTime + "Detected 'Retry-After' header \\\"37\\\"\"\n";

std::string too_many(const std::string& sleep) {
  return kTime + "Too many requests to http://127.0.0.1:5511/v2/app/manifests/1: sleeping for " + sleep +
         " seconds before next attempt\"\n";
}
// Milliseconds, or "not busy".
std::string busy(const std::string& printed) {
  SkopeoLog log;
  for (char c : printed) log.add(std::string_view(&c, 1));
  log.end();
  return log.busy() ? std::to_string(log.busy()->count()) : "not busy";
}

TEST(SkopeoLog, ARegistrySaysForHowLongItIsToBeLeftAlone) {
  EXPECT_EQ(busy(kGet + kHeader + too_many("37.000000")), "37000");
}

TEST(SkopeoLog, TheHeaderCountsNotTheSleepThatSkopeoCutsShort) {
  EXPECT_EQ(busy(kTime + "Detected 'Retry-After' header \\\"1800\\\"\"\n" + too_many("60.000000")),
            "1800000");
}

TEST(SkopeoLog, ADateIsSeenAsTheSleepUntilThen) {
  EXPECT_EQ(busy(kTime + "Detected 'Retry-After' header \\\"Wed, 25 Nov 2026 07:01:00 GMT\\\"\"\n" +
                 too_many("38.211000")),
            "38000");
}

TEST(SkopeoLog, WithoutAHeaderTheSleepIsSkopeosOwnAndMeansNothing) {
  EXPECT_EQ(busy(kGet + too_many("2.000000")), "0");
}

TEST(SkopeoLog, NobodyIsLeftAloneForDays) {
  for (const char* huge : {"999999", "99999999999999999999999999"})
    EXPECT_EQ(busy(kTime + "Detected 'Retry-After' header \\\"" + huge + "\\\"\"\n" + too_many("60.0")),
              "3600000");
}

TEST(SkopeoLog, TheWordsInAUrlOrAMessageAreNotBelieved) {
  EXPECT_EQ(busy(kTime + "GET https://host/v2/Too many requests to : sleeping for 9 seconds\"\n"),
            "not busy");
  EXPECT_EQ(busy("time=\"x\" level=fatal msg=\"Too many requests to x: sleeping for 9 seconds\"\n"),
            "not busy");
}

TEST(SkopeoLog, KeepsAllButDebugLinesWithinABound) {
  SkopeoLog log;
  log.add(kGet + "time=\"x\" level=warning msg=\"odd\"\n" + kGet + "time=\"x\" level=fatal msg=\"the end\"");
  log.end();
  EXPECT_EQ(log.text(), "time=\"x\" level=warning msg=\"odd\"\ntime=\"x\" level=fatal msg=\"the end\"\n");
  for (int i = 0; i < 100; ++i) log.add(std::string(10'000, 'x') + "\n");
  EXPECT_LE(log.text().size(), SkopeoLog::kMaxBytes);
  log.add(std::string(1'000'000, 'y'));
  log.end();
  EXPECT_LE(log.text().size(), SkopeoLog::kMaxBytes);
}

}  // namespace
}  // namespace assay
