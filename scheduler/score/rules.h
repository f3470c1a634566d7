// rules: detection rules in Sigma's form (SigmaHQ specification v2), read from YAML and compiled. Immutable,
// versioned by hash.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay {

class RuleSet {
 public:
  /// Every *.yml below `dir`, but for `dir`/cases, which holds what the rules are tested with. Errc::invalid
  /// names file, rule and what is wrong.
  static Result<RuleSet> load(const std::filesystem::path& dir);
  /// One YAML text per rule, with the name to use in errors.
  static Result<RuleSet> compile(const std::vector<std::pair<std::string, std::string>>& named_yaml);
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  /// From here on each rule is held against each record as it is written, for tests and benches: same
  /// outcome, slower.
  void use_reference();

  size_t size() const;
  const std::string& version() const;  // hash over the rules' texts

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit RuleSet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
