// The program says of every record and rule what the rule itself says, whatever the record holds.
#include "scheduler/score/program.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

#include "case_reader.h"
#include "common/text.h"
#include "scheduler/score/needles.h"
#include "scheduler/score/pattern_set.h"
#include "scheduler/score/rule.h"

namespace assay::testing {
namespace {

std::filesystem::path public_rules() {
  if (const char* named = std::getenv("ASSAY_CORPUS"))
    return std::filesystem::path(named) / "sigma/rules/linux";
  for (auto up = source_dir(); up != up.root_path(); up = up.parent_path())
    if (std::filesystem::exists(up / "shared/corpus/sigma/rules/linux"))
      return up / "shared/corpus/sigma/rules/linux";
  return {};
}

using Values = std::vector<std::pair<Field, std::string>>;

std::string shown(const RuleSet::State& state, const std::vector<uint32_t>& rules) {
  std::string out;
  for (uint32_t rule : rules) out += state.rules[rule].title + "\n";
  return out;
}

/// Both, of one record; "" where they agree.
class Judge {
 public:
  explicit Judge(const RuleSet& rules)
      : state_(rules.state()),
        reference_(Program::reference(state_.rules, state_.by_category)),
        run_(state_.program),
        by_rule_(reference_) {}

  void agree(Category category, const Values& values) {
    Record record(category);
    for (const auto& [field, value] : values) record.borrow(field, value);
    std::string program = shown(state_, run_.matching(record));
    std::string reference = shown(state_, by_rule_.matching(record));
    matched_ += !reference.empty();
    if (program == reference) return;
    std::string text;
    for (const auto& [field, value] : values)
      text += std::string(field_name(field)) + "=" + printable(value, 300) + "\n";
    ADD_FAILURE() << to_string(category) << "\n"
                  << text << "program:\n"
                  << program << "reference:\n"
                  << reference;
  }
  size_t matched() const { return matched_; }

 private:
  const RuleSet::State& state_;
  Program reference_;
  Program::Run run_, by_rule_;
  size_t matched_ = 0;
};

/// Records that rules are likely to match, or to miss by a hair.
class Forger {
 public:
  explicit Forger(const RuleSet& rules) : state_(rules.state()) {
    for (size_t i = 0; i < state_.rules.size(); ++i)
      if (state_.rules[i].logsource && state_.rules[i].detection) usable_.push_back(i);
  }

  std::pair<Category, Values> forge() {
    const Rule& rule = state_.rules[usable_[below(usable_.size())]];
    Values out;
    for (const Selection& selection : rule.detection->selections)
      if (below(3) != 0)
        for (const Item& item : selection.alternatives[below(selection.alternatives.size())]) fill(item, out);
    while (below(3) == 0) {
      const Rule& other = state_.rules[usable_[below(usable_.size())]];
      const auto& selections = other.detection->selections;
      for (const Item& item : selections[below(selections.size())].alternatives[0]) fill(item, out);
    }
    std::shuffle(out.begin(), out.end(), random_);
    return {*rule.logsource, out};
  }

 private:
  size_t below(size_t limit) { return random_() % std::max<size_t>(limit, 1); }

  void fill(const Item& item, Values& out) {
    Field field = item.keyword || !item.known ? static_cast<Field>(below(kFieldCount)) : item.field;
    size_t count = item.all ? item.values.size() : 1 + (below(4) == 0);
    std::string text;
    for (size_t i = 0; i < count && i < 20; ++i) {
      std::string one = near(item.values[item.all ? i : below(item.values.size())]);
      text = item.all && below(2) == 0 ? text + one : one;
      if (out.size() < 60) out.emplace_back(field, text);
    }
  }

  std::string near(const Value& value) {
    std::string text = value.text;
    if (value.op == Value::Op::glob)
      for (uint16_t token : value.glob.tokens) {
        if (token == Glob::kAny)
          text += noise(below(6));
        else
          text += token == Glob::kOne ? noise(below(8) != 0) : std::string(1, static_cast<char>(token));
      }
    if (value.op == Value::Op::re) text = from_regex(value.regex->pattern());
    if (value.op == Value::Op::gt || value.op == Value::Op::gte || value.op == Value::Op::lt ||
        value.op == Value::Op::lte)
      text = std::to_string(static_cast<int64_t>(value.number) + static_cast<int64_t>(below(3)) - 1);
    if (value.op == Value::Op::cidr) text = "10." + std::to_string(below(256)) + ".0.1";
    if (below(2) == 0 && value.op != Value::Op::equals && value.op != Value::Op::endswith)
      text += noise(below(8));
    if (below(2) == 0 && value.op != Value::Op::equals && value.op != Value::Op::startswith)
      text = noise(below(8)) + text;
    return spoil(text);
  }

