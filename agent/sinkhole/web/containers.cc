// The Docker Engine's API, on its socket and on the ports where it is found open: enough for a client to look
// around, and to create and start a container that never is. What was asked for is told as any request is.
#include <nlohmann/json.hpp>

#include "agent/lure/places.h"
#include "agent/sinkhole/web/http_parse.h"
#include "agent/sinkhole/web/services.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kApiVersion = "1.43";
constexpr const char* kVersion = "24.0.7";
constexpr uint16_t kPlainPort = 2375, kTlsPort = 2376;

std::string container_id(const Scene& scene) { return hex_id(scene, "container", 64); }
std::string image_id(const Scene& scene) { return "sha256:" + hex_id(scene, "image", 64); }

Json version(const Scene&) {
  return {{"Platform", {{"Name", "Docker Engine - Community"}}},
          {"Version", kVersion},
          {"ApiVersion", kApiVersion},
          {"MinAPIVersion", "1.12"},
          {"GitCommit", "311b9ff"},
          {"GoVersion", "go1.20.10"},
          {"Os", "linux"},
          {"Arch", "amd64"},
          {"KernelVersion", "6.1.0-18-amd64"},
          {"BuildTime", "2023-10-26T09:08:02.000000000+00:00"}};
}

Json info(const Scene& scene) {
  lure::Draw draw(scene.lures.seed, "docker info");
  return {{"ID", draw.uuid()},
          {"Containers", 1},
          {"ContainersRunning", 1},
          {"ContainersPaused", 0},
          {"ContainersStopped", 0},
          {"Images", 1},
          {"Driver", "overlay2"},
          {"CgroupDriver", "systemd"},
          {"CgroupVersion", "2"},
          {"KernelVersion", "6.1.0-18-amd64"},
          {"OperatingSystem", "Debian GNU/Linux 12 (bookworm)"},
          {"OSType", "linux"},
          {"Architecture", "x86_64"},
          {"NCPU", 8},
          {"MemTotal", 33'567'219'712},
          {"DockerRootDir", "/var/lib/docker"},
          {"Name", "docker-" + hex_id(scene, "host", 4)},
          {"ServerVersion", kVersion},
          {"DefaultRuntime", "runc"},
          {"SecurityOptions", {"name=seccomp,profile=builtin", "name=cgroupns"}}};
}

Json containers(const Moment& moment) {
  return Json::array({{{"Id", container_id(moment.scene)},
                       {"Names", {"/postgres"}},
                       {"Image", "postgres:15"},
                       {"ImageID", image_id(moment.scene)},
                       {"Command", "docker-entrypoint.sh postgres"},
                       {"Created", moment.unix_seconds() - 86'400 * 12},
                       {"Ports", Json::array()},
                       {"Labels", Json::object()},
                       {"State", "running"},
                       {"Status", "Up 12 days"},
                       {"HostConfig", {{"NetworkMode", "default"}}},
                       {"Mounts", Json::array()}}});
}

Json images(const Moment& moment) {
  return Json::array({{{"Id", image_id(moment.scene)},
                       {"RepoTags", {"postgres:15"}},
                       {"Created", moment.unix_seconds() - 86'400 * 30},
                       {"Size", 412'270'592},
                       {"Labels", Json::object()},
                       {"Containers", -1}}});
}

// The container that runs is a database, and its environment holds its password.
Json inspect(const std::string& id, Moment& moment) {
  Json env =
      Json::array({"POSTGRES_USER=app", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"});
  bool ours = container_id(moment.scene).starts_with(id) || id == "postgres";
  if (ours)
    if (const lure::Token* token = hand_out(lure::kDockerSocket, moment))
      env.insert(env.begin(), "POSTGRES_PASSWORD=" + token->text);
  return {{"Id", ours ? container_id(moment.scene) : id},
          {"Created", iso_time(moment.unix_seconds() - 60)},
          {"Path", "docker-entrypoint.sh"},
          {"Args", {"postgres"}},
          {"State",
           {{"Status", ours ? "running" : "exited"},
            {"Running", ours},
            {"Pid", ours ? 4121 : 0},
            {"ExitCode", 0}}},
          {"Image", image_id(moment.scene)},
          {"Name", ours ? "/postgres" : "/" + id.substr(0, 12)},
          {"HostConfig", {{"NetworkMode", "default"}, {"Privileged", false}}},
          {"Config",
           {{"Hostname", id.substr(0, 12)}, {"Env", env}, {"Cmd", {"postgres"}}, {"Image", "postgres:15"}}}};
}

WebAnswer pull(const WebRequest& request, const Scene& scene) {
  std::string image = parameter(request.query, "fromImage"), tag = parameter(request.query, "tag");
  std::string layer = hex_id(scene, image, 12), lines;
  for (const Json& line :
       {Json({{"status", "Pulling from " + image}, {"id", tag.empty() ? "latest" : tag}}),
        Json({{"status", "Pulling fs layer"}, {"progressDetail", Json::object()}, {"id", layer}}),
        Json({{"status", "Pull complete"}, {"progressDetail", Json::object()}, {"id", layer}}),
        Json({{"status", "Digest: sha256:" + hex_id(scene, "digest " + image, 64)}}),
        Json({{"status", "Status: Downloaded newer image for " + image}})})
    lines += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\r\n";
  return text_answer(lines, 200, "application/json");
}

std::optional<WebAnswer> get(const std::vector<std::string_view>& parts, Moment& moment) {
  const std::string_view what = parts[0];
  if (what == "version") return json_answer(version(moment.scene));
  if (what == "info") return json_answer(info(moment.scene));
  if (what == "events") return text_answer("", 200, "application/json");
  if (what == "networks")
    return json_answer(Json::array(
        {{{"Name", "bridge"}, {"Id", hex_id(moment.scene, "bridge", 64)}, {"Driver", "bridge"}}}));
  if (what == "volumes") return json_answer({{"Volumes", Json::array()}, {"Warnings", nullptr}});
  if (what == "images")
    return parts.size() == 2 ? json_answer(images(moment)) : json_answer(images(moment)[0]);
  if (what == "exec")
    return json_answer({{"ID", parts.size() > 1 ? parts[1] : ""}, {"Running", false}, {"ExitCode", 0}});
  if (what != "containers" || parts.size() < 2) return std::nullopt;
  if (parts[1] == "json") return json_answer(containers(moment));
  std::string_view of = parts.size() > 2 ? parts[2] : "";
  if (of == "json") return json_answer(inspect(std::string(parts[1]), moment));
  if (of == "logs") return text_answer("", 200, "application/vnd.docker.raw-stream");
  if (of == "top")
    return json_answer({{"Titles", {"UID", "PID", "CMD"}}, {"Processes", {{"999", "4121", "postgres"}}}});
  if (of == "changes" || of == "stats") return json_answer(Json::array());
  return std::nullopt;
}

std::optional<WebAnswer> post(const std::vector<std::string_view>& parts, const WebRequest& request,
                              Moment& moment) {
  const Scene& scene = moment.scene;
  // Each creation is another one.
  const std::string fresh = hex_id(scene, "created " + request.query + request.body, 64);
  const std::string_view what = parts[0], last = parts.back();
  if (what == "containers" && last == "create")
    return json_answer({{"Id", fresh}, {"Warnings", Json::array()}}, 201);
  if (what == "containers" && last == "exec") return json_answer({{"Id", fresh}}, 201);
  if (what == "containers" && last == "wait") return json_answer({{"StatusCode", 0}});
  if (last == "attach" || (what == "exec" && last == "start"))
    return text_answer("", 200, "application/vnd.docker.raw-stream");
  if (what == "images" && last == "create") return pull(request, scene);
  if (what == "auth") return json_answer({{"Status", "Login Succeeded"}, {"IdentityToken", ""}});
  if (what == "build")
    return text_answer("{\"stream\":\"Successfully built " + fresh.substr(0, 12) + "\\n\"}\r\n", 200,
                       "application/json");
  if ((what == "networks" || what == "volumes") && last == "create")
    return json_answer({{"Id", fresh}, {"Name", "created"}, {"Warning", ""}}, 201);
  if (what == "containers") return text_answer("", 204);  // start, stop, kill, restart, rename, resize...
  return std::nullopt;
}

bool is_version(std::string_view part) {
  return part.size() > 2 && part[0] == 'v' && part[1] >= '0' && part[1] <= '9';
}

}  // namespace

std::optional<WebAnswer> answer_containers(const WebRequest& request, Moment& moment) {
  const Peer& peer = moment.peer;
  if (peer.socket != "docker.sock" && peer.dst_port != kPlainPort && peer.dst_port != kTlsPort)
    return std::nullopt;
  auto parts = path_parts(request.path);
  if (!parts.empty() && is_version(parts[0])) parts.erase(parts.begin());
  std::optional<WebAnswer> out;
  if (!parts.empty() && parts[0] == "_ping")
    out = text_answer("OK");
  else if (!parts.empty() && (request.method == "POST" || request.method == "PUT"))
    out = post(parts, request, moment);
  else if (!parts.empty() && request.method == "DELETE")
    out = text_answer("", 204);
  else if (!parts.empty())
    out = get(parts, moment);
  if (!out) out = json_answer({{"message", "page not found"}}, 404);
  out->headers.insert(out->headers.end(), {{"Api-Version", kApiVersion},
                                           {"Docker-Experimental", "false"},
                                           {"Ostype", "linux"},
                                           {"Server", std::string("Docker/") + kVersion + " (linux)"}});
  return out;
}

}  // namespace assay::sinkhole
