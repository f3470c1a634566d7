// Descriptors as the specification wants them: artifactType and annotations come along.
#include "tests/farm/registry_referrers.h"

#include <nlohmann/json.hpp>

#include "common/digest.h"

namespace assay::farm {
namespace {

using nlohmann::json;

// "team/app" of "/v2/team/app/KIND/REST", and REST.
std::pair<std::string, std::string> parts(const std::string& path, const std::string& kind) {
  size_t at = path.find("/" + kind + "/"), end = path.find('?');
  if (!path.starts_with("/v2/") || at == path.npos) return {};
  size_t rest = at + kind.size() + 2;
  return {path.substr(4, at - 4), path.substr(rest, end == path.npos ? end : end - rest)};
}

}  // namespace

std::string RegistryReferrers::take(const std::string& path, const std::string& manifest) {
  json whole = json::parse(manifest, nullptr, false);
  std::string repository = parts(path, "manifests").first;
  if (repository.empty() || !whole.is_object() || !whole.contains("subject")) return "";
  std::string subject = whole["subject"].value("digest", "");
  json entry = {{"mediaType", whole.value("mediaType", "")},
                {"digest", Digest::of(manifest).str()},
                {"size", manifest.size()},
                {"artifactType", whole.value("artifactType", "")},
                {"annotations", whole.value("annotations", json::object())}};
  std::lock_guard lock(mutex_);
  entries_[repository + "/" + subject].push_back(entry.dump());
  return subject;
}

std::string RegistryReferrers::list(const std::string& path) const {
  auto [repository, digest] = parts(path, "referrers");
  if (repository.empty()) return "";
  json out = {{"schemaVersion", 2},
              {"mediaType", "application/vnd.oci.image.index.v1+json"},
              {"manifests", json::array()}};
  std::lock_guard lock(mutex_);
  if (auto found = entries_.find(repository + "/" + digest); found != entries_.end())
    for (const std::string& entry : found->second) out["manifests"].push_back(json::parse(entry));
  return out.dump();
}

}  // namespace assay::farm
