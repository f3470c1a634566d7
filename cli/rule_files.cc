// Rule files and cases from disk; rules by their names.
#include "cli/rule_files.h"

#include <algorithm>

#include "cli/options.h"
#include "common/ascii.h"
#include "common/fd.h"
#include "common/text.h"

namespace assay::cli {

namespace fs = std::filesystem;

namespace {

constexpr size_t kShownCandidates = 10;
constexpr size_t kMaxCaseFiles = 20'000;

template <class Is>
std::vector<size_t> all_that(const RuleSet& rules, Is&& is) {
  std::vector<size_t> out;
  const auto& list = rules.state().rules;
  for (size_t i = 0; i < list.size(); ++i)
    if (is(list[i])) out.push_back(i);
  return out;
}

Error ambiguous(const RuleSet& rules, const std::string& word, const std::vector<size_t>& found) {
  std::string names;
  for (size_t i = 0; i < std::min(found.size(), kShownCandidates); ++i)
    names += (i > 0 ? "; " : "") + printable(rules.state().rules[found[i]].title, 100);
  if (found.size() > kShownCandidates)
    names += "; and " + std::to_string(found.size() - kShownCandidates) + " more";
  return {Errc::invalid,
          "'" + printable(word, 100) + "' may be " + std::to_string(found.size()) + " rules: " + names};
}

}  // namespace

Result<RuleTexts> read_rule_files(const std::vector<fs::path>& places) {
  RuleTexts out;
  for (const auto& place : places) {
    std::error_code error;
    if (!fs::exists(place, error))
      return Error{Errc::not_found, "no file or directory " + printable(place.string(), 500)};
    if (!fs::is_directory(place, error)) {
      ASSAY_TRY(auto text, read_file(place.string(), yaml::kMaxTextBytes));
      out.rules.emplace_back(place.string(), std::move(text));
      continue;
    }
    ASSAY_TRY(auto below, RuleSet::read(place));
    out.placeholders.merge(below.placeholders);
    for (auto& [name, text] : below.rules)
      out.rules.emplace_back((place / name).lexically_normal().string(), std::move(text));
  }
  return out;
}

Result<LoadedRules> load_rules(const std::string& dir) {
  ASSAY_TRY(fs::path place, find_rules(dir));
  if (!dir.empty()) place = dir;  // as the user calls it
  ASSAY_TRY(auto texts, read_rule_files({place}));
  auto rules = RuleSet::compile(texts.rules, texts.placeholders);
  if (!rules)
    return Error{Errc::corrupt, rules.error().what + " (assay rules check shows all that is wrong)"};
  return LoadedRules{place, std::move(texts), std::move(*rules)};
}

Result<std::vector<RuleCases>> load_rule_cases(const fs::path& dir, bool needed) {
  std::vector<RuleCases> out;
  std::error_code error;
  if (!needed && !fs::exists(dir, error)) return out;
  std::vector<fs::path> files;
  fs::directory_iterator walk(dir, error);
  for (; !error && walk != fs::directory_iterator(); walk.increment(error)) {
    if (walk->path().extension() == ".yml") files.push_back(walk->path());
    if (files.size() > kMaxCaseFiles)
      return Error{Errc::limit,
                   "cases in " + dir.string() + ": more than " + std::to_string(kMaxCaseFiles) + " files"};
  }
  if (error)
    return Error{Errc::not_found, "cases in " + printable(dir.string(), 500) + ": " + error.message()};
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    ASSAY_TRY(auto text, read_file(file.string(), yaml::kMaxTextBytes));
    auto cases = read_rule_cases(text, file.lexically_normal().string());
    if (!cases) return Error{Errc::corrupt, cases.error().what};
    for (auto& one : *cases) out.push_back(std::move(one));
  }
  return out;
}

Result<yaml::Node> document_of(const LoadedRules& loaded, const Rule& rule) {
  for (const auto& [name, text] : loaded.texts.rules) {
    if (printable(name, 200) != rule.source) continue;
    ASSAY_TRY(auto documents, yaml::parse(text));
    for (auto& document : documents)
      if (document.text("title") == rule.title &&
          (document.find("id") == nullptr || document.text("id") == rule.id))
        return std::move(document);
  }
  return Error{Errc::corrupt,
               "the text of rule '" + printable(rule.title, 100) + "' is not in " + rule.source};
}

Result<std::vector<size_t>> find_rules_called(const RuleSet& rules, const std::string& word) {
  auto exact = all_that(rules, [&](const Rule& rule) {
    return rule.id == word || rule.title == word || (!rule.name.empty() && rule.name == word);
  });
  if (!exact.empty()) return exact;
  auto of_file = all_that(rules, [&](const Rule& rule) {
    fs::path source(rule.source);
    return rule.source == word || source.filename() == word || source.stem() == word;
  });
  if (!of_file.empty()) return of_file;
  std::string part = ascii_lower(word);
  auto like = all_that(rules, [&](const Rule& rule) {
    return ascii_lower(rule.title).find(part) != std::string::npos ||
           fs::path(rule.source).filename().string().find(part) != std::string::npos ||
           rule.id.starts_with(part);
  });
  if (like.empty())
    return Error{Errc::not_found,
                 "no rule is called '" + printable(word, 100) + "' (assay rules list shows them)"};
  if (like.size() > 1) return ambiguous(rules, word, like);
  return like;
}

}  // namespace assay::cli
