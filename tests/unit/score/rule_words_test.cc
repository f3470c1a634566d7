// What a rule's fields, modifiers and correlations are called in words.
#include "scheduler/score/rule_words.h"

#include <gtest/gtest.h>

#include "case_reader.h"
#include "scheduler/score/fields.h"

namespace assay::testing {
namespace {

std::string words(const std::string& selection, size_t shown = 8) {
  auto documents = yaml::parse(selection);
  EXPECT_TRUE(documents) << documents.error().what;
  std::string out;
  for (const auto& line : selection_words(documents->at(0), shown)) out += (out.empty() ? "" : "\n") + line;
  return out;
}

TEST(RuleWords, ModifiersAreSpoken) {
  EXPECT_EQ(words("{Image|endswith: /nc}"), "Image ends with '/nc'");
  EXPECT_EQ(words("{Image|startswith: [/tmp/]}"), "Image starts with '/tmp/'");
  EXPECT_EQ(words("{CommandLine|contains|all: [a, b]}"), "CommandLine contains all of 'a', 'b'");
  EXPECT_EQ(words("{CommandLine|re|i: 'a+'}"), "CommandLine matches the expression 'a+' (ignoring case)");
  EXPECT_EQ(words("{DestinationIp|cidr: 10.0.0.0/8}"), "DestinationIp is in the network '10.0.0.0/8'");
  EXPECT_EQ(words("{CommandLine|contains|windash: -f}"), "CommandLine contains '-f' (with any dash)");
  EXPECT_EQ(words("{CommandLine|wide|base64offset|contains: x}"),
            "CommandLine contains 'x' (as UTF-16; as base64, wherever it begins)");
  EXPECT_EQ(words("{Size|gte: 10}"), "Size is at least '10'");
  EXPECT_EQ(words("{User|neq: root}"), "User is not 'root'");
  EXPECT_EQ(words("{User|exists: true}"), "User is there");
  EXPECT_EQ(words("{User|exists: false}"), "User is missing");
  EXPECT_EQ(words("{User: null}"), "User is missing");
  EXPECT_EQ(words("{Image|fieldref: ParentImage}"), "Image equals the field 'ParentImage'");
  EXPECT_EQ(words("{Image|unheard: x}"), "Image is 'x' (unheard)");
}

TEST(RuleWords, SelectionsAreListed) {
  EXPECT_EQ(words("[a, b]"), "any field contains any of 'a', 'b'");
  EXPECT_EQ(words("{Image: x, User: y}"), "Image is 'x'\nand User is 'y'");
  EXPECT_EQ(words("[{Image: x, User: y}, {Image: z}]"),
            "any of\n- Image is 'x' and User is 'y'\n- Image is 'z'");
  EXPECT_EQ(words("[{Image: x}]"), "Image is 'x'");
  EXPECT_EQ(words("{Image: [a, b, c, d]}", 2), "Image is any of 'a', 'b' … and 2 more");
  EXPECT_EQ(words("{Image: [a, b, c]}", 2), "Image is any of 'a', 'b', 'c'");
}

TEST(RuleWords, CorrelationsAreSentences) {
  auto sentence = [](const std::string& text) { return correlation_words(yaml::parse(text)->at(0)); };
  EXPECT_EQ(
      sentence("{type: event_count, timespan: 5m, group-by: [Image, User], condition: {gt: 3, lte: 9}}"),
      "more than 3 and at most 9 events within 5m, with the same Image, User");
  EXPECT_EQ(sentence("{type: value_count, timespan: 30s, condition: {field: DestinationPort, gte: 15}}"),
            "at least 15 different values of DestinationPort within 30s");
  EXPECT_EQ(sentence("{type: value_sum, timespan: 1m, condition: {field: BytesOut, gt: 1000}}"),
            "the sum of BytesOut is more than 1000 within 1m");
  EXPECT_EQ(sentence("{type: temporal, timespan: 1h}"), "each of the rules within 1h");
  EXPECT_EQ(sentence("{type: temporal_ordered, timespan: 1h}"),
            "each of the rules, in this order, within 1h");
}

TEST(RuleWords, EveryCategoryHasSome) {
  for (size_t i = 0; i < kCategoryCount; ++i)
    EXPECT_NE(category_words(to_string(static_cast<Category>(i))), "") << to_string(static_cast<Category>(i));
}

}  // namespace
}  // namespace assay::testing
