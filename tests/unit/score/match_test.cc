// Values, wildcards, modifiers and conditions, case by case from the Sigma specification.
#include <gtest/gtest.h>

#include "case_reader.h"
#include "scheduler/score/rule.h"

namespace assay::testing {
namespace {

// A rule with this detection, against a record whose CommandLine is `value` (and Image /bin/x, ProcessId 42).
std::string outcome(const std::string& detection, const std::string& value) {
  auto rules = RuleSet::compile(
      {{"t.yml", "title: T\nlogsource: {category: process_creation}\ndetection:\n" + detection}});
  if (!rules) return rules.error().what;
  Record record(Category::process_creation);
  record.borrow(Field::CommandLine, value);
  record.borrow(Field::Image, "/bin/x");
  record.borrow(Field::DestinationIp, value);
  record.own(Field::ProcessId, uint64_t{42});
  return rules->state().rules[0].detection->matches(record) ? "yes" : "no";
}

std::string item(const std::string& key_and_value, const std::string& value) {
  return outcome("  s: {" + key_and_value + "}\n  condition: s\n", value);
}

struct Row {
  const char* item;
  const char* value;
  const char* expected;
};

TEST(Match, ValuesAndWildcards) {
  for (const auto& row : {Row{"CommandLine: abc", "abc", "yes"},
                          {"CommandLine: abc", "ABC", "yes"},  // case does not matter
                          {"CommandLine: abc", "xabc", "no"},
                          {"CommandLine: a*c", "abbbc", "yes"},
                          {"CommandLine: a*c", "ac", "yes"},
                          {"CommandLine: a*c", "acd", "no"},
                          {"CommandLine: 'a?c'", "abc", "yes"},
                          {"CommandLine: 'a?c'", "ac", "no"},
                          {"CommandLine: '*b*'", "abc", "yes"},
                          {"CommandLine: '*'", "anything", "yes"},
                          {"CommandLine: '*'", "", "no"},  // present is what a star asks for
                          {R"(CommandLine: 'a\*c')", "a*c", "yes"},
                          {R"(CommandLine: 'a\*c')", "abc", "no"},
                          {R"(CommandLine: 'a\?c')", "a?c", "yes"},
                          {R"(CommandLine: 'a\\c')", R"(a\c)", "yes"},
                          {R"(CommandLine: 'a\bc')", R"(a\bc)", "yes"},    // a lone backslash is one
                          {R"(CommandLine: 'a\\*c')", R"(a\bbc)", "yes"},  // backslash, then a wildcard
                          {"CommandLine: [abc, def]", "def", "yes"},
                          {"CommandLine: [abc, def]", "abcdef", "no"},
                          {"CommandLine: 7", "7", "yes"},
                          {"CommandLine: null", "", "yes"},
                          {"CommandLine: null", "x", "no"},
                          {"CommandLine: ''", "", "yes"},
                          {"CommandLine: ''", "x", "no"},
                          {"NoSuchField: x", "x", "no"},
                          {"NoSuchField: null", "x", "yes"},
                          {"CommandLine: abc, Image: /bin/x", "abc", "yes"},  // a map means and
                          {"CommandLine: abc, Image: /bin/y", "abc", "no"}})
    EXPECT_EQ(item(row.item, row.value), row.expected) << row.item << " on " << row.value;
}

TEST(Match, Modifiers) {
  for (const auto& row :
       {Row{"CommandLine|contains: b", "abc", "yes"},
        {"CommandLine|contains: 'b*d'", "abcde", "yes"},
        {"CommandLine|startswith: ab", "ABc", "yes"},
        {"CommandLine|startswith: bc", "abc", "no"},
        {"CommandLine|endswith: bc", "abc", "yes"},
        {"CommandLine|endswith: ab", "abc", "no"},
        {"CommandLine|endswith: 'b?'", "abc", "yes"},
        {"CommandLine|contains|all: [a, c]", "abc", "yes"},
        {"CommandLine|contains|all: [a, z]", "abc", "no"},
        {"CommandLine|cased: ABC", "ABC", "yes"},
        {"CommandLine|cased: ABC", "abc", "no"},
        {"CommandLine|contains|cased: B", "abc", "no"},
        {"CommandLine|re: '^a.c$'", "abc", "yes"},
        {"CommandLine|re: '^A.c$'", "abc", "no"},  // expressions mind case
        {"CommandLine|re|i: '^A.c$'", "abc", "yes"},
        {"CommandLine|re: 'b'", "abc", "yes"},  // anywhere
        {"CommandLine|re|m: '^b$'", "a\nb\nc", "yes"},
        {"CommandLine|re: '^b$'", "a\nb\nc", "no"},
        {"CommandLine|re|s: 'a.b'", "a\nb", "yes"},
        {"CommandLine|re: 'a.b'", "a\nb", "no"},
        {"CommandLine|re: 'a.b'",
         "a\xff"
         "b",
         "yes"},  // bytes, not UTF-8
        {"CommandLine|exists: true", "x", "yes"},
        {"CommandLine|exists: true", "", "no"},
        {"CommandLine|exists: false", "", "yes"},
        {"ProcessId|gt: 41", "", "yes"},
        {"ProcessId|gt: 42", "", "no"},
        {"ProcessId|gte: 42", "", "yes"},
        {"ProcessId|lt: 42", "", "no"},
        {"ProcessId|lte: 42", "", "yes"},
        {"ProcessId|gte: 41.5", "", "yes"},
        {"CommandLine|gt: 1", "many", "no"},
        {"CommandLine|neq: abc", "abc", "no"},
        {"CommandLine|neq: abc", "abd", "yes"},
        {"CommandLine|windash|contains: ' -f'", "x /f", "yes"},
        {"CommandLine|windash|contains: ' -f'", "x -f", "yes"},
        {"CommandLine|base64|contains: foo", "x Zm9v y", "yes"},
        {"CommandLine|base64|contains: foo", "x ZM9V y", "no"},
        {"CommandLine|base64offset|contains: '/bin/bash'", "cHl0aG9uIC9iaW4vYmFzaCAtaQ==", "yes"},
        {"CommandLine|base64offset|contains: '/bin/bash'", "YSAvYmluL2Jhc2g=", "yes"},
        {"CommandLine|base64offset|contains: '/bin/bash'", "L2Jpbi9iYXNo", "yes"},
        {"CommandLine|base64offset|contains: '/bin/bash'", "L2Jpbi9zaA==", "no"},
        {"DestinationIp|cidr: 10.0.0.0/8", "10.1.2.3", "yes"},
        {"DestinationIp|cidr: 10.0.0.0/8", "11.1.2.3", "no"},
        {"DestinationIp|cidr: 198.18.0.0/15", "198.19.255.255", "yes"},
        {"DestinationIp|cidr: 198.18.0.0/15", "198.20.0.0", "no"},
        {"DestinationIp|cidr: 0.0.0.0/0", "1.2.3.4", "yes"},
        {"DestinationIp|cidr: 1.2.3.4", "1.2.3.4", "yes"},
        {"DestinationIp|cidr: 'fe80::/10'", "fe80::1", "yes"},
        {"DestinationIp|cidr: 'fe80::/10'", "10.0.0.1", "no"},
        {"DestinationIp|cidr: 10.0.0.0/8", "not an address", "no"}})
    EXPECT_EQ(item(row.item, row.value), row.expected) << row.item << " on " << row.value;
}

TEST(Match, ListsOfMapsAndKeywords) {
  EXPECT_EQ(outcome("  s:\n    - CommandLine: a\n    - Image: /bin/x\n  condition: s\n", "b"), "yes");
  EXPECT_EQ(outcome("  s:\n    - CommandLine: a\n    - Image: /bin/y\n  condition: s\n", "b"), "no");
  EXPECT_EQ(outcome("  k: [zzz, bin/x]\n  condition: k\n", "b"), "yes");  // any field, anywhere in it
  EXPECT_EQ(outcome("  k: [zzz, yyy]\n  condition: k\n", "b"), "no");
  EXPECT_EQ(outcome("  k:\n    '|all': [abc, bin]\n  condition: k\n", "xabc"), "yes");
  EXPECT_EQ(outcome("  k:\n    '|all': [abc, zzz]\n  condition: k\n", "xabc"), "no");
}

TEST(Match, Conditions) {
  // a1 and a2 hold, b does not; _hidden holds and is no part of "them".
  auto condition = [](const std::string& text) {
    return outcome(
        "  a1: {CommandLine: v}\n  a2: {Image: /bin/x}\n  b: {CommandLine: w}\n  _hidden: {CommandLine: v}\n "
        " condition: " +
            text + "\n",
        "v");
  };
  for (auto [text, expected] : {std::pair{"a1", "yes"},    {"b", "no"},
                                {"not b", "yes"},          {"not not a1", "yes"},
                                {"a1 and b", "no"},        {"a1 or b", "yes"},
                                {"b or a1 and a2", "yes"}, {"a1 or b and b", "yes"},
                                {"(a1 or b) and b", "no"}, {"not a1 or a2", "yes"},
                                {"not (a1 or b)", "no"},   {"1 of a*", "yes"},
                                {"all of a*", "yes"},      {"1 of b*", "no"},
                                {"all of them", "no"},     {"1 of them", "yes"},
                                {"any of them", "yes"},    {"2 of them", "yes"},
                                {"3 of them", "no"},       {"a1 and not 1 of b*", "yes"},
                                {"a1 AND NOT b", "yes"},   {"all of *", "no"},
                                {"(((a1)))", "yes"},       {"[b, a1]", "yes"}})
    EXPECT_EQ(condition(text), expected) << text;
}

TEST(Match, RefusedWithReason) {
  auto names = [](const std::string& result, const std::string& part) {
    EXPECT_NE(result.find(part), std::string::npos) << result;
  };
  names(item("CommandLine|sounds_like: x", ""), "unknown modifier 'sounds_like'");
  names(item("CommandLine|utf16le|wide: x", ""), "modifiers 'utf16le' and 'wide' exclude each other");
  names(item("CommandLine|re: '(a'", ""), "expression '(a'");
  names(item("CommandLine|re: '(?<=a)b'", ""), "expression");
  names(item("CommandLine|cidr: 10.0.0/8", ""), "not a network");
  names(item("CommandLine|cidr: 10.0.0.0/33", ""), "not a network");
  names(item("CommandLine|gt: many", ""), "not a number");
  names(item("CommandLine|exists: maybe", ""), "true or false");
  names(item("CommandLine|contains|re: x", ""), "exclude each other");
  names(item("CommandLine|i: x", ""), "behind 're'");
  names(item("CommandLine: {a: b}", ""), "a map");
  names(item("CommandLine: []", ""), "an empty list");
  names(outcome("  s: {}\n  condition: s\n", ""), "an empty map");
  names(outcome("  s: {CommandLine: x}\n", ""), "no condition");
  names(outcome("  s: {CommandLine: x}\n  condition: t\n", ""), "no selection 't'");
  names(outcome("  s: {CommandLine: x}\n  condition: s s\n", ""), "'s' stands where");
  names(outcome("  s: {CommandLine: x}\n  condition: s and\n", ""), "it ends");
  names(outcome("  s: {CommandLine: x}\n  condition: (s\n", ""), "not closed");
  names(outcome("  s: {CommandLine: x}\n  condition: s)\n", ""), "')' stands where");
  names(outcome("  s: {CommandLine: x}\n  condition: 1 of t*\n", ""), "no selection is called 't*'");
  names(outcome("  s: {CommandLine: x}\n  condition: few of s*\n", ""), "'few of'");
  names(outcome("  s: {CommandLine: x}\n  condition: s | count() > 5\n", ""), "correlation rule");
  names(outcome("  s: {CommandLine: x}\n  timeframe: 5m\n  condition: s\n", ""), "timeframe");
  names(outcome("  s: {CommandLine: x}\n  condition: " + std::string(100, '(') + "s" + std::string(100, ')') +
                    "\n",
                ""),
        "nested deeper");
}

TEST(Match, StaysLinearOnHostileText) {
  std::string text(200'000, 'a');
  EXPECT_EQ(item("CommandLine|re: '(a*)*b'", text), "no");
  EXPECT_EQ(item("CommandLine: '*a*a*a*a*b'", text), "no");
}

}  // namespace
}  // namespace assay::testing
