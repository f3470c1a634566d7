// Schedules: fields, names and words; changes of clocks; and next() against a reference that steps from minute
// to minute.
#include "scheduler/sweeps/cron.h"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <set>

namespace assay::sweeps {
namespace {

int64_t at(const std::string& utc) {
  std::istringstream in(utc);
  date::sys_seconds time;
  in >> date::parse("%F %T", time);
  EXPECT_FALSE(in.fail()) << utc;
  return time.time_since_epoch().count();
}

std::string text(std::optional<int64_t> time) {
  return time ? date::format("%F %T", date::sys_seconds(std::chrono::seconds(*time))) : "never";
}

std::string next(const std::string& schedule, const std::string& zone, const std::string& after) {
  auto cron = Cron::parse(schedule, zone);
  return cron ? text(cron->next(at(after))) : cron.error().what;
}

std::string utc(const std::string& schedule, const std::string& after) { return next(schedule, "UTC", after); }

std::string error_of(const std::string& schedule, const std::string& zone = "UTC") {
  auto cron = Cron::parse(schedule, zone);
  return cron ? "none" : cron.error().what;
}

TEST(Cron, IsDueAtTheNextTimeThatFits) {
  EXPECT_EQ(utc("0 3 * * *", "2026-11-30 02:59:59"), "2026-11-30 03:00:00");
  EXPECT_EQ(utc("0 3 * * *", "2026-11-30 03:00:00"), "2026-12-01 03:00:00");
  EXPECT_EQ(utc("*/15 * * * *", "2026-11-30 03:00:00"), "2026-11-30 03:15:00");
  EXPECT_EQ(utc("5-20/7,50 22 * * *", "2026-11-30 22:12:00"), "2026-11-30 22:19:00");
  EXPECT_EQ(utc("0 0 29 2 *", "2026-11-30 00:00:00"), "2028-02-29 00:00:00");
  EXPECT_EQ(utc("30 1 1 jan,JUL *", "2026-11-30 00:00:00"), "2027-01-01 01:30:00");
  EXPECT_EQ(utc("0 4 * * mon-fri", "2026-12-04 05:00:00"), "2026-12-07 04:00:00");
  EXPECT_EQ(utc("0 4 * * 7", "2026-12-01 00:00:00"), "2026-12-06 04:00:00");
  EXPECT_EQ(utc("0 4 * * sat-sun", "2026-12-05 05:00:00"), "2026-12-06 04:00:00");
  EXPECT_EQ(utc("\t0  4 *\t* * ", "2026-12-05 05:00:00"), "2026-12-06 04:00:00");
}

TEST(Cron, KnowsWords) {
  EXPECT_EQ(utc("@hourly", "2026-11-30 03:10:00"), "2026-11-30 04:00:00");
  EXPECT_EQ(utc("@daily", "2026-11-30 03:10:00"), "2026-12-01 00:00:00");
  EXPECT_EQ(utc("@midnight", "2026-11-30 03:10:00"), "2026-12-01 00:00:00");
  EXPECT_EQ(utc("@weekly", "2026-11-30 03:10:00"), "2026-12-06 00:00:00");
  EXPECT_EQ(utc("@monthly", "2026-11-30 03:10:00"), "2026-12-01 00:00:00");
  EXPECT_EQ(utc("@yearly", "2026-11-30 03:10:00"), "2027-01-01 00:00:00");
  EXPECT_EQ(utc("@annually", "2026-11-30 03:10:00"), "2027-01-01 00:00:00");
}

// POSIX: where both are restricted, either will do; a field that begins with a star restricts nothing.
TEST(Cron, TakesDayOfMonthOrDayOfWeek) {
  EXPECT_EQ(utc("0 0 13 * fri", "2026-11-30 00:00:00"), "2026-12-04 00:00:00");
  EXPECT_EQ(utc("0 0 13 * fri", "2026-12-11 00:00:00"), "2026-12-13 00:00:00");
  EXPECT_EQ(utc("0 0 13 * *", "2026-11-30 00:00:00"), "2026-12-13 00:00:00");
  EXPECT_EQ(utc("0 0 * * fri", "2026-12-04 00:00:00"), "2026-12-11 00:00:00");
  EXPECT_EQ(utc("0 0 */2 * fri", "2026-12-01 00:00:00"), "2026-12-11 00:00:00");  // as cron does: both
}

TEST(Cron, NeverIsSaidQuickly) {
  auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(utc("30 2 30 2 *", "2026-11-30 00:00:00"), "never");
  EXPECT_EQ(next("30 2 31 4,6,9,11 *", "Europe/Berlin", "2026-11-30 00:00:00"), "never");
  auto cron = Cron::parse("59 23 29 2 *", "America/New_York");
  ASSERT_TRUE(cron);
  for (int i = 0; i < 1000; ++i) (void)cron->next(at("2028-03-01 00:00:00") + i);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  EXPECT_EQ(text(cron->next(INT64_MAX)), "never");
  EXPECT_EQ(text(cron->next(INT64_MIN)), "never");
}

TEST(Cron, SkippedTimeIsDueAtTheFirstMomentAfterIt) {
  // Berlin, 2027-03-28: 02:00 becomes 03:00, at 01:00 UTC.
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2027-03-27 12:00:00"), "2027-03-28 01:00:00");
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2027-03-28 01:00:00"), "2027-03-29 00:30:00");
  EXPECT_EQ(next("*/10 2 * * *", "Europe/Berlin", "2027-03-28 00:00:00"), "2027-03-28 01:00:00");
  EXPECT_EQ(next("*/10 2 * * *", "Europe/Berlin", "2027-03-28 01:00:00"), "2027-03-29 00:00:00");
  // Havana springs at midnight: a day without its first hour.
  EXPECT_EQ(next("@daily", "America/Havana", "2027-03-13 12:00:00"), "2027-03-14 05:00:00");
  // Samoa had no 30th of December 2011: it was over with its first moment.
  EXPECT_EQ(next("0 12 30 12 *", "Pacific/Apia", "2011-12-29 00:00:00"), "2011-12-30 10:00:00");
}

TEST(Cron, DoubledTimeIsDueTheFirstTimeOnly) {
  // Berlin, 2027-10-31: 03:00 becomes 02:00, at 01:00 UTC.
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2027-10-30 12:00:00"), "2027-10-31 00:30:00");
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2027-10-31 00:30:00"), "2027-11-01 01:30:00");
  EXPECT_EQ(next("30 2 * * *", "Europe/Berlin", "2027-10-31 01:10:00"), "2027-11-01 01:30:00");
  EXPECT_EQ(next("0 3 * * *", "Europe/Berlin", "2027-10-31 00:30:00"), "2027-10-31 02:00:00");
  // Lord Howe turns back by half an hour.
  EXPECT_EQ(next("45 1 * * *", "Australia/Lord_Howe", "2027-04-03 13:00:00"), "2027-04-03 14:45:00");
  EXPECT_EQ(next("45 1 * * *", "Australia/Lord_Howe", "2027-04-03 14:45:00"), "2027-04-04 15:15:00");
}

TEST(Cron, NamesTheFieldAndTheRule) {
  EXPECT_EQ(error_of("60 * * * *"), "schedule: minute '60' is not between 0 and 59");
  EXPECT_EQ(error_of("0 24 * * *"), "schedule: hour '24' is not between 0 and 23");
  EXPECT_EQ(error_of("0 0 0 * *"), "schedule: day of month '0' is not between 1 and 31");
  EXPECT_EQ(error_of("0 0 * 13 *"), "schedule: month '13' is not between 1 and 12");
  EXPECT_EQ(error_of("0 0 * * 8"), "schedule: day of week '8' is not between 0 and 7");
  EXPECT_EQ(error_of("0 0 * foo *"), "schedule: month 'foo' is neither a number nor a name such as jan");
  EXPECT_EQ(error_of("a * * * *"), "schedule: minute 'a' is no number");
  EXPECT_EQ(error_of("5-1 * * * *"), "schedule: minute '5-1' ends before it begins");
  EXPECT_EQ(error_of("5/10 * * * *"), "schedule: minute '5/10' has a step, which only a range or '*' can have");
  EXPECT_EQ(error_of("*/0 * * * *"), "schedule: minute '*/0' has a step that is no number from 1 to 99");
  EXPECT_EQ(error_of("1,,2 * * * *"), "schedule: minute '1,,2' has an empty entry");
  EXPECT_EQ(error_of("0 0 * *"),
            "schedule: '0 0 * *' has 4 fields, not five: minute, hour, day of month, month, day of week");
  EXPECT_EQ(error_of("@reboot"),
            "schedule: '@reboot' is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually");
  EXPECT_EQ(error_of("@daily", "Mars/Olympus"),
            "time_zone: 'Mars/Olympus' is no time zone of this host's database (/usr/share/zoneinfo); write one "
            "such as Europe/Berlin, or UTC");
  for (const char* zone : {"", "../../../etc/passwd", "/etc/localtime", "europe", "\x01"})
    EXPECT_NE(error_of("@daily", zone), "none") << zone;
  EXPECT_NE(error_of(std::string(600, '0')), "none");
}

TEST(Cron, TimeOfDayIsTheNextOne) {
  auto of = [](const char* time, const char* zone, const char* after) {
    auto next = next_time_of_day(time, zone, at(after));
    return next ? text(*next) : next.error().what;
  };
  EXPECT_EQ(of("06:00", "UTC", "2026-11-30 05:59:59"), "2026-11-30 06:00:00");
  EXPECT_EQ(of("06:00", "UTC", "2026-11-30 06:00:00"), "2026-12-01 06:00:00");
  EXPECT_EQ(of("06:00", "Asia/Tokyo", "2026-11-30 20:00:00"), "2026-11-30 21:00:00");
  EXPECT_EQ(of("6:00", "UTC", "2026-11-30 05:59:59"),
            "'6:00' is no time of day: write one such as 06:00, up to 23:59");
  EXPECT_EQ(of("24:00", "UTC", "2026-11-30 05:59:59"),
            "'24:00' is no time of day: write one such as 06:00, up to 23:59");
}

// ---- the reference: minute by minute, over sets that it draws itself

struct Drawn {
  std::string schedule;
  std::set<unsigned> minutes, hours, days, months, weekdays;
  bool any_day = false, any_weekday = false;
};

std::string draw(std::mt19937& random, unsigned least, unsigned most, unsigned stars, std::set<unsigned>& set) {
  auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  if (below(10) < stars) {
    for (unsigned i = least; i <= most; ++i) set.insert(i);
    return "*";
  }
  std::string out;
  for (unsigned n = 1 + below(3), i = 0; i < n; ++i) {
    unsigned low = least + below(most - least + 1), high = low + below(most - low + 1), step = 1 + below(5);
    for (unsigned v = low; v <= high; v += step) set.insert(v);
    out += (i == 0 ? "" : ",") + std::to_string(low) + "-" + std::to_string(high) + "/" + std::to_string(step);
  }
  return out;
}

Drawn draw(std::mt19937& random) {
  Drawn d;
  d.schedule = draw(random, 0, 59, 1, d.minutes) + " " + draw(random, 0, 23, 3, d.hours) + " ";
  d.schedule += draw(random, 1, 31, 5, d.days) + " ";
  d.any_day = d.schedule.ends_with("* ");
  d.schedule += draw(random, 1, 12, 8, d.months) + " ";
  std::string weekdays = draw(random, 0, 6, 5, d.weekdays);
  d.any_weekday = weekdays == "*";
  d.schedule += weekdays;
  return d;
}

bool fits(const Drawn& d, date::local_seconds local) {
  auto day = date::floor<date::days>(local);
  date::year_month_day ymd(day);
  auto minutes = std::chrono::duration_cast<std::chrono::minutes>(local - day).count();
  bool by_day = d.days.count(unsigned(ymd.day())), by_week = d.weekdays.count(date::weekday(day).c_encoding());
  bool day_fits = d.any_day || d.any_weekday ? by_day && by_week : by_day || by_week;
  return day_fits && d.months.count(unsigned(ymd.month())) && d.hours.count(unsigned(minutes / 60)) &&
         d.minutes.count(unsigned(minutes % 60));
}

// Walks the real time. A minute is due when its local time fits and is new; after a jump forward, what was
// jumped over is looked at, too.
std::string slow_next(const Drawn& d, const date::time_zone& zone, int64_t after_s, int64_t give_up_s) {
  using std::chrono::minutes;
  using std::chrono::seconds;
  auto time = date::floor<minutes>(date::sys_seconds(seconds(after_s)));
  // What was shown within a day before is old.
  date::local_seconds newest = zone.to_local(date::sys_seconds(time - date::days(1)));
  for (auto t = time - date::days(1); t <= time; t += minutes(1))
    newest = std::max(newest, zone.to_local(date::sys_seconds(t)));
  for (auto t = time + minutes(1); t.time_since_epoch() < seconds(give_up_s); t += minutes(1)) {
    date::local_seconds shown = zone.to_local(date::sys_seconds(t));
    for (date::local_seconds local = newest + minutes(1); local <= shown; local += minutes(1))
      if (fits(d, local)) return text(std::chrono::duration_cast<seconds>(t.time_since_epoch()).count());
    newest = std::max(newest, shown);
  }
  return "later";
}

TEST(Cron, AgreesWithMinuteByMinute) {
  std::mt19937 random(20261130);
  const char* zones[] = {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana",
                         "Asia/Kathmandu", "Africa/Casablanca"};
  int told = 0;
  for (int i = 0; i < 600; ++i) {
    Drawn drawn = draw(random);
    const char* name = zones[random() % std::size(zones)];
    const auto& zone = *date::locate_zone(name);
    // Half of the time within a day before a change of clocks.
    int64_t after = at("2026-01-01 00:00:00") + static_cast<int64_t>(random() % (3 * 365 * 86400u));
    if (i % 2 == 0) {
      auto change = zone.get_info(date::sys_seconds(std::chrono::seconds(after))).end;
      int64_t end = change.time_since_epoch().count();
      if (end < at("2030-01-01 00:00:00")) after = end - static_cast<int64_t>(random() % 86400);
    }
    auto cron = Cron::parse(drawn.schedule, name);
    ASSERT_TRUE(cron) << drawn.schedule << ": " << cron.error().what;
    int64_t give_up = after + 6 * 86400;
    std::string expected = slow_next(drawn, zone, after, give_up);
    auto found = cron->next(after);
    std::string got = !found || *found >= give_up ? "later" : text(found);
    ASSERT_EQ(got, expected) << drawn.schedule << " in " << name << " after " << text(after);
    if (expected != "later") ++told;
  }
  EXPECT_GT(told, 300);
}

}  // namespace
}  // namespace assay::sweeps
