// Who is told what, and what was missed.
#include "scheduler/watchers.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

using Sent = Watchers::Sent;

wire::Notice of(const std::string& scan, const std::string& batch) {
  return {scan, batch, "done", "", "clean", 0, "", 0};
}

class WatchersTest : public testing::Test {
 protected:
  std::string tell(const wire::Notice& notice) {
    std::string out;
    watchers_.tell(notice, [&](const std::string& peer, const wire::Notice& n) {
      if (answer_ == Sent::yes) out += peer + (n.missed ? "!" + std::to_string(n.missed) : "") + " ";
      return answer_;
    });
    return out;
  }
  Watchers watchers_;
  Sent answer_ = Sent::yes;
};

TEST_F(WatchersTest, EachIsToldWhatConcernsIt) {
  watchers_.add("all", {"", ""});
  watchers_.add("one", {"s1", ""});
  watchers_.add("batch", {"", "b1"});
  EXPECT_EQ(tell(of("s1", "b1")), "all one batch ");
  EXPECT_EQ(tell(of("s2", "b1")), "all batch ");
  EXPECT_EQ(tell(of("s2", "")), "all ");
}

TEST_F(WatchersTest, TheSlowLearnHowMuchTheyMissed) {
  watchers_.add("w", {"", ""});
  answer_ = Sent::full;
  tell(of("s1", ""));
  tell(of("s1", ""));
  answer_ = Sent::yes;
  EXPECT_EQ(tell(of("s1", "")), "w!2 ");
  EXPECT_EQ(tell(of("s1", "")), "w ");
  EXPECT_EQ(watchers_.missed(), 2u);
}

TEST_F(WatchersTest, TheGoneAreForgotten) {
  watchers_.add("w", {"", ""});
  answer_ = Sent::gone;
  tell(of("s1", ""));
  EXPECT_TRUE(watchers_.empty());
}

TEST_F(WatchersTest, AreBounded) {
  for (size_t i = 0; i < Watchers::kMax; ++i) EXPECT_TRUE(watchers_.add(std::to_string(i), {}));
  EXPECT_FALSE(watchers_.add("one too many", {}));
}

}  // namespace
}  // namespace assay
