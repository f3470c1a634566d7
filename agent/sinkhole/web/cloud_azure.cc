// The instance metadata service of Azure: JSON, and a header that a browser would not send.
#include <nlohmann/json.hpp>

#include "agent/lure/encodings.h"
#include "agent/lure/places.h"
#include "agent/sinkhole/web/cloud_metadata.h"
#include "agent/sinkhole/web/services.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kTokenSeconds = 86'400;

Json instance(const Scene& scene) {
  lure::Draw draw(scene.lures.seed, "azure instance");
  std::string group = lure::company(scene.lures.seed) + "-prod", subscription = draw.uuid(), vm = draw.uuid();
  Json compute = {{"azEnvironment", "AzurePublicCloud"},
                  {"location", "westeurope"},
                  {"name", "web-1"},
                  {"osType", "Linux"},
                  {"resourceGroupName", group},
                  {"resourceId", "/subscriptions/" + subscription + "/resourceGroups/" + group +
                                     "/providers/Microsoft.Compute/virtualMachines/web-1"},
                  {"subscriptionId", subscription},
                  {"vmId", vm},
                  {"vmSize", "Standard_D4s_v3"},
                  {"zone", "1"}};
  Json address = {{"privateIpAddress", "10.0.12.87"}, {"publicIpAddress", ""}};
  Json interface = {{"ipv4",
                     {{"ipAddress", Json::array({address})},
                      {"subnet", Json::array({{{"address", "10.0.12.0"}, {"prefix", "24"}}})}}},
                    {"macAddress", "0022481" + hex_id(scene, "mac", 5)}};
  return {{"compute", compute}, {"network", {{"interface", Json::array({interface})}}}};
}

std::optional<WebAnswer> access_token(const WebRequest& request, Moment& moment) {
  std::string resource = parameter(request.query, "resource");
  if (resource.empty())
    return json_answer({{"error", "invalid_request"},
                        {"error_description", "Required query variable 'resource' is missing"}},
                       400);
  const lure::Token* token = hand_out(lure::kAzureToken, moment);
  if (!token) return std::nullopt;
  int64_t now = moment.unix_seconds();
  return json_answer({{"access_token", token->text},
                      {"client_id", lure::Draw(moment.scene.lures.seed, "azure client").uuid()},
                      {"expires_in", std::to_string(kTokenSeconds - 100)},
                      {"expires_on", std::to_string(now + kTokenSeconds - 100)},
                      {"ext_expires_in", std::to_string(kTokenSeconds - 1)},
                      {"not_before", std::to_string(now - 300)},
                      {"resource", resource},
                      {"token_type", "Bearer"}});
}

}  // namespace

std::optional<WebAnswer> answer_azure(const WebRequest& request, Moment& moment) {
  auto parts = path_parts(request.path);
  if (parts.empty() || parts[0] != "metadata") return std::nullopt;
  if (request.header("metadata").empty())
    return json_answer({{"error", "Bad request. Required metadata header not specified"}}, 400);
  std::string_view what = parts.size() > 1 ? parts[1] : "";
  if (what == "versions") return json_answer({{"apiVersions", {"2017-04-02", "2019-08-01", "2021-02-01"}}});
  if (what == "identity" && parts.size() >= 4 && parts[3] == "token") return access_token(request, moment);
  if (what == "instance") {
    Json body = instance(moment.scene);
    if (parts.size() > 2 && !body.contains(parts[2])) return json_answer({{"error", "Not found"}}, 404);
    return json_answer(parts.size() > 2 ? body[std::string(parts[2])] : body);
  }
  if (what == "attested")
    return json_answer(
        {{"encoding", "pkcs7"},
         {"signature", lure::base64(lure::derive(moment.scene.lures.seed, "azure attested", 256))}});
  if (what == "scheduledevents") return json_answer({{"DocumentIncarnation", 1}, {"Events", Json::array()}});
  return json_answer({{"error", "Not found"}}, 404);
}

}  // namespace assay::sinkhole