  std::string noise(size_t length) {
    static constexpr std::string_view kBytes("aZ/ -.\n\0\xc3\xa9\xff*?\\\v1s|;:", 22);
    std::string out;
    for (size_t i = 0; i < length; ++i) out += kBytes[below(kBytes.size())];
    return out;
  }

  std::string spoil(std::string text) {
    size_t at = below(text.size());
    switch (below(14)) {
      case 0:
        if (!text.empty()) text.erase(at, 1);
        break;
      case 1:
        text.insert(at, noise(1));
        break;
      case 2:
        for (char& c : text) c = static_cast<char>(below(2) ? std::toupper(c) : c);
        break;
      case 3:
        text += '\n';
        break;
      case 4:
        if (below(20) == 0) text = std::string(32 * 1024, 'x') + text;
        break;
      default:
        break;
    }
    return text;
  }

  // Some way through the expression: good enough to match now and then.
  std::string from_regex(const std::string& re) {
    std::string out;
    for (size_t i = 0; i < re.size(); ++i) {
      char c = re[i];
      if (c == '\\' && i + 1 < re.size()) {
        char e = re[++i];
        out += e == 'b' || e == 'z' ? ""
               : e == 's'           ? " "
               : e == 'd'           ? "7"
               : e == 'w'           ? "w"
                                    : std::string(1, e);
      } else if (c == '[') {
        size_t end = re.find(']', i + 2);
        if (end == std::string::npos) return out;
        out += re[i + 1] == '^' ? noise(1) : std::string(1, re[i + 1]);
        i = end;
      } else if (c == '|') {
        if (below(2) == 0) {
          size_t close = re.find(')', i);
          if (close == std::string::npos) return out;
          i = close;
        } else {
          size_t open = out.size() > 12 ? out.size() - 12 : 0;
          out.resize(open + below(out.size() - open + 1));
        }
      } else if (c == '.') {
        out += noise(1);
      } else if (c == '{') {
        i = std::min(re.find('}', i), re.size() - 1);
      } else if (std::string_view("()^$*+?").find(c) == std::string_view::npos) {
        out += c;
      }
    }
    return out;
  }

