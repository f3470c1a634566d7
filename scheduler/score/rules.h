// rules: detection rules in Sigma's form (SigmaHQ specification v2), read from YAML and compiled. Immutable,
// versioned by hash.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay {

/// What became of a rule: held against events, or only listed, and why.
struct RuleStatus {
  std::string source, title, id;
  bool evaluated = true;
  std::string reason;  // where it is not evaluated: "logsource service sshd: nothing here writes that log"
};

class RuleSet {
 public:
  /// Every *.yml below `dir`, but for `dir`/cases, which holds what the rules are tested with. Errc::invalid
  /// names file, rule and what is wrong.
  static Result<RuleSet> load(const std::filesystem::path& dir);
  /// The texts that load() compiles, by their paths below `dir`.
  static Result<std::vector<std::pair<std::string, std::string>>> read(const std::filesystem::path& dir);
  /// One YAML text per rule, with the name to use in errors.
  static Result<RuleSet> compile(const std::vector<std::pair<std::string, std::string>>& named_yaml);
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  size_t size() const;
  /// Of every rule, in the order of files and documents.
  const std::vector<RuleStatus>& statuses() const;
  const std::string& version() const;  // hash over the rules' texts

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit RuleSet(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
