// Figures into sentences.
#include "agent/limits.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace assay {
namespace {

// A guest that is refused its next block has a few pages left that this one did not fit into.
constexpr uint64_t kAsGoodAsFull = 64 * 1024;
// Every program with a quota is held back for a moment as it starts.
constexpr uint64_t kThrottledNs = 1'000'000'000;

// In the largest unit that says it exactly.
std::string bytes(uint64_t size) {
  static constexpr std::array kUnits = {" bytes", " KiB", " MiB", " GiB", " TiB"};
  size_t unit = 0;
  for (; size > 0 && size % 1024 == 0 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return std::to_string(size) + kUnits[unit];
}

std::string processors(double cpus) {
  std::string text = std::to_string(cpus);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + (text == "1" ? " processor" : " processors");
}

std::string seconds(uint64_t ns) {
  return std::to_string(ns / 1'000'000'000) + "." + std::to_string(ns / 100'000'000 % 10) + " s";
}

}  // namespace

std::vector<LimitHit> limit_hits(const LimitFigures& f) {
  std::vector<LimitHit> out;
  auto hit = [&](const char* limit, uint64_t times, const std::string& size, const std::string& came_of_it) {
    if (times > 0) out.push_back({limit, size + "; " + came_of_it, times});
  };
  auto some = [](uint64_t count, const char* what) { return std::to_string(count) + " " + what; };
  hit("memory", f.oom_kills, bytes(f.cgroup.memory_bytes),
      f.killed ? "the sandbox was killed" : "processes of the sandbox were killed");
  hit("processes", f.pids_refused, some(f.cgroup.pids, "tasks on the host"), "no more were given");
  if (f.throttled_ns >= kThrottledNs)
    hit("cpu", 1, processors(f.cgroup.cpus), "held back for " + seconds(f.throttled_ns) + " in all");
  uint64_t refused = f.refused_for_room;
  // Calls that were refused belong to the bound that was found hit.
  if (f.inodes_full > 0)
    hit("inodes", std::max<uint64_t>(1, refused), some(f.rootfs.upper_inodes, "files"),
        "no more could be made");
  if (f.disk_full > 0 || (refused > 0 && f.inodes_full == 0))
    hit("disk", f.inodes_full > 0 ? 1 : std::max<uint64_t>(1, refused), bytes(f.rootfs.upper_bytes),
        "no more could be written");
  hit("output", f.output_left_out > 0, bytes(f.output_bytes),
      some(f.output_left_out, "bytes beyond it were counted, not kept"));
  hit("events", f.events_reached, some(f.events, "events"), "the run was stopped");
  hit("trace", f.trace_reached, bytes(f.trace_bytes), "the run was stopped");
  hit("connections", f.connections_pushed_out, "as many at once as the simulated internet holds",
      "the oldest were closed");
  hit("bytes", f.connections_cut, "as much as one connection may send", "it was closed");
  hit("reports", f.reports_dropped, "what the simulated internet may tell in a second",
      "the rest was counted as lost");
  hit("plan", f.steps_left_out, "as many steps as one run plan has", "more were left out");
  return out;
}

LimitBook::LimitBook(const CgroupLimits& cgroup, const RootfsLimits& rootfs, std::filesystem::path upper)
    : upper_(std::move(upper)) {
  figures.cgroup = cgroup;
  figures.rootfs = rootfs;
}

void LimitBook::look() {
  struct statvfs room {};
  if (::statvfs(upper_.c_str(), &room) != 0) return;
  if (room.f_blocks > 0 && room.f_bfree * room.f_frsize < kAsGoodAsFull) ++figures.disk_full;
  if (room.f_files > 0 && room.f_ffree == 0) ++figures.inodes_full;
}

void LimitBook::note(const Event& event) {
  if (event.source == Source::seccheck && event.error == ENOSPC) ++figures.refused_for_room;
}

void LimitBook::read(const Cgroup& cgroup) {
  figures.oom_kills = cgroup.oom_kills();
  figures.pids_refused = cgroup.pids_refused();
  figures.throttled_ns = cgroup.throttled_ns();
}

}  // namespace assay
