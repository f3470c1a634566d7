#include "scheduler/config.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

std::string str(const Result<std::pair<std::string, Budget>>& parsed) {
  if (!parsed) return parsed.error().what;
  const Budget& budget = parsed->second;
  return parsed->first + " " + std::to_string(budget.pulls) + "/" + std::to_string(budget.per.count()) +
         "s:" + std::to_string(budget.burst);
}

TEST(Config, ReadsBudgets) {
  EXPECT_EQ(str(parse_budget("registry.example=100/6h:20")), "registry.example 100/21600s:20");
  EXPECT_EQ(str(parse_budget("registry.example:5000=100/6h")), "registry.example:5000 100/21600s:10");
  EXPECT_EQ(str(parse_budget("*=5/1s")), "* 5/1s:1");
}

TEST(Config, NamesBudgetsThatAreNone) {
  for (const char* text :
       {"", "x", "=1/1s", "x=1", "x=0/1s", "x=1/0s", "x=1/1s:0", "x=1/1s:", "x=a/1s", "x=1/500ms"})
    EXPECT_EQ(str(parse_budget(text)),
              "pull-budget '" + std::string(text) +
                  "' is not HOST=PULLS/DURATION[:BURST], as in registry.example=100/6h:20");
}

TEST(Config, ReadsAfterHowLongAgentsAreForgotten) {
  EXPECT_EQ(parse_forget("7d")->count(), 7 * 24 * 3600);
  EXPECT_EQ(parse_forget("0")->count(), 0);
  for (const char* text : {"", "7", "30s", "0d", "-1d", "7d\n"}) EXPECT_FALSE(parse_forget(text)) << text;
  EXPECT_EQ(parse_forget("30s").error().what,
            "forget-agents '30s' is not an age of at least 1m, as in 7d or 12h, or 0");
}

}  // namespace
}  // namespace assay
