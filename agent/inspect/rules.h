// rules: libyara, in the one place that knows it: compiles rule files, keeps what is compiled, and holds a
// file's bytes against it. Feeds server; runs only inside assay-inspect.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/inspect/wire/messages.h"
#include "common/result.h"

namespace assay::inspect {

/// libyara's own state, once a process.
class Yara {
 public:
  static Result<Yara> open();
  Yara(Yara&& other) noexcept : open_(std::exchange(other.open_, false)) {}
  Yara& operator=(Yara&&) = delete;
  ~Yara();

 private:
  explicit Yara(bool open) : open_(open) {}
  bool open_;
};

/// Compiles the files, each into its namespace, and writes the outcome to `out_fd`; how many rules there are.
/// Errc::invalid: "PATH:LINE: what is wrong", one line each, of the first file that has errors.
Result<size_t> compile_rules(const std::vector<RuleFile>& files, int out_fd);

struct Matches {
  std::vector<std::string> names;  // "namespace:rule", at most kMaxMatches
  uint32_t left_out = 0;
  bool timed_out = false;
};

class Rules {
 public:
  /// What compile_rules() wrote, read by offset: several processes may share the descriptor.
  static Result<Rules> load(int fd);
  Rules(Rules&&) noexcept;
  Rules& operator=(Rules&&) noexcept;
  ~Rules();

  /// `file_type` as public rule sets know it: "ELF", "PHP"... or empty. Errc::io: libyara failed.
  Result<Matches> match(std::string_view bytes, const Ask& ask, const std::string& file_type,
                        std::chrono::seconds time);

 private:
  struct State;
  explicit Rules(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::inspect
