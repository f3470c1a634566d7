// Ids, and what every object must have.
#include "scheduler/export/stix_graph.h"

#include <cassert>

#include "scheduler/export/uuid.h"

namespace assay::stix {
namespace {

// For cyber-observables, of whoever makes them (STIX 2.1, section 2.9).
constexpr std::string_view kObservables = "00abedb4-aa42-466c-9c01-fed23315a9b7";
constexpr const char* kVersion = "2.1";
// TLP:AMBER, as section 7.2.1.4 defines it.
constexpr const char* kMarking = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82";

std::string with_type(std::string_view type, const std::string& uuid) {
  return std::string(type) + "--" + uuid;
}

// JSON as RFC 8785 has it, of what we put into it: sorted ASCII keys, whole numbers, strings.
std::string canonical(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string Graph::put(std::string id, Json object, Json properties) {
  auto [found, fresh] = index_.try_emplace(id, objects_.size());
  if (!fresh) return id;
  for (auto& [key, value] : properties.items()) object[key] = std::move(value);
  objects_.push_back(std::move(object));
  return id;
}

std::string Graph::observe(const char* type, Json properties,
                           std::initializer_list<const char*> contributing) {
  nlohmann::json name = nlohmann::json::object();
  for (const char* key : contributing)
    if (auto found = properties.find(key); found != properties.end()) name[key] = nlohmann::json(*found);
  assert(!name.empty());
  std::string id = with_type(type, uuid5(kObservables, canonical(name)));
  if (!index_.contains(id)) observables_.push_back(id);
  return put(id, {{"type", type}, {"spec_version", kVersion}, {"id", id}}, std::move(properties));
}

std::string Graph::observe_alone(const char* type, const std::string& seed, Json properties) {
  std::string id = with_type(type, uuid4_of(scan_id_ + " " + type + " " + seed));
  if (!index_.contains(id)) observables_.push_back(id);
  return put(id, {{"type", type}, {"spec_version", kVersion}, {"id", id}}, std::move(properties));
}

Json& Graph::at(const std::string& id) {
  assert(index_.contains(id));
  return objects_[index_.find(id)->second];
}

std::string Graph::add(const char* type, const std::string& subject, Json properties) {
  std::string id = with_type(type, uuid5(kAssayUuids, scan_id_ + " " + type + " " + subject));
  Json object{{"type", type}, {"spec_version", kVersion}, {"id", id}};
  if (!identity_.empty()) object["created_by_ref"] = identity_;
  object["created"] = created_;
  object["modified"] = created_;
  object["object_marking_refs"] = {kMarking};
  return put(id, std::move(object), std::move(properties));
}

std::string Graph::add_common(const char* type, const std::string& subject, const char* created,
                              Json properties) {
  std::string id = with_type(type, uuid5(kAssayUuids, std::string(type) + " " + subject));
  Json object{{"type", type}, {"spec_version", kVersion}, {"id", id}};
  if (std::string_view(type) == "identity")
    identity_ = id;
  else
    object["created_by_ref"] = identity_;
  object["created"] = created;
  object["modified"] = created;
  return put(id, std::move(object), std::move(properties));
}

std::string Graph::relate(const std::string& from, const char* how, const std::string& to) {
  return add("relationship", from + " " + how + " " + to,
             {{"relationship_type", how}, {"source_ref", from}, {"target_ref", to}});
}

void Graph::add_marking() {
  put(kMarking,
      {{"type", "marking-definition"},
       {"spec_version", kVersion},
       {"id", kMarking},
       {"created", "2017-01-20T00:00:00.000Z"}},
      {{"definition_type", "tlp"}, {"name", "TLP:AMBER"}, {"definition", {{"tlp", "amber"}}}});
}

std::vector<std::string> Graph::ids() const {
  std::vector<std::string> out;
  for (const auto& object : objects_)
    if (object["type"] != "marking-definition") out.push_back(object["id"]);
  return out;
}

Json Graph::bundle() && {
  Json out{{"type", "bundle"}, {"id", with_type("bundle", uuid5(kAssayUuids, scan_id_ + " bundle"))}};
  out["objects"] = std::move(objects_);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace assay::stix
