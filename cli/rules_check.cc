// assay rules check: every wrong file with its line and cause, then what could be better.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/options.h"
#include "cli/rule_files.h"
#include "cli/rules_verbs.h"
#include "cli/terminal.h"
#include "common/text.h"
#include "scheduler/score/rule_lint.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::Ink;

// The whole is compiled again for each wrong file: who has more of them should begin with these.
constexpr size_t kMaxErrors = 100;

struct Remark {
  std::string file;
  size_t line = 0;  // 0: not known
  std::string cause;
};
struct Checked {
  size_t files = 0, rules = 0;
  std::vector<Remark> errors, warnings;
};

// "FILE:LINE: cause" or "FILE: cause", of one of the texts, taken apart. No file: it is about none of them.
Remark remark_of(const Error& error, const RuleTexts& texts) {
  Remark out;
  for (const auto& [name, text] : texts.rules) {
    std::string shown = printable(name, 200);
    if (shown.size() > out.file.size() && error.what.starts_with(shown + ":")) out.file = shown;
  }
  std::string_view rest = error.what;
  if (!out.file.empty()) {
    rest.remove_prefix(out.file.size() + 1);
    auto [end, bad] = std::from_chars(rest.data(), rest.data() + rest.size(), out.line);
    if (bad == std::errc() && end != rest.data() + rest.size() && *end == ':')
      rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
    else
      out.line = 0;
    if (rest.starts_with(" ")) rest.remove_prefix(1);
  }
  out.cause = rest;
  return out;
}

void drop(RuleTexts& texts, const std::string& shown) {
  std::erase_if(texts.rules, [&](const auto& text) { return printable(text.first, 200) == shown; });
}

// Compiles without the files that are wrong, one after the other; the rest is left in `texts`.
Result<RuleSet> compile_what_can_be(RuleTexts& texts, std::vector<Remark>& errors) {
  for (;;) {
    auto rules = RuleSet::compile(texts.rules, texts.placeholders);
    if (rules) return rules;
    errors.push_back(remark_of(rules.error(), texts));
    if (errors.back().file.empty() || errors.size() == kMaxErrors) return rules.error();
    drop(texts, errors.back().file);
  }
}

void warn(const RuleTexts& texts, const RuleSet& rules, std::vector<Remark>& warnings) {
  std::map<std::string, std::vector<size_t>> of_file;
  for (size_t i = 0; i < rules.size(); ++i) of_file[rules.state().rules[i].source].push_back(i);
  for (const auto& [name, text] : texts.rules) {
    std::string file = printable(name, 200);
    if (auto documents = yaml::parse(text))
      for (const auto& document : *documents) {
        if (document.is_null()) continue;
        std::string rule = "rule '" + printable(document.text("title"), 100) + "': ";
        for (const auto& what : lint_rule(document))
          warnings.push_back({file, static_cast<size_t>(document.line), rule + what});
      }
    for (size_t index : of_file[file]) {
      const Rule& rule = rules.state().rules[index];
      if (!rule.reason.empty())
        warnings.push_back({file, static_cast<size_t>(rule.line),
                            "rule '" + printable(rule.title, 100) + "': can never fire: " + rule.reason});
    }
  }
}

std::string where(const Remark& remark) {
  return remark.file + (remark.line > 0 ? ":" + std::to_string(remark.line) : "") +
         (remark.file.empty() ? "" : ": ");
}

void print_text(const Checked& checked) {
  layout::Paint paint(wants_color(1));
  for (const auto& error : checked.errors)
    std::cout << where(error) << paint(Ink::red, "error:") << " " << error.cause << "\n";
  if (checked.errors.size() == kMaxErrors) std::cout << "there may be more: mend these first\n";
  for (const auto& warning : checked.warnings)
    std::cout << where(warning) << paint(Ink::yellow, "warning:") << " " << warning.cause << "\n";
  std::cout << layout::plural(checked.rules, "rule") << " in " << layout::plural(checked.files, "file")
            << ", " << layout::plural(checked.errors.size(), "error") << ", "
            << layout::plural(checked.warnings.size(), "warning") << "\n";
}

nlohmann::ordered_json as_json(const std::vector<Remark>& remarks) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& remark : remarks) {
    nlohmann::ordered_json one{{"file", remark.file}};
    if (remark.line > 0) one["line"] = remark.line;
    one["cause"] = remark.cause;
    out.push_back(std::move(one));
  }
  return out;
}

void print_json(const Checked& checked) {
  nlohmann::ordered_json out{{"files", checked.files},
                             {"rules", checked.rules},
                             {"errors", as_json(checked.errors)},
                             {"warnings", as_json(checked.warnings)}};
  std::cout << out.dump(1) << "\n";
}

}  // namespace

Result<int> check_rules(const po::variables_map& map, const Words& words) {
  std::vector<std::filesystem::path> places(words.begin(), words.end());
  if (map.count("rules") > 0) places.emplace_back(map["rules"].as<std::string>());
  if (places.empty()) {
    ASSAY_TRY(auto dir, find_rules(""));
    places.push_back(dir);
  }
  ASSAY_TRY(RuleTexts texts, read_rule_files(places));
  Checked checked;
  checked.files = texts.rules.size();
  auto rules = compile_what_can_be(texts, checked.errors);
  if (rules) {
    checked.rules = rules->size();
    warn(texts, *rules, checked.warnings);
  }
  if (map["format"].as<std::string>() == "json")
    print_json(checked);
  else
    print_text(checked);
  return static_cast<int>(checked.errors.empty() ? kBelowGate : kFailed);
}

}  // namespace assay::cli
