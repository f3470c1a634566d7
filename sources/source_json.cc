// A source as JSON, read field by field; what is not known is refused, since a field that is not heeded would
// make a sweep do something else than its author thinks.
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "sources/source_check.h"

namespace assay::sources {
namespace {

using nlohmann::json;

constexpr size_t kMaxJsonBytes = 1 << 20;

Error wrong(const std::string& what) { return {Errc::invalid, "source: " + what}; }

Result<std::string> text(const json& value, const std::string& name) {
  if (!value.is_string()) return wrong("field '" + name + "' is not a text");
  return value.get<std::string>();
}

Result<std::vector<std::string>> texts(const json& value, const std::string& name) {
  if (!value.is_array()) return wrong("field '" + name + "' is not a list");
  std::vector<std::string> out;
  for (const json& one : value) {
    ASSAY_TRY(out.emplace_back(), text(one, name));
  }
  return out;
}

Result<bool> flag(const json& value, const std::string& name) {
  if (!value.is_boolean()) return wrong("field '" + name + "' is neither true nor false");
  return value.get<bool>();
}

Status read_registry_field(const std::string& name, const json& value, SourceSpec& out) {
  if (name == "registry") {
    ASSAY_TRY(out.host, text(value, name));
  } else if (name == "repositories") {
    ASSAY_TRY(out.repositories, texts(value, name));
  } else if (name == "auth_file") {
    ASSAY_TRY(out.auth_file, text(value, name));
  } else if (name == "insecure") {
    ASSAY_TRY(out.insecure, flag(value, name));
  } else {
    return wrong("field '" + printable(name, 100) +
                 "' is not known: a registry has registry, repositories, insecure and auth_file");
  }
  return Status();
}

Status read_ecr_field(const std::string& name, const json& value, SourceSpec& out) {
  if (name == "regions") {
    ASSAY_TRY(out.regions, texts(value, name));
  } else if (name == "roles") {
    ASSAY_TRY(out.roles, texts(value, name));
  } else if (name == "endpoint") {
    ASSAY_TRY(out.endpoint, text(value, name));
  } else if (name == "registry_host") {
    ASSAY_TRY(out.registry_host, text(value, name));
  } else if (name == "insecure") {
    ASSAY_TRY(out.insecure, flag(value, name));
  } else {
    return wrong("field '" + printable(name, 100) +
                 "' of ecr is not known: it has regions, roles, endpoint, registry_host and insecure");
  }
  return Status();
}

}  // namespace

Result<SourceSpec> source_from_json(std::string_view bytes) {
  if (bytes.size() > kMaxJsonBytes) return wrong("it has more than 1 MiB");
  json document = json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return wrong("it is not a JSON object");
  SourceSpec out;
  auto ecr = document.find("ecr");
  if (ecr == document.end() && !document.contains("registry"))
    return wrong("it is neither {\"registry\": \"HOST\"} nor {\"ecr\": {}}");
  if (ecr == document.end()) {
    for (const auto& [name, value] : document.items()) ASSAY_CHECK(read_registry_field(name, value, out));
  } else {
    out.kind = SourceSpec::Kind::ecr;
    if (document.size() > 1) return wrong("what has 'ecr' has no other field beside it");
    if (!ecr->is_object()) return wrong("field 'ecr' is not an object");
    for (const auto& [name, value] : ecr->items()) ASSAY_CHECK(read_ecr_field(name, value, out));
  }
  return check_source(std::move(out)).context("source");
}

std::string source_json(const SourceSpec& spec) {
  json out = json::object();
  if (spec.kind == SourceSpec::Kind::registry) {
    out["registry"] = spec.host;
    if (!spec.repositories.empty()) out["repositories"] = spec.repositories;
    if (spec.insecure) out["insecure"] = true;
    if (!spec.auth_file.empty()) out["auth_file"] = spec.auth_file;
  } else {
    json& ecr = out["ecr"] = json::object();
    if (!spec.regions.empty()) ecr["regions"] = spec.regions;
    if (!spec.roles.empty()) ecr["roles"] = spec.roles;
    if (!spec.endpoint.empty()) ecr["endpoint"] = spec.endpoint;
    if (!spec.registry_host.empty()) ecr["registry_host"] = spec.registry_host;
    if (spec.insecure) ecr["insecure"] = true;
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace assay::sources
