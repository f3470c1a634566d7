// Files and texts into a RuleSet: reads, compiles, hashes. What rules say of each other is linked in
// rule_links.cc.
#include "scheduler/score/rules.h"

#include <algorithm>

#include "common/digest.h"
#include "common/fd.h"
#include "common/text.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

constexpr size_t kMaxFiles = 20'000;

std::string stem(const std::string& source) { return std::filesystem::path(source).stem().string(); }

// One text's documents, compiled; filters apart from rules.
Status compile_text(const std::string& name, const std::string& text, const Placeholders& placeholders,
                    std::vector<Rule>& rules, std::vector<Filter>& filters) {
  std::string source = printable(name, 200);
  ASSAY_TRY(auto documents, yaml::parse(text, source));
  size_t number = 0;
  for (const auto& document : documents) {
    if (document.is_null()) continue;  // a trailing "---"
    if (document.find("filter") != nullptr) {
      ASSAY_TRY(auto filter, compile_filter(document, source, placeholders));
      filters.push_back(std::move(filter));
      continue;
    }
    ASSAY_TRY(auto rule, compile_rule(document, source, placeholders));
    if (rule.id.empty()) rule.id = stem(name) + (number == 0 ? "" : "-" + std::to_string(number));
    ++number;
    rules.push_back(std::move(rule));
  }
  return {};
}

// A map of names to a value or a list of them.
Result<Placeholders> read_placeholders(const std::string& text, const std::string& source) {
  Placeholders out;
  ASSAY_TRY(auto documents, yaml::parse(text, source));
  for (const auto& document : documents) {
    if (document.is_null()) continue;
    Spot spot{source, "", ""};
    if (!document.is_map()) return spot.error(document.line, "placeholders are a map of names to values");
    for (const auto& [name, node] : document.entries) {
      if (node.is_map()) return spot.error(node.line, "placeholder '" + printable(name, 50) + "' is a map");
      if (node.is_scalar()) out[name].push_back(node.scalar);
      for (const auto& item : node.items) {
        if (!item.is_scalar())
          return spot.error(item.line, "placeholder '" + printable(name, 50) + "' has " +
                                           yaml::to_string(item.kind) + " among its values");
        out[name].push_back(item.scalar);
      }
    }
  }
  return out;
}

constexpr const char* kPlaceholdersFile = "placeholders.yml";

Result<std::vector<std::filesystem::path>> rule_files(const std::filesystem::path& dir) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator walk(dir, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->path() == dir / "cases") walk.disable_recursion_pending();
    if (walk->path() != dir / kPlaceholdersFile && walk->path().extension() == ".yml" &&
        walk->is_regular_file(error))
      files.push_back(walk->path());
    if (files.size() > kMaxFiles)
      return Error{Errc::limit,
                   "rules in " + dir.string() + ": more than " + std::to_string(kMaxFiles) + " files"};
  }
  if (error) return Error{Errc::not_found, "rules in " + dir.string() + ": " + error.message()};
  if (files.empty())
    return Error{Errc::not_found,
                 "rules in " + dir.string() + ": no *.yml file; give the directory of the rules"};
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

RuleSet::RuleSet(std::unique_ptr<State> state) : state_(std::move(state)) {}
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

void RuleSet::use_reference() { state_->program = Program::reference(state_->rules, state_->by_category); }

size_t RuleSet::size() const { return state_->rules.size(); }
std::vector<RuleStatus> RuleSet::statuses() const {
  std::vector<RuleStatus> out;
  for (const Rule& rule : state_->rules)
    out.push_back({rule.source, rule.title, rule.id, rule.reason.empty(), rule.reason});
  return out;
}
const std::string& RuleSet::version() const { return state_->version; }

Result<RuleSet> RuleSet::compile(const std::vector<std::pair<std::string, std::string>>& named_yaml,
                                 const Placeholders& placeholders) {
  auto state = std::make_unique<State>();
  std::vector<Filter> filters;
  Sha256 hash;
  for (const auto& [name, text] : named_yaml) {
    ASSAY_CHECK(compile_text(name, text, placeholders, state->rules, filters));
    hash.update(std::to_string(text.size()) + "\n");
    hash.update(text);
  }
  for (const auto& [name, values] : placeholders)
    for (const auto& value : values)
      hash.update(std::to_string(name.size()) + " " + std::to_string(value.size()) + "\n" + name + value);
  ASSAY_CHECK(link_rules(*state, filters));
  // It borrows from the rules, which are not moved from here on.
  ASSAY_TRY(state->program, Program::compile(state->rules, state->by_category));
  state->version = hash.finish().hex();
  return RuleSet(std::move(state));
}

Result<RuleSet> RuleSet::load(const std::filesystem::path& dir) {
  ASSAY_TRY(auto texts, read(dir));
  return compile(texts.rules, texts.placeholders);
}

Result<RuleTexts> RuleSet::read(const std::filesystem::path& dir) {
  ASSAY_TRY(auto files, rule_files(dir));
  std::error_code error;
  RuleTexts texts;
  for (const auto& file : files) {
    auto text = read_file(file.string(), yaml::kMaxTextBytes);
    if (!text) return text.error().context("rule file");
    texts.rules.emplace_back(std::filesystem::relative(file, dir, error).string(), std::move(*text));
  }
  if (std::filesystem::exists(dir / kPlaceholdersFile, error)) {
    auto text = read_file((dir / kPlaceholdersFile).string(), yaml::kMaxTextBytes);
    if (!text) return text.error().context("placeholders");
    ASSAY_TRY(texts.placeholders, read_placeholders(*text, kPlaceholdersFile));
  }
  return texts;
}

}  // namespace assay
