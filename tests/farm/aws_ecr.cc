// Lists by page: a token is the number of the first item that has not been told.
#include "tests/farm/aws_ecr.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>

#include "common/encodings.h"

namespace assay::farm {
namespace {

using nlohmann::json;

struct Ecr {
  EcrTestWorld world;

  const EcrTestRegistry& registry(const AwsAsk& ask) const {
    static const EcrTestRegistry kNone;
    auto found = world.registries.find({ask.key.account, ask.region});
    return found == world.registries.end() ? kNone : found->second;
  }
  std::string host(const AwsAsk& ask) const {
    return world.host.empty() ? ask.key.account + ".dkr.ecr." + ask.region + ".amazonaws.com" : world.host;
  }

  AwsAnswer page(const json& ask, const char* list, const json& items) const {
    size_t first = 0, most = std::min<size_t>(ask.value("maxResults", 100), world.most_per_page);
    std::string token = ask.value("nextToken", "");
    std::string_view number = token;
    if (!token.empty()) {
      if (!number.starts_with("page+/=")) return aws_error("InvalidParameterException", "nextToken is none");
      number.remove_prefix(7);
      (void)std::from_chars(number.data(), number.data() + number.size(), first);
    }
    json out = json::object();
    out[list] = json::array();
    size_t end = std::min(items.size(), first + most);
    for (size_t i = first; i < end; ++i) out[list].push_back(items[i]);
    if (end < items.size()) out["nextToken"] = "page+/=" + std::to_string(end);
    return {out.dump()};
  }

  AwsAnswer repositories(const AwsAsk& ask, const json& body) const {
    json items = json::array();
    for (const auto& [name, images] : registry(ask))
      items.push_back(
          {{"registryId", ask.key.account},
           {"repositoryName", name},
           {"repositoryArn", "arn:aws:ecr:" + ask.region + ":" + ask.key.account + ":repository/" + name},
           {"repositoryUri", host(ask) + "/" + name},
           {"createdAt", 1'700'000'000.25}});
    return page(body, "repositories", items);
  }

  AwsAnswer of_repository(const AwsAsk& ask, const json& body,
                          const std::function<AwsAnswer(const std::vector<EcrTestImage>&)>& then) const {
    std::string name = body.value("repositoryName", "");
    auto found = registry(ask).find(name);
    if (found == registry(ask).end())
      return aws_error("RepositoryNotFoundException", "The repository with name '" + name +
                                                          "' does not exist in the registry with id '" +
                                                          ask.key.account + "'");
    return then(found->second);
  }

  AwsAnswer list_images(const json& body, const std::vector<EcrTestImage>& images) const {
    json items = json::array();
    for (const EcrTestImage& image : images) {
      for (const std::string& tag : image.tags)
        items.push_back({{"imageDigest", image.digest}, {"imageTag", tag}});
      if (image.tags.empty()) items.push_back({{"imageDigest", image.digest}});
    }
    return page(body, "imageIds", items);
  }

  AwsAnswer describe_images(const AwsAsk& ask, const json& body,
                            const std::vector<EcrTestImage>& images) const {
    json items = json::array();
    for (const EcrTestImage& image : images) {
      items.push_back({{"registryId", ask.key.account},
                       {"repositoryName", body.value("repositoryName", "")},
                       {"imageDigest", image.digest},
                       {"imageManifestMediaType", image.media_type},
                       {"imagePushedAt", image.pushed_s},
                       {"imageSizeInBytes", image.size_bytes}});
      if (!image.tags.empty()) items.back()["imageTags"] = image.tags;
    }
    return page(body, "imageDetails", items);
  }

  AwsAnswer token(const AwsAsk& ask) const {
    return {json{{"authorizationData",
                  {{{"authorizationToken", base64("AWS:" + world.password)},
                    {"expiresAt", static_cast<int64_t>(::time(nullptr)) + world.token_lasts_s},
                    {"proxyEndpoint", "https://" + host(ask)}}}}}
                .dump()};
  }
};

json parsed(const AwsAsk& ask) {
  json body = json::parse(ask.body, nullptr, false);
  return body.is_object() ? body : json::object();
}

}  // namespace

void serve_ecr(AwsServer& server, EcrTestWorld world) {
  auto ecr = std::make_shared<const Ecr>(Ecr{std::move(world)});
  server.handle("ecr", "DescribeRepositories",
                [ecr](const AwsAsk& ask) { return ecr->repositories(ask, parsed(ask)); });
  server.handle("ecr", "ListImages", [ecr](const AwsAsk& ask) {
    json body = parsed(ask);
    return ecr->of_repository(ask, body, [&](const auto& images) { return ecr->list_images(body, images); });
  });
  server.handle("ecr", "DescribeImages", [ecr](const AwsAsk& ask) {
    json body = parsed(ask);
    return ecr->of_repository(ask, body,
                              [&](const auto& images) { return ecr->describe_images(ask, body, images); });
  });
  server.handle("ecr", "GetAuthorizationToken", [ecr](const AwsAsk& ask) { return ecr->token(ask); });
}

}  // namespace assay::farm
