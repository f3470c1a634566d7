// pull_run: one skopeo process to its end, or to the moment when it begins to wait for a registry that wants
// to be left alone: others can be pulled from meanwhile.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/process.h"
#include "common/result.h"

namespace assay {

struct SkopeoEnd {
  ExitStatus status;
  std::string out;  // cut at the limit
  std::string log;  // without debug lines
  /// The registry answered 429, and skopeo was ended: for how long it asked to be left alone, 0 if it did not
  /// say.
  std::optional<std::chrono::milliseconds> busy;
};

/// `command` logs for debugging. Errc::timeout at `deadline`, Errc::cancelled once `cancel_fd` is readable.
Result<SkopeoEnd> run_skopeo(Command command, std::chrono::steady_clock::time_point deadline,
                             size_t limit_bytes, int cancel_fd);

}  // namespace assay
