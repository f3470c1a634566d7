// cron(8)'s tables in an image: /etc/crontab, /etc/cron.d, users' own, busybox's, and the directories of
// scripts that run hourly, daily and so on. Each entry is due now.
#include <algorithm>
#include <array>
#include <cctype>

#include "agent/bundle_user.h"
#include "agent/provoke/plan.h"

namespace assay {
namespace {

constexpr size_t kMaxEntries = 40;
constexpr std::chrono::milliseconds kTime{5000};

bool is_setting(std::string_view line) {
  size_t equals = line.find('=');
  if (equals == 0 || equals == std::string_view::npos) return false;
  size_t name_end = line.find_last_not_of(' ', equals - 1);
  return name_end != std::string_view::npos &&
         std::all_of(line.begin(), line.begin() + static_cast<ptrdiff_t>(name_end) + 1,
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

std::string setting(std::string_view line) {
  size_t equals = line.find('=');
  std::string name(line.substr(0, equals)), value(line.substr(equals + 1));
  auto trim = [](std::string& text, std::string_view what) {
    text.erase(0, std::min(text.find_first_not_of(what), text.size()));
    text.resize(text.find_last_not_of(what) + 1);
  };
  trim(name, " \t");
  trim(value, " \t");
  if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0])
    value = value.substr(1, value.size() - 2);
  return name + "=" + value;
}

// Takes one word off the front.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  std::string_view word = line.substr(0, std::min(line.find_first_of(" \t"), line.size()));
  line.remove_prefix(word.size());
  return word;
}

bool is_time_field(std::string_view word) {
  constexpr std::string_view kAllowed = "0123456789*/,-~?LW#";
  return !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    return kAllowed.find(c) != std::string_view::npos || std::isalpha(static_cast<unsigned char>(c));
  });
}

// What stands before the first % that is not escaped; the rest would be its input.
std::string command_of(std::string_view text) {
  std::string out;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  for (size_t i = 0; i < text.size() && text[i] != '%'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') ++i;
    out += text[i];
  }
  return out;
}

// Where cron would run what these directories hold, their scripts are steps of their own.
bool runs_the_directories(const std::string& command) {
  return command.find("run-parts") != std::string::npos && command.find("/etc/cron.") != std::string::npos;
}

void add_table(const PlanInput& in, const std::string& path, const std::string& owner,
               std::vector<Step>& steps) {
  auto text = in.files.read(path);
  if (!text) return;
  std::vector<std::string> env;
  for (CronEntry& entry : parse_crontab(*text, owner.empty(), env)) {
    if (steps.size() >= kMaxSteps || runs_the_directories(entry.command)) continue;
    auto user = resolve_user(owner.empty() ? entry.user : owner, in.files.root());
    Step step{"cron", path, {"/bin/sh", "-c", std::move(entry.command)}, env, "/", 0, 0, kTime};
    if (user) {
      step.uid = user->uid;
      step.gid = user->gid;
      step.env.push_back("HOME=" + user->home);
      if (in.files.is_dir(user->home)) step.cwd = user->home;
    }
    if (auto shell = variable(env, "SHELL"); shell && in.files.is_executable(*shell)) step.argv[0] = *shell;
    steps.push_back(std::move(step));
  }
}

}  // namespace

std::vector<CronEntry> parse_crontab(std::string_view text, bool with_user, std::vector<std::string>& env) {
  std::vector<CronEntry> out;
  for (const std::string& whole : lines_of(text)) {
    std::string_view line = whole;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line[0] == '#' || out.size() >= kMaxEntries) continue;
    if (is_setting(line)) {
      if (env.size() < kMaxEntries) env.push_back(setting(line));
      continue;
    }
    if (line[0] == '@') {
      next_word(line);
    } else {
      bool timed = true;
      for (int field = 0; field < 5; ++field) timed = is_time_field(next_word(line)) && timed;
      if (!timed) continue;
    }
    CronEntry entry;
    if (with_user) entry.user = next_word(line);
    entry.command = command_of(line);
    if (!entry.command.empty()) out.push_back(std::move(entry));
  }
  return out;
}

void add_cron(const PlanInput& in, std::vector<Step>& steps) {
  add_table(in, "/etc/crontab", "", steps);
  for (const std::string& name : in.files.list("/etc/cron.d"))
    if (name[0] != '.') add_table(in, "/etc/cron.d/" + name, "", steps);
  for (const char* dir : {"/var/spool/cron/crontabs/", "/var/spool/cron/", "/etc/crontabs/"})
    for (const std::string& user : in.files.list(dir))
      if (!in.files.is_dir(dir + user)) add_table(in, dir + user, user, steps);
  for (const char* dir : {"/etc/cron.hourly/", "/etc/cron.daily/", "/etc/cron.weekly/", "/etc/cron.monthly/",
                          "/etc/periodic/15min/", "/etc/periodic/hourly/", "/etc/periodic/daily/",
                          "/etc/periodic/weekly/", "/etc/periodic/monthly/"})
    for (const std::string& name : in.files.list(dir))
      if (name[0] != '.' && in.files.is_executable(dir + name))
        steps.push_back({"cron", dir + name, {dir + name}, {}, "/", 0, 0, kTime});
}

}  // namespace assay
