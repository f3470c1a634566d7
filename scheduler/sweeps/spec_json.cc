// A sweep as JSON again: what differs from the defaults, in the order of docs/sweeps.md.
#include "scheduler/sweeps/json_reader.h"
#include "scheduler/sweeps/spec.h"

namespace assay::sweeps {
namespace {

template <class T>
void put(Json& out, const char* name, const T& value, const T& otherwise) {
  if (value != otherwise) out[name] = value;
}

Json profile_of(const Submission& profile) {
  const Submission none;
  const Job& job = profile.job;
  const Job& otherwise = none.job;
  Json out = Json::object();
  put(out, "duration_ms", job.duration.count(), otherwise.duration.count());
  put(out, "extension_ms", job.extension.count(), otherwise.extension.count());
  if (job.network != otherwise.network) out["network"] = assay::to_string(job.network);
  if (job.persona != otherwise.persona) out["persona"] = assay::to_string(job.persona);
  put(out, "provoke", job.provoke, otherwise.provoke);
  put(out, "insecure", job.insecure, otherwise.insecure);
  put(out, "auth_file", job.auth_file, otherwise.auth_file);
  put(out, "cpu_millis", job.cpu_millis, otherwise.cpu_millis);
  put(out, "memory_bytes", job.memory_bytes, otherwise.memory_bytes);
  put(out, "fresh", profile.fresh, none.fresh);
  for (const auto& [name, value] : profile.labels) out["labels"][name] = value;
  return out;
}

}  // namespace

std::string spec_json(const Spec& spec) {
  const Spec none;
  const std::vector<std::string> no_texts;
  Json out = {{"name", spec.name}};
  out["sources"] = Json::array();
  for (const auto& source : spec.sources)
    out["sources"].push_back(Json::parse(sources::source_json(source), nullptr, false));
  put(out, "repositories", spec.filter.repositories, no_texts);
  put(out, "tags", spec.filter.tags, no_texts);
  if (spec.filter.semver) out["semver"] = spec.filter.semver->str();
  put(out, "newest", spec.filter.newest, 0u);
  put(out, "pushed_since", spec.filter.pushed_since, none.filter.pushed_since);
  put(out, "untagged", spec.filter.untagged, false);
  put(out, "platforms", spec.platforms, no_texts);
  put(out, "schedule", spec.schedule, none.schedule);
  put(out, "time_zone", spec.time_zone, none.time_zone);
  put(out, "deadline", spec.deadline, none.deadline);
  put(out, "most_scans", spec.most_scans, none.most_scans);
  put(out, "parallel", spec.parallel, none.parallel);
  if (Json profile = profile_of(spec.profile); !profile.empty()) out["profile"] = std::move(profile);
  for (Persona persona : spec.personas) out["personas"].push_back(assay::to_string(persona));
  return dump(out);
}

}  // namespace assay::sweeps
