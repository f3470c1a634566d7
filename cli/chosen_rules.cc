// From a word to texts, from texts to those that they refer to, and no further.
#include "cli/chosen_rules.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "cli/options.h"
#include "cli/rule_files.h"
#include "common/ascii.h"
#include "common/fd.h"
#include "common/text.h"
#include "scheduler/score/rule.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;
using Text = std::pair<std::string, std::string>;  // path, YAML

// What the correlations of a text count, as they call it; and what its own rules may be called.
struct Words {
  std::vector<std::string> counts;
  std::set<std::string> called;
};

Result<Words> words_of(const Text& text) {
  Words out;
  ASSAY_TRY(auto documents, yaml::parse(text.second, printable(text.first, 200)));
  for (const yaml::Node& document : documents) {
    for (const char* key : {"id", "name", "title"})
      if (std::string word = document.text(key); !word.empty()) out.called.insert(word);
    if (document.find("id") == nullptr) out.called.insert(fs::path(text.first).stem().string());
    const yaml::Node* correlation = document.find("correlation");
    const yaml::Node* rules = correlation == nullptr ? nullptr : correlation->find("rules");
    if (rules == nullptr) continue;
    if (rules->is_scalar()) out.counts.push_back(rules->scalar);
    for (const yaml::Node& item : rules->items)
      if (item.is_scalar()) out.counts.push_back(item.scalar);
  }
  return out;
}

class Choice {
 public:
  explicit Choice(const RuleTexts& pool) : pool_(pool) {}

  Status add(const Text& text) {
    if (!sources_.insert(text.first).second) return Status();
    ASSAY_TRY(Words words, words_of(text));
    chosen_.push_back(text);
    called_.insert(words.called.begin(), words.called.end());
    for (std::string& word : words.counts) wanted_.push_back(std::move(word));
    return Status();
  }

  // What is counted may count others in turn. A name that nobody bears is the compiler's to tell.
  Status complete() {
    while (!wanted_.empty()) {
      std::string word = std::move(wanted_.back());
      wanted_.pop_back();
      if (called_.contains(word)) continue;
      for (const Text& text : pool_.rules) {
        bool named = text.second.find(word) != std::string::npos || fs::path(text.first).stem() == word;
        if (!named || sources_.contains(text.first)) continue;
        ASSAY_TRY(Words words, words_of(text));
        if (words.called.contains(word)) ASSAY_CHECK(add(text));
      }
    }
    return Status();
  }

  // A filter narrows rules of other files, so that none may be missing then.
  Result<RuleSet> compile(const Placeholders& more) {
    auto is_filter = [](const Text& text) {
      return ("\n" + text.second).find("\nfilter:") != std::string::npos;
    };
    if (std::any_of(pool_.rules.begin(), pool_.rules.end(), is_filter))
      for (const Text& text : pool_.rules) ASSAY_CHECK(add(text));
    ASSAY_CHECK(complete());
    std::sort(chosen_.begin(), chosen_.end());
    Placeholders all = more;
    for (const auto& placeholder : pool_.placeholders) all.insert(placeholder);
    return RuleSet::compile(chosen_, all);
  }

 private:
  const RuleTexts& pool_;
  std::vector<Text> chosen_;
  std::set<std::string> sources_, called_;
  std::vector<std::string> wanted_;
};

std::string why_not_hunted(const Rule& rule) {
  std::string name = "rule '" + printable(rule.title, 100) + "'";
  if (!rule.reason.empty()) return name + " is not evaluated: " + rule.reason;
  if (!rule.reports) return name + " is no finding by itself: hunt for the correlation that counts it";
  return "";
}

// `asked`: indices of those that were meant. Errc::invalid where not one of them can ever match.
Result<ChosenRules> chosen(RuleSet rules, const std::vector<size_t>& asked) {
  std::set<std::string> ids;
  std::string why;
  for (size_t index : asked) {
    const Rule& rule = rules.state().rules[index];
    std::string not_hunted = why_not_hunted(rule);
    if (not_hunted.empty()) ids.insert(rule.id);
    if (why.empty()) why = std::move(not_hunted);
  }
  if (ids.empty()) return Error{Errc::invalid, why.empty() ? "there is no rule to hunt for" : why};
  return ChosenRules{std::move(rules), std::move(ids)};
}

std::vector<size_t> all_of(const RuleSet& rules, const std::set<std::string>& sources) {
  std::vector<size_t> out;
  for (size_t i = 0; i < rules.state().rules.size(); ++i)
    if (sources.empty() || sources.contains(rules.state().rules[i].source)) out.push_back(i);
  return out;
}

Result<ChosenRules> choose_file(const std::string& file, RuleTexts pool) {
  ASSAY_TRY(std::string text, read_file(file, yaml::kMaxTextBytes));
  // One of the installed files is not there twice.
  std::erase_if(pool.rules, [&](const Text& other) { return other.second == text; });
  Choice choice(pool);
  ASSAY_CHECK(choice.add({file, text}));
  ASSAY_TRY(RuleSet rules, choice.compile({}));
  auto asked = all_of(rules, {printable(file, 200)});
  return chosen(std::move(rules), asked);
}

Result<ChosenRules> choose_called(const std::string& word, const RuleTexts& pool) {
  std::string part = ascii_lower(word);
  std::vector<Text> candidates;
  for (const Text& text : pool.rules)
    if (ascii_lower(text.first).find(part) != std::string::npos ||
        ascii_lower(text.second).find(part) != std::string::npos)
      candidates.push_back(text);
  Choice first(pool);
  for (const Text& text : candidates) ASSAY_CHECK(first.add(text));
  ASSAY_TRY(RuleSet some, first.compile({}));
  ASSAY_TRY(auto found, find_rules_called(some, word));
  std::set<std::string> ids, sources;
  for (size_t index : found) {
    ids.insert(some.state().rules[index].id);
    sources.insert(some.state().rules[index].source);
  }
  // Without those that only mention it: a correlation among them would count it as its own.
  Choice choice(pool);
  for (const Text& text : candidates)
    if (sources.contains(printable(text.first, 200))) ASSAY_CHECK(choice.add(text));
  ASSAY_TRY(RuleSet rules, choice.compile({}));
  auto asked = all_of(rules, sources);
  std::erase_if(asked, [&](size_t index) { return !ids.contains(rules.state().rules[index].id); });
  return chosen(std::move(rules), asked);
}

}  // namespace

Result<ChosenRules> choose_rules(const std::string& word, const std::string& installed) {
  std::error_code error;
  if (fs::is_directory(word, error)) {
    ASSAY_TRY(RuleTexts texts, read_rule_files({word}));
    ASSAY_TRY(RuleSet rules, RuleSet::compile(texts.rules, texts.placeholders));
    auto asked = all_of(rules, {});
    return chosen(std::move(rules), asked);
  }
  bool file = fs::is_regular_file(word, error);
  auto dir = find_rules(installed);
  if (!dir && !file) return dir.error();
  RuleTexts pool;
  if (dir) {
    ASSAY_TRY(pool, read_rule_files({*dir}));
  }
  if (file) return choose_file(word, std::move(pool));
  if (word.find('/') != std::string::npos)
    return Error{Errc::not_found, "no file or directory " + printable(word, 500)};
  return choose_called(word, pool);
}

}  // namespace assay::cli
