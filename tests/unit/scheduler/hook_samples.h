// What each sender sends, in its shape, with values of ours.
#pragma once

#include <string>

namespace assay::hooks::sample {

inline const std::string kDigest = "sha256:" + std::string(64, 'a');
inline const std::string kChild = "sha256:" + std::string(64, 'b');

/// One event of a Docker Registry's.
inline std::string event(const std::string& id, const std::string& action, const std::string& type,
                         const std::string& digest, const std::string& tag) {
  return R"({"id":")" + id + R"(","timestamp":"2026-11-29T22:10:05.123456789Z","action":")" + action +
         R"(","target":{"mediaType":")" + type + R"(","size":708,"digest":")" + digest +
         R"(","length":708,"repository":"team/app","url":"https://registry.example/v2/team/app/manifests/)" +
         digest + "\"" + (tag.empty() ? "" : R"(,"tag":")" + tag + "\"") +
         R"(},"request":{"id":"2f1c","addr":"192.0.2.7:40122","host":"registry.example:5000","method":"PUT",)"
         R"("useragent":"skopeo/1.9.3"},"actor":{"name":"robot"},"source":{"addr":"reg-0:5000","instanceID":"9d"}})";
}
inline std::string registry() {
  const std::string manifest = "application/vnd.oci.image.manifest.v1+json";
  return R"({"events":[)" + event("e-1", "push", "application/octet-stream", kChild, "") + "," +
         event("e-2", "push", manifest, kDigest, "1.0") + "," +
         event("e-3", "pull", manifest, kDigest, "1.0") + "," +
         event("e-4", "mount", "application/vnd.oci.image.layer.v1.tar+gzip", kChild, "") + "]}";
}
/// An index, and the manifest in it, which has no tag.
inline std::string registry_index() {
  return R"({"events":[)" + event("e-5", "push", "application/vnd.oci.image.manifest.v1+json", kChild, "") +
         "," + event("e-6", "push", "application/vnd.oci.image.index.v1+json", kDigest, "2.0") + "]}";
}
/// Azure's: one event, no envelope.
inline std::string azure() {
  return event("cb8c3971-9adc-488b-bdd8-43cbb4974ff5", "push",
               "application/vnd.docker.distribution.manifest.v2+json", kDigest, "v1");
}
inline std::string harbor() {
  return R"({"type":"PUSH_ARTIFACT","occur_at":1795990205,"operator":"robot$ci","event_data":{"resources":[)"
         R"({"digest":")" +
         kDigest +
         R"(","tag":"1.0","resource_url":"harbor.example/team/app:1.0"}],)"
         R"("repository":{"date_created":1795000000,"name":"app","namespace":"team",)"
         R"("repo_full_name":"team/app","repo_type":"private"}}})";
}
inline std::string harbor_cloud_event() {
  return R"({"specversion":"1.0","id":"66c04c0c","source":"/projects/2/webhook/policies/15",)"
         R"("type":"harbor.artifact.pushed","datacontenttype":"application/json","time":"2026-11-29T22:10:05Z",)"
         R"("operator":"robot$ci","data":{"resources":[{"digest":")" +
         kDigest +
         R"(","tag":"1.0","resource_url":"harbor.example/team/app:1.0"}],)"
         R"("repository":{"date_created":1795000000,"name":"app","namespace":"team",)"
         R"("repo_full_name":"team/app","repo_type":"private"}}})";
}
inline std::string dockerhub() {
  return R"({"callback_url":"https://hub.example/u/team/app/hook/1/","push_data":{"pushed_at":1795990205,)"
         R"("pusher":"teambot","tag":"1.0","images":null},"repository":{"comment_count":0,"is_private":true,)"
         R"("name":"app","namespace":"team","owner":"team","repo_name":"team/app",)"
         R"("repo_url":"https://hub.example/r/team/app","star_count":0,"status":"Active"}})";
}
/// `what`: "package" or "registry_package".
inline std::string github(const std::string& what = "registry_package", const std::string& tag = "1.0") {
  return R"({"action":"published",")" + what + R"(":{"id":7,"name":"app","namespace":"Team-A",)" +
         R"("ecosystem":"CONTAINER","package_type":"CONTAINER","created_at":"2026-11-01T10:00:00Z",)"
         R"("updated_at":"2026-11-29T22:10:05Z","owner":{"login":"Team-A","id":3},"package_version":{"id":99,)"
         R"("version":")" +
         kDigest + R"(","container_metadata":{"labels":{},"manifest":{},"tag":{"name":")" + tag +
         R"(","digest":")" + kDigest + R"("}},"package_url":"ghcr.io/team-a/app:1.0"},"registry":{}},)" +
         R"("repository":{"full_name":"Team-A/app"},"sender":{"login":"dev"}})";
}
inline std::string ecr() {
  return R"({"version":"0","id":"13cde686-328b-6117-af20-0e5566167482","detail-type":"ECR Image Action",)"
         R"("source":"aws.ecr","account":"123456789012","time":"2026-11-29T22:10:05Z","region":"eu-west-1",)"
         R"("resources":[],"detail":{"result":"SUCCESS","repository-name":"team/app","image-digest":")" +
         kDigest + R"(","action-type":"PUSH","image-tag":"1.0"}})";
}

}  // namespace assay::hooks::sample
