// Four calls of ECR's JSON protocol and their pages. What the service says is bounded and checked: names and
// digests become references.
#include "sources/aws/ecr.h"

#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "common/encodings.h"
#include "common/text.h"
#include "sources/aws/json_parts.h"

namespace assay::sources::aws {
namespace {

using nlohmann::json;

constexpr int kPage = 1000;            // the most that one answer may hold
constexpr size_t kMaxPages = 10'000;   // of one list
constexpr size_t kMaxNameBytes = 256;  // of a repository, by ECR's rules; of a tag 300
constexpr size_t kMaxTagBytes = 300;
constexpr size_t kMaxTokenBytes = 64 << 10;
constexpr size_t kMaxTagsOfImage = 10'000;

Error bad(const std::string& operation) {
  return {Errc::corrupt, operation + ": the answer is none of ECR's"};
}

// Every page of a list, until `take` has enough.
Status each_page(Client& client, const std::string& operation, json ask, const char* list,
                 const std::function<Result<bool>(const json&)>& take) {
  ask["maxResults"] = kPage;
  std::string last;
  for (size_t page = 0; page < kMaxPages; ++page) {
    ASSAY_TRY(std::string answer,
              client.call(operation, ask.dump(-1, ' ', false, json::error_handler_t::replace)));
    json body = json::parse(answer, nullptr, false);
    auto found = body.is_object() ? body.find(list) : body.end();
    if (!body.is_object() || found == body.end() || !found->is_array()) return bad(operation);
    for (const json& item : *found) {
      if (!item.is_object()) return bad(operation);
      ASSAY_TRY(bool more, take(item));
      if (!more) return Status();
    }
    std::string next = text_of(body, "nextToken");
    if (next.empty()) return Status();
    if (next == last) return Error{Errc::corrupt, operation + ": the same page comes again"};
    ask["nextToken"] = last = next;
  }
  return Error{Errc::limit, operation + ": more than " + std::to_string(kMaxPages) + " pages"};
}

// Seconds since 1970 that nanoseconds can tell; 0 for others.
int64_t seconds_of(const json& from, const char* name) {
  constexpr double kLatest = 9e9;  // the year 2255
  double value = number_of(from, name);
  return value > 0 && value < kLatest ? static_cast<int64_t>(value) : 0;
}

Result<std::string> checked_digest(const json& item, const std::string& operation) {
  std::string digest = text_of(item, "imageDigest");
  if (digest.empty() || Digest::parse(digest)) return digest;
  return Error{Errc::corrupt, operation + ": '" + printable(digest, 100) + "' is no digest"};
}

Result<EcrImage> read_image(const json& item) {
  EcrImage out;
  ASSAY_TRY(out.digest, checked_digest(item, "DescribeImages"));
  if (out.digest.empty()) return bad("DescribeImages");
  out.media_type = text_of(item, "imageManifestMediaType");
  if (out.media_type.size() > kMaxNameBytes) return bad("DescribeImages");
  out.pushed_s = seconds_of(item, "imagePushedAt");
  out.size_bytes = static_cast<uint64_t>(std::max(0.0, number_of(item, "imageSizeInBytes")));
  auto tags = item.find("imageTags");
  if (tags == item.end() || tags->is_null()) return out;
  if (!tags->is_array() || tags->size() > kMaxTagsOfImage) return bad("DescribeImages");
  for (const json& tag : *tags) {
    if (!tag.is_string() || tag.get_ref<const std::string&>().size() > kMaxTagBytes)
      return bad("DescribeImages");
    out.tags.push_back(tag.get<std::string>());
  }
  return out;
}

Error named(const Error& error, const std::string& repository) {
  return error.context("repository " + printable(repository, 200));
}

}  // namespace

Ecr::Ecr(std::string region, std::string endpoint, CredentialChain& chain, int stop_fd)
    : client_({"ecr", std::move(region), std::move(endpoint), "AmazonEC2ContainerRegistry_V20150921", "1.1"},
              chain, stop_fd) {}

Status Ecr::each_repository(const std::function<bool(EcrRepository)>& visit) {
  return each_page(
      client_, "DescribeRepositories", json::object(), "repositories", [&](const json& item) -> Result<bool> {
        EcrRepository one{text_of(item, "registryId"), text_of(item, "repositoryName"),
                          text_of(item, "repositoryUri"), seconds_of(item, "createdAt")};
        if (one.name.empty() || one.name.size() > kMaxNameBytes || one.uri.size() > 4 * kMaxNameBytes)
          return bad("DescribeRepositories");
        return visit(std::move(one));
      });
}

Status Ecr::each_image_id(const std::string& repository,
                          const std::function<bool(const std::string&, const std::string&)>& visit) {
  Status done = each_page(client_, "ListImages", {{"repositoryName", repository}}, "imageIds",
                          [&](const json& item) -> Result<bool> {
                            ASSAY_TRY(std::string digest, checked_digest(item, "ListImages"));
                            std::string tag = text_of(item, "imageTag");
                            if (tag.size() > kMaxTagBytes || (tag.empty() && digest.empty()))
                              return bad("ListImages");
                            return visit(digest, tag);
                          });
  if (!done) return named(done.error(), repository);
  return Status();
}

Status Ecr::each_image(const std::string& repository, const std::function<bool(EcrImage)>& visit) {
  Status done = each_page(client_, "DescribeImages", {{"repositoryName", repository}}, "imageDetails",
                          [&](const json& item) -> Result<bool> {
                            ASSAY_TRY(EcrImage image, read_image(item));
                            return visit(std::move(image));
                          });
  if (!done) return named(done.error(), repository);
  return Status();
}

Result<EcrToken> Ecr::token() {
  ASSAY_TRY(std::string answer, client_.call("GetAuthorizationToken", "{}"));
  json body = json::parse(answer, nullptr, false);
  auto list = body.is_object() ? body.find("authorizationData") : body.end();
  if (!body.is_object() || list == body.end() || !list->is_array() || list->empty() ||
      !list->front().is_object())
    return bad("GetAuthorizationToken");
  const json& data = list->front();
  std::string encoded = text_of(data, "authorizationToken");
  if (encoded.size() > kMaxTokenBytes) return bad("GetAuthorizationToken");
  auto decoded = decode_base64(encoded);
  size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos || colon == 0) return bad("GetAuthorizationToken");
  EcrToken out;
  out.login = {decoded->substr(0, colon), decoded->substr(colon + 1), "", "ECR's GetAuthorizationToken"};
  out.proxy_endpoint = text_of(data, "proxyEndpoint");
  out.expires_s = seconds_of(data, "expiresAt");
  return out;
}

}  // namespace assay::sources::aws
