// Fields by name, their types and bounds. What a whole submission must be is submit's.
#include "scheduler/api/order_item.h"

#include <algorithm>
#include <limits>

#include "common/platform.h"
#include "common/registry_auth.h"
#include "common/text.h"

namespace assay::api {
namespace {

constexpr const char* kFields[] = {"ref",        "duration_ms",  "network",      "insecure",     "auth_file",
                                   "cpu_millis", "memory_bytes", "lane",         "batch",        "expect",
                                   "fresh",      "persona",      "provoke",      "extension_ms", "platform",
                                   "labels",     "once",         "registry_auth"};
constexpr size_t kMaxRefBytes = 1024;  // what the wire carries, as of the others
constexpr size_t kMaxPathBytes = 4096;
constexpr size_t kMaxWordBytes = 64;

Error wrong_type(Field field) {
  const char* type = "text";
  if (field == Field::duration_ms || field == Field::extension_ms || field == Field::cpu_millis ||
      field == Field::memory_bytes)
    type = "a whole number, not negative";
  if (field == Field::insecure || field == Field::fresh || field == Field::provoke) type = "true or false";
  if (field == Field::labels) type = "an object of texts";
  return {Errc::invalid, std::string("is not ") + type};
}

Status keep_text(std::string& to, std::string& value, size_t limit) {
  if (value.size() > limit) return Error{Errc::invalid, "is longer than " + std::to_string(limit) + " bytes"};
  to = std::move(value);
  return Status();
}

Status set_network(Job& job, const std::string& value) {
  for (NetworkMode mode : {NetworkMode::none, NetworkMode::sinkhole, NetworkMode::egress})
    if (value == assay::to_string(mode)) {
      job.network = mode;
      return Status();
    }
  return Error{Errc::invalid, "'" + printable(value, 64) + "' is none of none, sinkhole, egress"};
}

Status set_persona(Job& job, const std::string& value) {
  for (size_t i = 0; i < kPersonaCount; ++i)
    if (value == assay::to_string(static_cast<Persona>(i))) {
      job.persona = static_cast<Persona>(i);
      return Status();
    }
  return Error{Errc::invalid, "'" + printable(value, 64) + "' is none of bare, kubernetes, ci, cloud"};
}

}  // namespace

const char* to_string(Field field) { return field == Field::none ? "" : kFields[static_cast<size_t>(field)]; }

Field field_of(std::string_view name) {
  auto found = std::find(std::begin(kFields), std::end(kFields), name);
  return static_cast<Field>(found - std::begin(kFields));
}

Status Item::set(Field field, std::string& value) {
  Submission& s = submission;
  switch (field) {
    case Field::ref:
      return keep_text(s.job.ref, value, kMaxRefBytes);
    case Field::auth_file:
      return keep_text(s.job.auth_file, value, kMaxPathBytes);
    case Field::network:
      return set_network(s.job, value);
    case Field::persona:
      return set_persona(s.job, value);
    case Field::batch:
      return keep_text(s.batch, value, kMaxWordBytes);
    case Field::platform:
      if (!value.empty()) ASSAY_CHECK(parse_platform(value));
      return keep_text(s.job.platform, value, kMaxWordBytes);
    case Field::expect:
      return keep_text(s.expect, value, kMaxWordBytes);
    case Field::once:
      return keep_text(s.once, value, kMaxOnceBytes);
    case Field::registry_auth:
      s.own_login = true;
      return keep_text(s.registry_auth, value, kMaxRegistryAuthBytes);
    case Field::lane: {
      ASSAY_TRY(s.lane, parse_lane(value));
      return Status();
    }
    default:
      return wrong_type(field);
  }
}

Status Item::set(Field field, uint64_t value) {
  Job& job = submission.job;
  switch (field) {
    case Field::duration_ms:
    case Field::extension_ms:
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max() / 1'000'000))
        return Error{Errc::invalid, "is too large"};
      (field == Field::duration_ms ? job.duration : job.extension) = std::chrono::milliseconds(value);
      return Status();
    case Field::cpu_millis:
      if (value > std::numeric_limits<uint32_t>::max()) return Error{Errc::invalid, "is too large"};
      job.cpu_millis = static_cast<uint32_t>(value);
      return Status();
    case Field::memory_bytes:
      job.memory_bytes = value;
      return Status();
    default:
      return wrong_type(field);
  }
}

Status Item::set(Field field, bool value) {
  switch (field) {
    case Field::insecure:
      submission.job.insecure = value;
      return Status();
    case Field::provoke:
      submission.job.provoke = value;
      return Status();
    case Field::fresh:
      submission.fresh = value;
      return Status();
    default:
      return wrong_type(field);
  }
}

void Item::complete(const Item& defaults) {
  const Submission& from = defaults.submission;
  Submission& to = submission;
  auto wants = [&](Field field) { return defaults.has(field) && !has(field); };
  if (wants(Field::duration_ms)) to.job.duration = from.job.duration;
  if (wants(Field::extension_ms)) to.job.extension = from.job.extension;
  if (wants(Field::network)) to.job.network = from.job.network;
  if (wants(Field::persona)) to.job.persona = from.job.persona;
  if (wants(Field::provoke)) to.job.provoke = from.job.provoke;
  if (wants(Field::platform)) to.job.platform = from.job.platform;
  if (wants(Field::insecure)) to.job.insecure = from.job.insecure;
  if (wants(Field::auth_file)) to.job.auth_file = from.job.auth_file;
  if (wants(Field::cpu_millis)) to.job.cpu_millis = from.job.cpu_millis;
  if (wants(Field::memory_bytes)) to.job.memory_bytes = from.job.memory_bytes;
  if (wants(Field::lane)) to.lane = from.lane;
  if (wants(Field::expect)) to.expect = from.expect;
  if (wants(Field::fresh)) to.fresh = from.fresh;
  for (const auto& label : from.labels)
    if (std::none_of(to.labels.begin(), to.labels.end(),
                     [&](const auto& own) { return own.first == label.first; }))
      to.labels.push_back(label);
}

Status add_label(Labels& labels, std::string name, std::string value) {
  if (labels.size() == kMaxLabels)
    return Error{Errc::invalid, "has more than " + std::to_string(kMaxLabels) + " labels"};
  if (name.empty() || name.size() > kMaxLabelBytes || value.size() > kMaxLabelBytes)
    return Error{Errc::invalid, "label '" + printable(name, 64) + "': name and value have at most " +
                                    std::to_string(kMaxLabelBytes) + " bytes, the name at least one"};
  labels.emplace_back(std::move(name), std::move(value));
  return Status();
}

}  // namespace assay::api
