// cron: when a schedule is due: five fields (POSIX crontab(5): minute, hour, day of month, month, day of
// week, with lists, ranges, steps and names; @hourly, @daily...) in a time zone of the IANA database. Pure,
// but for reading that database.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay::sweeps {

/// A local time that a change of clocks skips is due at the first moment after it; one that comes twice is
/// due the first time only. As cron does, day of month and day of week both restricted: either will do.
class Cron {
 public:
  /// Errc::invalid names the field and the rule, or the time zone.
  static Result<Cron> parse(std::string_view schedule, std::string_view time_zone);
  Cron(const Cron&);
  Cron(Cron&&) noexcept;
  ~Cron();

  /// The first time after `after_s` (Unix seconds), or nothing within the next eight years ("30 2 30 2 *").
  std::optional<int64_t> next(int64_t after_s) const;

 private:
  struct State;
  explicit Cron(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

/// The next time that clocks in this zone show "HH:MM", after `after_s`. Errc::invalid.
Result<int64_t> next_time_of_day(std::string_view hh_mm, std::string_view time_zone, int64_t after_s);

}  // namespace assay::sweeps
