// spec: what a sweep is: sources x filters x schedule x profile, as users write it (JSON, docs/sweeps.md), as
// it is kept, and what is wrong with it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/submission.h"
#include "scheduler/sweeps/cron.h"
#include "scheduler/sweeps/filter.h"
#include "sources/source.h"

namespace assay::sweeps {

inline constexpr size_t kMaxSweeps = 1000;
inline constexpr size_t kMaxSpecBytes = 256 << 10;

struct Spec {
  std::string name;  // [a-z0-9][a-z0-9._-]{0,63}
  std::vector<sources::SourceSpec> sources;
  Filter filter;
  std::vector<std::string> platforms;  // "linux/amd64"; each a scan of its own; empty: that of each agent
  std::string schedule;                // cron; empty: only by `sweep run`
  std::string time_zone = "UTC";       // IANA
  /// By when a run should be done: a time of day in the time zone ("06:00"), or so long after its start
  /// ("4h"); empty: none. What has not begun by then is not reached.
  std::string deadline;
  uint64_t most_scans = 0;  // of one run; the rest is not reached; 0: no limit
  unsigned parallel = 8;    // requests to one source at once, 1 to 32
  Submission profile;       // how each image is to be run: job without ref, labels, fresh; lane is sweep
  std::vector<Persona> personas;  // each a scan; empty: the profile's
};

/// Errc::invalid names the field and the rule; unknown fields are refused. What is read is checked: the
/// schedule and time zone parse, globs and ranges too.
Result<Spec> read_spec(std::string_view json);
/// read_spec() in two: the fields and their types, and what they say.
Result<Spec> parse_spec(std::string_view json);
Status check_spec(const Spec& spec);
/// The same back, without fields that have their default.
std::string spec_json(const Spec& spec);
/// When a run that starts at `start_s` should be done. Unix seconds.
std::optional<int64_t> deadline_of(const Spec& spec, int64_t start_s);

}  // namespace assay::sweeps