  const RuleSet::State& state_;
  std::vector<size_t> usable_;
  std::mt19937_64 random_{7};
};

void hold_against_reference(const RuleSet& rules, size_t rounds) {
  Forger forger(rules);
  Judge judge(rules);
  for (size_t i = 0; i < rounds && !::testing::Test::HasFailure(); ++i) {
    auto [category, values] = forger.forge();
    judge.agree(category, values);
  }
  EXPECT_GT(judge.matched(), rounds / 10) << "too few of the records match anything";
}

TEST(Program, OurRulesSayTheSameOneByOne) { hold_against_reference(our_rules(), 30'000); }

TEST(Program, PublicRulesSayTheSameOneByOne) {
  auto dir = public_rules();
  if (dir.empty() || !std::filesystem::exists(dir))
    GTEST_SKIP() << "no public Sigma rules; set ASSAY_CORPUS to a directory with sigma/rules/linux";
  auto rules = RuleSet::load(dir);
  ASSERT_TRUE(rules) << rules.error().what;
  hold_against_reference(*rules, 30'000);
}

// One rule for each of these, so that each is told apart.
RuleSet rules_of(const std::vector<std::string>& detections) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (size_t i = 0; i < detections.size(); ++i)
    texts.emplace_back(std::to_string(i) + ".yml",
                       "title: '" + std::to_string(i) +
                           "'\nlogsource: {category: process_creation}\ndetection:\n" + detections[i]);
  auto rules = RuleSet::compile(texts);
  EXPECT_TRUE(rules) << rules.error().what;
  return std::move(*rules);
}

TEST(Program, HardValuesMatchAsTheyDoAlone) {
  std::vector<std::string> detections;
  for (const char* item : {"CommandLine: abc",
                           "CommandLine|cased: aBc",
                           "CommandLine: 'a*c'",
                           "CommandLine: 'a?c'",
                           "CommandLine: '?'",
                           "CommandLine: '*?*'",
                           "CommandLine: '**'",
                           "CommandLine: '?*?'",
                           "CommandLine: 'a*b*c'",
                           "CommandLine: '*a?c*'",
                           "CommandLine: ''",
                           "CommandLine: null",
                           "CommandLine|contains: ''",
                           "CommandLine|startswith: ''",
                           "CommandLine|endswith: ''",
                           "CommandLine|cased: ''",
                           "CommandLine|contains: aba",
                           "CommandLine|contains: ab",
                           "CommandLine|contains: b",
                           "CommandLine|endswith: ab",
                           "CommandLine|startswith: ab",
                           "CommandLine|contains|all: [ab, ba]",
                           "CommandLine|endswith|all: [ab, b]",
                           "CommandLine|neq: abc",
                           "CommandLine|contains|cased: AB",
                           "CommandLine|contains: 'é'",
                           "CommandLine|contains: 'É'",
                           "CommandLine|contains: \"a\\0b\"",
                           "CommandLine|endswith: \"\\0\"",
                           "CommandLine|contains: \"\\n\"",
                           "CommandLine|re: '^abc$'",
                           "CommandLine|re: 'abc$'",
                           "CommandLine|re|m: '^abc$'",
                           "CommandLine|re|s: 'a.c'",
                           "CommandLine|re: 'a.c'",
                           "CommandLine|re|i: 'a[b-d]c'",
                           "CommandLine|re: 'a\\sc'",
                           "CommandLine|re: 'a[\\s]c'",
                           "CommandLine|re: 'a\\Sc'",
                           "CommandLine|re: '\\babc\\b'",
                           "CommandLine|re: '\\Bb'",
                           "CommandLine|re: 'a{2,3}b'",
                           "CommandLine|re: 'a{,3}b'",
                           "CommandLine|re: '(ab|)c'",
                           "CommandLine|re: ''",
                           "CommandLine|re: 'a*'",
                           "CommandLine|re: '(^|/)ab( |$)'",
                           "CommandLine|re: '[^a]$'",
                           "CommandLine|re: '\\x61\\x00'",
                           "CommandLine|re: 'a+?b'",
                           "CommandLine|re: '[[:alpha:]]{3}c'",
                           "CommandLine|re: '(?i)ABC'",
                           "CommandLine|re: '(?i:A)bc'",
                           "CommandLine|re: '\\.b'",
                           "CommandLine|re: '[]a]b'",
                           "CommandLine|re: '[a-]b'",
                           "CommandLine|re: '\\pL'",
                           "CommandLine|re: '(?P<n>ab)'",
                           "CommandLine|re|i: '\\xe9'",
                           "CommandLine|re: 'é'",
                           "CommandLine|exists: true",
                           "CommandLine|exists: false",
                           "NoSuch: null",
                           "NoSuch: x",
                           "NoSuch|neq: x",
                           "NoSuch|exists: false",
                           "ProcessId|gt: 3",
                           "ProcessId|lte: 3",
                           "ProcessId: 3",
                           "DestinationIp|cidr: 10.0.0.0/8",
                           "CommandLine|windash|contains: ' -x'",
                           "CommandLine|base64offset|contains: abc",
                           "Image: /bin/x, CommandLine: abc",
                           "Image|endswith: [/x, /y]"})
    detections.push_back(std::string("  s: {") + item + "}\n  condition: s\n");
  for (const char* condition : {"not a", "a and not b", "not (a or b)", "1 of them", "all of them",
                                "2 of them", "not 1 of them", "a or not a", "not not a"})
    detections.push_back(
        "  a: {CommandLine|contains: ab}\n  b: {Image: /bin/x}\n  c: {User: null}\n  condition: " +
        std::string(condition) + "\n");
  detections.push_back("  k: [abc, 'x*y']\n  condition: k\n");
  detections.push_back("  k: [abc]\n  condition: not k\n");
  RuleSet rules = rules_of(detections);
  Judge judge(rules);
  std::vector<std::string> texts{
      "",    "abc",  "ABC",   "aBc",  "aéc",    "aÉc",   "ac",     "a\nc", "abc\n", "\nabc",    "x\nabc\ny",
      "a",   "?",    "*",     "ab",   "abab",   "ababa", "AbAb",   " -x",  " /x",   "a c",      "a\vc",
      "aab", "aaab", "aaaab", "/ab ", "a{,3}b", "YWJj",  "xYWJjx", "3",    "4",     "10.1.1.1", "a.b",
      "]b",  "-b",   "\xe9",  "\xc9", "x..y",   "xy",    "abcabc", "a\\c", "dabcd"};
  texts.emplace_back("a\0b", 3);
  texts.emplace_back("\0", 1);
  texts.emplace_back("ab\0", 3);
  texts.push_back(std::string(32 * 1024, 'a') + "b");
  texts.push_back(std::string(32 * 1024, 'a') + "abc");
  texts.push_back("abc" + std::string(32 * 1024, '\0'));
  for (const auto& text : texts)
    for (const auto& other : texts)
      for (const char* image : {"", "/bin/x"})
        judge.agree(Category::process_creation, {{Field::CommandLine, text},
                                                 {Field::Image, image},
                                                 {Field::ProcessId, text},
                                                 {Field::CommandLine, other},
                                                 {Field::DestinationIp, other}});
}

TEST(Program, ManyValuesOfOneFieldAreEachLookedAt) {
  RuleSet rules = rules_of({"  s: {Ancestors|endswith: /sh}\n  condition: s\n",
                            "  s: {Ancestors|endswith|all: [/sh, /init]}\n  condition: s\n"});
  Record record(Category::process_creation);
  for (int i = 0; i < 100; ++i) record.own(Field::Ancestors, "/bin/p" + std::to_string(i));
  record.borrow(Field::Ancestors, "/bin/sh");
  Program::Run run(rules.state().program);
  EXPECT_EQ(shown(rules.state(), run.matching(record)), "0\n");
  record.borrow(Field::Ancestors, "/sbin/init");
  EXPECT_EQ(shown(rules.state(), run.matching(record)), "0\n1\n");
}

std::string needles(const std::string& item) {
  RuleSet rules = rules_of({"  s: {" + item + "}\n  condition: s\n"});
  std::string out;
  for (const auto& needle :
       needles_of(rules.state().rules[0].detection->selections[0].alternatives[0][0].values[0], 8))
    out += needle + "\n";
  return out;
}

TEST(Needles, AreWhatATextCannotMatchWithout) {
  EXPECT_EQ(needles("CommandLine|contains: Curl"), "curl\n");
  EXPECT_EQ(needles("CommandLine: 'ab*Cdef?gh'"), "cdef\n");
  EXPECT_EQ(needles("CommandLine: '*?*'"), "");
  EXPECT_EQ(needles("CommandLine|endswith: 'a longer one'"), "a longer\n");
  EXPECT_EQ(needles("CommandLine|contains: \"a\\0bcd\\0\""), "bcd\n");
  EXPECT_EQ(needles("CommandLine|re: 'sh|Bash'"), "sh\nbash\n");
  EXPECT_EQ(needles("CommandLine|re: 'a*'"), "");
  EXPECT_EQ(needles("CommandLine|re: 'caf\xc3\xa9'"), "");
}

// What Vectorscan is trusted with: every literal is found, wherever it stands.
TEST(PatternSet, FindsEveryLiteralInTextsOfEveryLength) {
  std::vector<std::string> literals{
      "a", "b", "/", "ab", "/curl", "abcdefgh", "abcdefghi", std::string(64, 'z'), "\xff\xc3", "zzzy", "AbC"};
  auto set = PatternSet::compile(literals);
  ASSERT_TRUE(set) << set.error().what;
  PatternScratch scratch;
  ASSERT_TRUE(set->prepare(scratch));
  for (char filler : {'q', 'z', '\0', 'c'})
    for (size_t before = 0; before < 200; ++before)
      for (size_t behind : {0, 1, 7, 64, 33'000})
        for (uint32_t i = 0; i < literals.size(); ++i) {
          if (behind > 64 && before % 40 != 0) continue;
          std::string text = std::string(before, filler) + literals[i] + std::string(behind, filler);
          std::vector<uint32_t> hits;
          ASSERT_TRUE(set->scan(text, scratch, hits));
          ASSERT_NE(std::find(hits.begin(), hits.end(), i), hits.end())
              << literals[i] << " behind " << before << " and before " << behind;
        }
}

TEST(PatternSet, SaysWhenItCannotLook) {
  auto set = PatternSet::compile({"a"});
  ASSERT_TRUE(set);
  PatternScratch none;
  std::vector<uint32_t> hits{7};
  EXPECT_FALSE(set->scan("a", none, hits));
  EXPECT_EQ(hits, std::vector<uint32_t>{7});
  EXPECT_EQ(PatternSet::compile(std::vector<std::string>(PatternSet::kMaxPatterns + 1, "a")).error().code,
            Errc::limit);
}

}  // namespace
}  // namespace assay::testing
