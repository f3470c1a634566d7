// Admission reviews as API servers send them (kubernetes.io/docs/reference/access-authn-authz/
// extensible-admission-controllers, "Request"), for tests.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace assay {

using Json = nlohmann::json;

inline constexpr const char* kUid = "705ab4f5-6393-11e8-b7cc-42010a800002";

/// The spec of a pod with these containers' images.
inline Json pod_spec(const std::vector<std::string>& images) {
  Json out = {{"containers", Json::array()}, {"restartPolicy", "Always"}};
  for (const std::string& image : images)
    out["containers"].push_back({{"name", "c" + std::to_string(out["containers"].size())}, {"image", image}});
  return out;
}

inline Json review_of(const std::string& group, const std::string& kind, const Json& object,
                      const std::string& operation = "CREATE") {
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", kUid},
            {"kind", {{"group", group}, {"version", "v1"}, {"kind", kind}}},
            {"resource", {{"group", group}, {"version", "v1"}, {"resource", "things"}}},
            {"requestKind", {{"group", group}, {"version", "v1"}, {"kind", kind}}},
            {"name", "app"},
            {"namespace", "shop"},
            {"operation", operation},
            {"userInfo", {{"username", "admin"}, {"groups", {"system:authenticated"}}}},
            {"object", object},
            {"oldObject", nullptr},
            {"dryRun", false},
            {"options", {{"apiVersion", "meta.k8s.io/v1"}, {"kind", "CreateOptions"}}}}}};
}

inline Json pod_review(const std::vector<std::string>& images) {
  return review_of("", "Pod",
                   {{"apiVersion", "v1"},
                    {"kind", "Pod"},
                    {"metadata", {{"name", "app"}, {"annotations", {{"image", "not/this:one"}}}}},
                    {"spec", pod_spec(images)}});
}

}  // namespace assay
