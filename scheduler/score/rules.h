// rules: detection rules in Sigma's form (SigmaHQ specification v2), read from YAML and compiled. Immutable,
// versioned by hash.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"

namespace assay {

/// What became of a rule: held against events, or only listed, and why.
struct RuleStatus {
  std::string source, title, id;
  bool evaluated = true;
  std::string reason;  // where it is not evaluated: "logsource service sshd: nothing here writes that log"
};

/// What |expand puts in the place of %NAME%: NAME to its values.
using Placeholders = std::map<std::string, std::vector<std::string>>;

/// What a directory of rules holds, before it is compiled.
struct RuleTexts {
  std::vector<std::pair<std::string, std::string>> rules;  // path, text
  Placeholders placeholders;
};

class RuleSet {
 public:
  /// Every *.yml below `dir`, but for `dir`/cases, which holds what the rules are tested with, and
  /// `dir`/placeholders.yml, a map of names to values. The error reads FILE:LINE: rule 'TITLE': cause.
  static Result<RuleSet> load(const std::filesystem::path& dir);
  /// The texts that load() compiles, by their paths below `dir`.
  static Result<RuleTexts> read(const std::filesystem::path& dir);
  /// One YAML text per rule, with the name to use in errors.
  static Result<RuleSet> compile(const std::vector<std::pair<std::string, std::string>>& named_yaml,
                                 const Placeholders& placeholders = {});
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  /// From here on each rule is held against each record as it is written, for tests and benches: same
  /// outcome, slower.
  void use_reference();

  size_t size() const;
  /// Of every rule, in the order of files and documents.
  std::vector<RuleStatus> statuses() const;
  const std::string& version() const;  // hash over the rules' texts

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit RuleSet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
