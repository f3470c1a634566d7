// cron_fields: a schedule's five fields as sets of numbers. Pure; knows no clock. Internal to cron.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace assay::sweeps {

/// Bit n: the number n is in it.
struct CronFields {
  uint64_t minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;  // days from 1, months too; 0: Sunday
  bool any_day = false, any_weekday = false;                            // the field begins with a star

  bool fits_day(unsigned month, unsigned day, unsigned weekday) const;
};

/// Errc::invalid names the field and the rule.
Result<CronFields> parse_cron_fields(std::string_view schedule);

}  // namespace assay::sweeps
