// As metadata.google.internal does, it answers to nobody without the header that a browser would not send.
#include <nlohmann/json.hpp>

#include "agent/lure/places.h"
#include "agent/sinkhole/web/cloud_metadata.h"
#include "agent/sinkhole/web/services.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTokenSeconds = 3599;

std::string project(const Scene& scene) { return lure::company(scene.lures.seed) + "-prod"; }
std::string number(const Scene& scene) { return lure::Draw(scene.lures.seed, "project").digits(12); }
std::string email(const Scene& scene) { return number(scene) + "-compute@developer.gserviceaccount.com"; }

WebAnswer access_token(const lure::Token& token) {
  return json_answer({{"access_token", token.text}, {"expires_in", kTokenSeconds}, {"token_type", "Bearer"}});
}

// Identity tokens are asked for an audience; they are signed by nobody's key.
std::string identity(const std::string& audience, Moment& moment) {
  lure::Draw draw(moment.scene.lures.seed, "gcp identity");
  int64_t now = moment.unix_seconds();
  Json claims = {{"aud", audience},
                 {"azp", draw.digits(21)},
                 {"email", email(moment.scene)},
                 {"email_verified", true},
                 {"exp", now + 3600},
                 {"iat", now},
                 {"iss", "https://accounts.google.com"},
                 {"sub", draw.digits(21)}};
  return lure::jwt(draw, R"({"alg":"RS256","kid":")" + draw.of("0123456789abcdef", 40) + R"(","typ":"JWT"})",
                   claims.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::optional<WebAnswer> service_accounts(std::string_view rest, const WebRequest& request, Moment& moment) {
  const Scene& scene = moment.scene;
  if (rest.empty()) return text_answer("default/\n" + email(scene) + "/\n", 200, "application/text");
  // The account by its name or as "default".
  size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view account = rest.substr(0, slash), what = rest.substr(std::min(slash + 1, rest.size()));
  if (account != "default" && account != email(scene)) return std::nullopt;
  if (what == "token") {
    const lure::Token* token = hand_out(lure::kGcpToken, moment);
    if (token) return access_token(*token);
  }
  if (what == "identity") return text_answer(identity(parameter(request.query, "audience"), moment));
  if (what == "email") return text_answer(email(scene), 200, "application/text");
  if (what == "scopes")
    return text_answer("https://www.googleapis.com/auth/cloud-platform\n", 200, "application/text");
  if (what.empty() && parameter(request.query, "recursive") == "true")
    return json_answer({{"aliases", {"default"}},
                        {"email", email(scene)},
                        {"scopes", {"https://www.googleapis.com/auth/cloud-platform"}}});
  if (what.empty()) return text_answer("aliases\nemail\nidentity\nscopes\ntoken\n", 200, "application/text");
  return std::nullopt;
}

std::optional<WebAnswer> answer(std::string_view path, const WebRequest& request, Moment& moment) {
  const Scene& scene = moment.scene;
  constexpr std::string_view kAccounts = "instance/service-accounts";
  if (path.starts_with(kAccounts)) {
    path.remove_prefix(kAccounts.size());
    if (path.starts_with('/')) path.remove_prefix(1);
    return service_accounts(path, request, moment);
  }
  const std::string zone = "projects/" + number(scene) + "/zones/us-central1-b";
  const std::pair<std::string_view, std::string> kLeaves[] = {
      {"", "instance/\noslogin/\nproject/\n"},
      {"instance", "attributes/\nhostname\nid\nimage\nmachine-type\nname\nservice-accounts/\nzone\n"},
      {"instance/attributes", "cluster-name\n"},
      {"instance/attributes/cluster-name", "production"},
      {"instance/hostname", "web-1.us-central1-b.c." + project(scene) + ".internal"},
      {"instance/id", lure::Draw(scene.lures.seed, "gce").digits(19)},
      {"instance/machine-type", "projects/" + number(scene) + "/machineTypes/e2-standard-4"},
      {"instance/name", "web-1"},
      {"instance/zone", zone},
      {"project", "attributes/\nnumeric-project-id\nproject-id\n"},
      {"project/numeric-project-id", number(scene)},
      {"project/project-id", project(scene)},
  };
  for (const auto& [name, value] : kLeaves)
    if (name == path) return text_answer(value, 200, "application/text");
  return std::nullopt;
}

}  // namespace

std::optional<WebAnswer> answer_gcp(const WebRequest& request, Moment& moment) {
  constexpr std::string_view kRoots[] = {"/computeMetadata/v1", "/computeMetadata/v1beta1"};
  std::string_view path = request.path;
  bool probe = request.header("metadata-flavor") == "Google" && path == "/";
  if (!path.starts_with("/computeMetadata") && !probe) return std::nullopt;
  std::optional<WebAnswer> out;
  if (request.header("metadata-flavor") != "Google") {
    out = text_answer("Missing Metadata-Flavor:Google header.\n", 403);
  } else if (probe || path == "/computeMetadata" || path == "/computeMetadata/") {
    out = text_answer(probe ? "computeMetadata/\n" : "v1/\nv1beta1/\n", 200, "application/text");
  } else {
    for (std::string_view root : kRoots) {
      if (!path.starts_with(root) || (path.size() > root.size() && path[root.size()] != '/')) continue;
      std::string_view rest = path.substr(root.size());
      while (rest.starts_with('/')) rest.remove_prefix(1);
      while (rest.ends_with('/')) rest.remove_suffix(1);
      out = answer(rest, request, moment);
    }
  }
  if (!out) out = text_answer("not found\n", 404);
  out->headers.emplace_back("Metadata-Flavor", "Google");
  return out;
}

}  // namespace assay::sinkhole
