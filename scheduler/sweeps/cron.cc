// The next day that fits, then the next minute of it, as the zone's clocks show them. The date library
// (howardhinnant.github.io/date) reads the host's time zones; it is known here and nowhere else.
#include "scheduler/sweeps/cron.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>

#include "common/text.h"
#include "scheduler/sweeps/cron_fields.h"

namespace assay::sweeps {
namespace {

using std::chrono::seconds;
constexpr int kMaxDays = 8 * 366 + 1;

// Errors of the library are exceptions; a zone is borrowed of its database, which is never unloaded.
Result<const date::time_zone*> find_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::exception&) {
    return Error{Errc::invalid, "time_zone: '" + printable(name, 64) +
                                    "' is no time zone of this host's database (/usr/share/zoneinfo); write "
                                    "one such as Europe/Berlin, or UTC"};
  }
}

// A local time that does not exist is the first moment after the gap; of two the first counts.
int64_t sys_seconds(const date::time_zone& zone, date::local_seconds local) {
  auto info = zone.get_info(local);
  if (info.result == date::local_info::nonexistent) return info.second.begin.time_since_epoch().count();
  return (local.time_since_epoch() - info.first.offset).count();
}

bool has(uint64_t set, unsigned bit) { return (set >> bit & 1) != 0; }

}  // namespace

struct Cron::State {
  CronFields fields;
  const date::time_zone* zone;

  bool fits_day(date::local_days day) const {
    date::year_month_day ymd(day);
    return fields.fits_day(unsigned(ymd.month()), unsigned(ymd.day()), date::weekday(day).c_encoding());
  }
  std::optional<int64_t> next_in(date::local_days day, date::local_seconds behind, int64_t after_s) const;
};

// Local times map to moments in their own order, so the first that is late enough is the one.
std::optional<int64_t> Cron::State::next_in(date::local_days day, date::local_seconds behind,
                                            int64_t after_s) const {
  for (unsigned hour = 0; hour < 24; ++hour) {
    if (!has(fields.hours, hour)) continue;
    for (unsigned minute = 0; minute < 60; ++minute) {
      date::local_seconds local = day + seconds(hour * 3600 + minute * 60);
      if (!has(fields.minutes, minute) || local <= behind) continue;
      int64_t moment = sys_seconds(*zone, local);
      if (moment > after_s) return moment;
    }
  }
  return std::nullopt;
}

Cron::Cron(std::shared_ptr<const State> state) : state_(std::move(state)) {}
Cron::Cron(const Cron&) = default;
Cron::Cron(Cron&&) noexcept = default;
Cron::~Cron() = default;

Result<Cron> Cron::parse(std::string_view schedule, std::string_view time_zone) {
  ASSAY_TRY(CronFields fields, parse_cron_fields(schedule));
  ASSAY_TRY(const date::time_zone* zone, find_zone(time_zone));
  return Cron(std::make_shared<State>(State{fields, zone}));
}

std::optional<int64_t> Cron::next(int64_t after_s) const {
  constexpr int64_t kFar = 253'402'300'799 - 9 * 366 * 86400ll;  // years with four digits
  if (after_s < -kFar || after_s > kFar) return std::nullopt;
  // What the clocks show by then, or have shown before, has been.
  date::local_seconds behind = state_->zone->to_local(date::sys_seconds(seconds(after_s)));
  date::local_days day = date::floor<date::days>(behind);
  for (int i = 0; i < kMaxDays; ++i, day += date::days(1)) {
    if (!state_->fits_day(day)) continue;
    if (auto moment = state_->next_in(day, behind, after_s)) return moment;
  }
  return std::nullopt;
}

Result<int64_t> next_time_of_day(std::string_view hh_mm, std::string_view time_zone, int64_t after_s) {
  auto digit = [&](size_t i) { return hh_mm[i] >= '0' && hh_mm[i] <= '9'; };
  bool shape = hh_mm.size() == 5 && digit(0) && digit(1) && hh_mm[2] == ':' && digit(3) && digit(4);
  if (!shape || hh_mm.substr(0, 2) > "23" || hh_mm.substr(3) > "59")
    return Error{Errc::invalid,
                 "'" + printable(hh_mm, 64) + "' is no time of day: write one such as 06:00, up to 23:59"};
  std::string schedule = std::string(hh_mm.substr(3)) + " " + std::string(hh_mm.substr(0, 2)) + " * * *";
  ASSAY_TRY(Cron daily, Cron::parse(schedule, time_zone));
  auto moment = daily.next(after_s);
  if (!moment) return Error{Errc::invalid, "there is no time of day in so far a future"};
  return *moment;
}

}  // namespace assay::sweeps
