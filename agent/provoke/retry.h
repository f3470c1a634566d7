// retry: with what an image is started again that has ended early: the settings that well-known images
// demand, those that it, or its entrypoint, named itself, and the subcommand that its usage offers. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/process.h"

namespace assay {

/// How a try ended, and the first of what it had printed.
struct EarlyEnd {
  ExitStatus status;
  std::chrono::milliseconds lived{0};
  std::string output;
};

struct Retry {
  std::vector<std::string> argv;
  std::vector<std::string> env;  // what comes on top of the container's own
  std::string why;               // "set FOO_PASSWORD", "try 'serve'"
};

class Retries {
 public:
  static constexpr size_t kMax = 3;
  /// `entrypoint_script`: the text of the program that is started, where it is a script. `word` makes values
  /// nobody can know: 16 or more letters and digits.
  Retries(std::vector<std::string> argv, std::vector<std::string> env, std::string_view entrypoint_script,
          std::string word);
  /// The next try; nothing when the end gives no reason for one, or all are used up.
  std::optional<Retry> next(const EarlyEnd& end);

 private:
  void demand(const std::string& name);
  std::vector<std::string> argv_, env_;
  std::vector<std::string> added_;  // NAME=value of earlier tries and of this one
  std::vector<std::string> demanded_by_script_;
  std::vector<std::string> tried_commands_;
  std::string word_;
  size_t tries_ = 0;
};

/// Names of variables that a text says are missing: "FOO_PASSWORD is not set", "you must specify X_TOKEN".
std::vector<std::string> demanded_names(std::string_view output);
/// ${NAME:?...} and ${NAME?...} of a shell script.
std::vector<std::string> demanded_by_script(std::string_view script);
/// A subcommand that a usage text offers and that sounds like a service.
std::vector<std::string> offered_commands(std::string_view output);
/// A plausible value for a variable of this name.
std::string value_for(std::string_view name, const std::string& word);

}  // namespace assay
