// Files and texts into a RuleSet: reads, compiles, resolves what correlations refer to, hashes.
#include "scheduler/score/rules.h"

#include <algorithm>
#include <map>

#include "common/digest.h"
#include "common/fd.h"
#include "common/text.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

constexpr size_t kMaxFiles = 20'000;

std::string stem(const std::string& source) { return std::filesystem::path(source).stem().string(); }

// Names, ids and titles to rules; a name that two rules bear refers to neither.
std::map<std::string, size_t> index_of(const std::vector<Rule>& rules) {
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < rules.size(); ++i)
    for (const auto& key : {rules[i].id, rules[i].name, rules[i].title})
      if (!key.empty() && !index.emplace(key, i).second && index[key] != i) index[key] = SIZE_MAX;
  return index;
}

// A correlation may count another one, but never itself, not even by a detour.
bool reaches(const std::vector<Rule>& rules, size_t from, size_t target, size_t depth) {
  if (depth > 3) return true;
  if (!rules[from].correlation) return false;
  for (size_t next : rules[from].correlation->rules)
    if (next == target || reaches(rules, next, target, depth + 1)) return true;
  return false;
}

Status resolve(RuleSet::State& state) {
  auto index = index_of(state.rules);
  state.feeds.resize(state.rules.size());
  for (size_t i = 0; i < state.rules.size(); ++i) {
    auto& rule = state.rules[i];
    if (rule.logsource && rule.detection)
      state.by_category[static_cast<size_t>(*rule.logsource)].push_back(i);
    if (!rule.correlation) continue;
    for (const auto& reference : rule.correlation->references) {
      auto found = index.find(reference);
      if (found == index.end() || found->second == SIZE_MAX)
        return Error{Errc::invalid,
                     rule.source + ": rule '" + printable(rule.title, 100) + "': correlation refers to '" +
                         printable(reference, 100) + "', which " +
                         (found == index.end() ? "no rule is called" : "two rules are called")};
      rule.correlation->rules.push_back(found->second);
      state.feeds[found->second].push_back(i);
    }
  }
  for (size_t i = 0; i < state.rules.size(); ++i)
    if (reaches(state.rules, i, i, 0))
      return Error{Errc::invalid, state.rules[i].source + ": rule '" + printable(state.rules[i].title, 100) +
                                      "': correlation refers to itself, or too deep"};
  return {};
}

Status check_unique(const std::vector<Rule>& rules) {
  std::map<std::string, const Rule*> ids;
  for (const auto& rule : rules) {
    auto [at, fresh] = ids.emplace(rule.id, &rule);
    if (!fresh)
      return Error{Errc::invalid, rule.source + ": rule '" + printable(rule.title, 100) +
                                      "' has the id of a rule in " + at->second->source};
  }
  return {};
}

}  // namespace

RuleSet::RuleSet(std::unique_ptr<State> state) : state_(std::move(state)) {}
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

size_t RuleSet::size() const { return state_->rules.size(); }
const std::vector<RuleStatus>& RuleSet::statuses() const { return state_->statuses; }
const std::string& RuleSet::version() const { return state_->version; }

Result<RuleSet> RuleSet::compile(const std::vector<std::pair<std::string, std::string>>& named_yaml) {
  auto state = std::make_unique<State>();
  Sha256 hash;
  for (const auto& [name, text] : named_yaml) {
    auto documents = yaml::parse(text);
    if (!documents) return documents.error().context(printable(name, 200));
    size_t number = 0;
    for (const auto& document : *documents) {
      if (document.is_null()) continue;  // a trailing "---"
      ASSAY_TRY(auto rule, compile_rule(document, printable(name, 200)));
      if (rule.id.empty()) rule.id = stem(name) + (number == 0 ? "" : "-" + std::to_string(number));
      ++number;
      state->rules.push_back(std::move(rule));
    }
    hash.update(std::to_string(text.size()) + "\n");
    hash.update(text);
  }
  ASSAY_CHECK(check_unique(state->rules));
  ASSAY_CHECK(resolve(*state));
  for (const auto& rule : state->rules) {
    bool evaluated = rule.logsource || rule.correlation;
    state->statuses.push_back({rule.source, rule.title, rule.id, evaluated,
                               evaluated ? "" : "no event of ours is of the kind that its logsource names"});
  }
  state->version = hash.finish().hex();
  return RuleSet(std::move(state));
}

Result<RuleSet> RuleSet::load(const std::filesystem::path& dir) {
  ASSAY_TRY(auto texts, read(dir));
  return compile(texts);
}

Result<std::vector<std::pair<std::string, std::string>>> RuleSet::read(const std::filesystem::path& dir) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator walk(dir, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->path() == dir / "cases") walk.disable_recursion_pending();
    if (walk->path().extension() == ".yml" && walk->is_regular_file(error)) files.push_back(walk->path());
    if (files.size() > kMaxFiles)
      return Error{Errc::limit,
                   "rules in " + dir.string() + ": more than " + std::to_string(kMaxFiles) + " files"};
  }
  if (error) return Error{Errc::not_found, "rules in " + dir.string() + ": " + error.message()};
  if (files.empty())
    return Error{Errc::not_found,
                 "rules in " + dir.string() + ": no *.yml file; give the directory of the rules"};
  std::sort(files.begin(), files.end());
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& file : files) {
    auto text = read_file(file.string(), yaml::kMaxTextBytes);
    if (!text) return text.error().context("rule file");
    texts.emplace_back(fs::relative(file, dir, error).string(), std::move(*text));
  }
  return texts;
}

}  // namespace assay
