// Counts, and arithmetic on what the farm has measured.
#include "scheduler/sweeps/progress.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace assay::sweeps {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxSlots = 1'000'000'000;

Json json_of(const std::optional<uint64_t>& value) { return value ? Json(*value) : Json(); }

std::optional<double> number(const Json& from, const char* name) {
  auto it = from.find(name);
  if (it == from.end() || !it->is_number()) return std::nullopt;
  return it->get<double>();
}

Json capacity_of(const ActiveRun& run, int64_t now_s, std::string_view answer) {
  if (!run.record.deadline_s) return nullptr;
  Json farm = Json::parse(answer, nullptr, false);
  if (!farm.is_object()) farm = Json::object();
  auto service = number(farm, "service_s");
  auto slots = static_cast<uint64_t>(number(farm, "slots").value_or(0));
  int64_t left = std::max<int64_t>(0, *run.record.deadline_s - now_s);
  SlotsNeeded needed = slots_needed(run.open.size(), service, left);
  return {{"seconds_left", left},
          {"scans_open", run.open.size()},
          {"slots", slots},
          {"service_s", service ? Json(*service) : Json()},
          {"slots_needed", json_of(needed.slots)},
          {"in_time", needed.slots ? Json(*needed.slots <= slots) : Json()},
          {"basis", needed.basis}};
}

}  // namespace

SlotsNeeded slots_needed(uint64_t scans, std::optional<double> service_s, int64_t seconds_left) {
  if (scans == 0) return {0, "no scan of this run is open"};
  if (!service_s || *service_s <= 0) return {std::nullopt, "no scan has ended yet that could be measured"};
  if (seconds_left <= 0) return {std::nullopt, "its deadline has passed"};
  // A slot does whole scans: what it has not ended by then is late.
  double each = std::floor(static_cast<double>(seconds_left) / *service_s);
  if (each < 1) return {std::nullopt, "one scan takes longer than what is left"};
  double slots = std::ceil(static_cast<double>(scans) / each);
  return {static_cast<uint64_t>(std::min(slots, static_cast<double>(kMaxSlots))),
          "scans take as long as the last ones did, and these slots do nothing else"};
}

std::string capacity_json(const ActiveRun& run, int64_t now_s, std::string_view capacity) {
  return capacity_of(run, now_s, capacity).dump();
}

std::string progress_json(const ActiveRun& run, const std::map<std::string, Time>& quiet, Time now,
                          int64_t now_s, std::string_view capacity) {
  Json repositories = Json::object(), images = Json::object(), busy = Json::array();
  uint64_t out = run.list.out();
  for (auto state : {RepositoryState::waiting, RepositoryState::done, RepositoryState::failed,
                     RepositoryState::not_reached}) {
    uint64_t count = run.repositories[static_cast<size_t>(state)];
    if (state == RepositoryState::waiting) count = run.list.waiting() + run.pending.size();
    repositories[to_string(state)] = count;
    if (state == RepositoryState::waiting) repositories["listing"] = out;
  }
  for (size_t i = 0; i < run.images.size(); ++i) images[to_string(static_cast<Outcome>(i))] = run.images[i];
  for (const auto& [host, until] : quiet)
    busy.push_back(
        {{"host", host}, {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count()}});
  return Json{{"run_id", run.record.run_id},
              {"state", to_string(run.record.state)},
              {"why", run.record.why},
              {"started_ns", run.record.started_ns},
              {"deadline_s", run.record.deadline_s ? Json(*run.record.deadline_s) : Json()},
              {"sources_open", run.list.sources_open()},
              {"repositories", std::move(repositories)},
              {"images", std::move(images)},
              {"scans_open", run.open.size()},
              {"busy", std::move(busy)},
              {"capacity", capacity_of(run, now_s, capacity)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::sweeps
