// The fields of a sweep, read from what users write. Whether what they say makes sense: spec_check.
#include "scheduler/sweeps/spec.h"

#include <algorithm>
#include <limits>

#include "scheduler/api/order_item.h"
#include "scheduler/sweeps/json_reader.h"

namespace assay::sweeps {
namespace {

constexpr size_t kMaxSources = 100, kMaxGlobs = 1000, kMaxGlobBytes = 256, kMaxSpecPlatforms = 20;
// What is said of an image otherwise than in the profile: which one, in which lane, and as what.
constexpr api::Field kNotOfProfile[] = {api::Field::ref, api::Field::batch, api::Field::lane,
                                        api::Field::expect, api::Field::registry_auth};

Status read_labels(const Json& json, Labels& to) {
  if (!json.is_object()) return Error{Errc::invalid, "is not an object of texts"};
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return Error{Errc::invalid, "'" + printable(name, 64) + "' is not text"};
    ASSAY_CHECK(api::add_label(to, name, value.get<std::string>()));
  }
  return Status();
}

Status set_field(api::Item& item, api::Field field, const Json& value) {
  if (field == api::Field::labels) return read_labels(value, item.submission.labels);
  if (value.is_boolean()) return item.set(field, value.get<bool>());
  if (value.is_number_unsigned()) return item.set(field, value.get<uint64_t>());
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    return item.set(field, text);
  }
  return Error{Errc::invalid, "is neither text, nor a whole number from 0 on, nor true or false"};
}

Result<Submission> read_profile(const Json& json) {
  if (!json.is_object()) return Error{Errc::invalid, "profile is not an object"};
  api::Item item;
  for (const auto& [name, value] : json.items()) {
    std::string place = "profile." + printable(name, 64);
    api::Field field = api::field_of(name);
    if (field == api::Field::none) return Error{Errc::invalid, place + " is a field that there is not"};
    for (api::Field other : kNotOfProfile)
      if (field == other) return Error{Errc::invalid, place + " is not for a sweep to say"};
    if (value.is_null()) continue;
    if (Status set = set_field(item, field, value); !set)
      return Error{Errc::invalid, place + " " + set.error().what};
  }
  item.submission.lane = Lane::sweep;
  return std::move(item.submission);
}

Result<std::vector<sources::SourceSpec>> read_sources(const Json& json) {
  if (!json.is_array()) return Error{Errc::invalid, "sources is not a list"};
  if (json.size() > kMaxSources)
    return Error{Errc::invalid, "sources has more than " + std::to_string(kMaxSources) + " entries"};
  std::vector<sources::SourceSpec> out;
  for (const Json& one : json) {
    std::string place = "sources[" + std::to_string(out.size()) + "]";
    if (!one.is_object()) return Error{Errc::invalid, place + " is not an object"};
    auto source = sources::source_from_json(dump(one)).context(place);
    if (!source) return source.error();
    out.push_back(std::move(*source));
  }
  return out;
}

Result<std::vector<Persona>> read_personas(const Json& json) {
  std::vector<Persona> all, out;
  for (size_t i = 0; i < kPersonaCount; ++i) all.push_back(static_cast<Persona>(i));
  if (json.is_string() && json.get_ref<const std::string&>() == "all") return all;
  if (!json.is_array() || json.size() > kPersonaCount)
    return Error{Errc::invalid, "personas is neither \"all\" nor a list of at most four of them"};
  for (const Json& one : json) {
    std::string place = "personas[" + std::to_string(out.size()) + "]";
    auto named = [&](Persona persona) {
      return one.is_string() && one.get_ref<const std::string&>() == assay::to_string(persona);
    };
    auto found = std::find_if(all.begin(), all.end(), named);
    if (found == all.end()) return Error{Errc::invalid, place + " is none of bare, kubernetes, ci, cloud"};
    if (std::find(out.begin(), out.end(), *found) != out.end())
      return Error{Errc::invalid, place + " is there twice"};
    out.push_back(*found);
  }
  return out;
}

Status read_filter(Fields& fields, Filter& filter) {
  fields.texts("repositories", filter.repositories, kMaxGlobs, kMaxGlobBytes);
  fields.texts("tags", filter.tags, kMaxGlobs, kMaxGlobBytes);
  uint64_t newest = 0;
  if (fields.number("newest", newest, sources::kMaxTags)) filter.newest = static_cast<unsigned>(newest);
  fields.text("pushed_since", filter.pushed_since);
  fields.flag("untagged", filter.untagged);
  std::string semver;
  if (!fields.text("semver", semver) || semver.empty()) return Status();
  ASSAY_TRY(filter.semver, SemverRange::parse(semver).context("semver"));
  return Status();
}

}  // namespace

Result<Spec> parse_spec(std::string_view text) {
  if (text.size() > kMaxSpecBytes)
    return Error{Errc::invalid, "the sweep has more than " + std::to_string(kMaxSpecBytes) + " bytes"};
  ASSAY_TRY(Json json, parse_object(text, "the sweep"));
  Spec spec;
  Fields fields(json, "");
  fields.text("name", spec.name);
  if (const Json* list = fields.take("sources")) {
    ASSAY_TRY(spec.sources, read_sources(*list));
  }
  ASSAY_CHECK(read_filter(fields, spec.filter));
  fields.texts("platforms", spec.platforms, kMaxSpecPlatforms, kMaxGlobBytes);
  fields.text("schedule", spec.schedule);
  fields.text("time_zone", spec.time_zone);
  fields.text("deadline", spec.deadline);
  fields.number("most_scans", spec.most_scans, std::numeric_limits<int64_t>::max());
  uint64_t parallel = spec.parallel;
  if (fields.number("parallel", parallel, 1000)) spec.parallel = static_cast<unsigned>(parallel);
  if (const Json* profile = fields.take("profile")) {
    ASSAY_TRY(spec.profile, read_profile(*profile));
  }
  spec.profile.lane = Lane::sweep;
  if (const Json* personas = fields.take("personas")) {
    ASSAY_TRY(spec.personas, read_personas(*personas));
  }
  ASSAY_CHECK(fields.finish());
  return spec;
}

Result<Spec> read_spec(std::string_view json) {
  ASSAY_TRY(Spec spec, parse_spec(json));
  ASSAY_CHECK(check_spec(spec));
  return spec;
}

}  // namespace assay::sweeps
