// What the fields of a sweep may say, and when a run of it should be done.
#include <algorithm>
#include <set>

#include "common/text.h"
#include "common/units.h"
#include "scheduler/submit.h"
#include "scheduler/sweeps/spec.h"

namespace assay::sweeps {
namespace {

constexpr unsigned kMaxParallel = 32;
constexpr std::chrono::hours kMaxDeadline{7 * 24};
constexpr const char* kOwnLabels[] = {"sweep", "run", "image"};  // that every scan of a sweep gets

Error broken(const std::string& field, const std::string& rule) {
  return {Errc::invalid, field + " " + rule};
}

std::string quoted(const std::string& text) { return "'" + printable(text, 64) + "'"; }

bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Status check_name(const std::string& name) {
  bool ok = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), word_char) &&
            name[0] != '.' && name[0] != '_' && name[0] != '-';
  if (ok) return Status();
  if (name.empty()) return broken("name", "is missing");
  return broken("name", quoted(name) +
                            " is not 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or "
                            "digit");
}

Status check_platforms(const std::vector<std::string>& platforms) {
  for (size_t i = 0; i < platforms.size(); ++i) {
    const std::string& platform = platforms[i];
    std::string field = "platforms[" + std::to_string(i) + "]";
    size_t parts = static_cast<size_t>(std::count(platform.begin(), platform.end(), '/')) + 1;
    bool words =
        std::all_of(platform.begin(), platform.end(), [](char c) { return word_char(c) || c == '/'; });
    bool whole = platform.find("//") == std::string::npos && !platform.ends_with('/');
    if (!platform.starts_with("linux/") || parts > 3 || !words || !whole)
      return broken(field, quoted(platform) + " is not linux/ARCHITECTURE or linux/ARCHITECTURE/VARIANT");
    if (std::find(platforms.begin(), platforms.begin() + static_cast<ptrdiff_t>(i), platform) !=
        platforms.begin() + static_cast<ptrdiff_t>(i))
      return broken(field, quoted(platform) + " is there twice");
  }
  return Status();
}

bool is_time_of_day(const std::string& text) { return text.find(':') != std::string::npos; }

Status check_times(const Spec& spec) {
  // The zone stands for itself: it is told of as such even where there is no schedule.
  auto zone = Cron::parse(spec.schedule.empty() ? "@daily" : spec.schedule, spec.time_zone);
  if (!zone) return zone.error();
  if (!spec.schedule.empty() && !zone->next(0))
    return broken("schedule", quoted(spec.schedule) + " is never due: there is no such day");
  if (spec.deadline.empty()) return Status();
  if (is_time_of_day(spec.deadline)) {
    auto time = next_time_of_day(spec.deadline, spec.time_zone, 0);
    return time ? Status() : Status(time.error().context("deadline"));
  }
  auto span = parse_duration(spec.deadline);
  if (!span || *span < std::chrono::seconds(1) || *span > kMaxDeadline)
    return broken(
        "deadline",
        quoted(spec.deadline) + " is neither a time of day (\"06:00\") nor a time from 1s to 168h (\"4h\")");
  return Status();
}

// As each of its scans is checked when it is submitted, with a reference that is right.
Status check_profile(const Submission& profile) {
  Submission scan = profile;
  if (!scan.job.ref.empty()) return broken("profile.ref", "is not for a sweep to say");
  scan.job.ref = "registry.example/image";
  ASSAY_CHECK(check_submission(scan).context("profile"));
  for (const auto& [name, value] : profile.labels)
    if (std::find(std::begin(kOwnLabels), std::end(kOwnLabels), name) != std::end(kOwnLabels))
      return broken("profile.labels", quoted(name) + " is set by the sweep itself");
  if (profile.labels.size() + std::size(kOwnLabels) > kMaxLabels)
    return broken("profile.labels", "are more than the " +
                                        std::to_string(kMaxLabels - std::size(kOwnLabels)) +
                                        " that there is room for");
  return Status();
}

}  // namespace

Status check_spec(const Spec& spec) {
  ASSAY_CHECK(check_name(spec.name));
  if (spec.sources.empty()) return broken("sources", "is missing: a sweep needs at least one");
  for (size_t i = 0; i < spec.sources.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (spec.sources[i] == spec.sources[j])
        return broken("sources[" + std::to_string(i) + "]", "is there twice");
  ASSAY_CHECK(spec.filter.check());
  ASSAY_CHECK(check_platforms(spec.platforms));
  ASSAY_CHECK(check_times(spec));
  if (spec.parallel < 1 || spec.parallel > kMaxParallel)
    return broken("parallel",
                  std::to_string(spec.parallel) + " is not between 1 and " + std::to_string(kMaxParallel));
  return check_profile(spec.profile);
}

std::optional<int64_t> deadline_of(const Spec& spec, int64_t start_s) {
  if (spec.deadline.empty()) return std::nullopt;
  if (is_time_of_day(spec.deadline)) {
    auto time = next_time_of_day(spec.deadline, spec.time_zone, start_s);
    return time ? std::optional(*time) : std::nullopt;
  }
  auto span = parse_duration(spec.deadline);
  if (!span) return std::nullopt;
  return start_s + std::chrono::ceil<std::chrono::seconds>(*span).count();
}

}  // namespace assay::sweeps
