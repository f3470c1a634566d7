// yara_rules: the YARA rules of this agent, compiled once: our own, which are built in, and those of the
// directories that its user names. Compiling is assay-inspect's work; what it made of them waits in a sealed
// memory file for each scan's inspector.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/inspect/wire/messages.h"
#include "agent/inspector_child.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay {

class YaraRules {
 public:
  /// Every *.yar and *.yara below `dirs`, in order of name. Errc::invalid: a file does not compile:
  /// "PATH:LINE: what is wrong".
  static Result<YaraRules> compile(const std::vector<std::string>& dirs);
  int fd() const { return compiled_.get(); }
  const InspectorProgram& program() const { return program_; }
  size_t size() const { return rules_; }   // rules
  size_t files() const { return files_; }  // rule files

 private:
  YaraRules(InspectorProgram program, Fd compiled, size_t rules, size_t files)
      : program_(std::move(program)), compiled_(std::move(compiled)), rules_(rules), files_(files) {}
  InspectorProgram program_;
  Fd compiled_;
  size_t rules_, files_;
};

/// Our own rule files, rules/yara/, as they were when this was built.
const std::vector<inspect::RuleFile>& own_yara_rules();

}  // namespace assay
