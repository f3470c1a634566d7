// Names of endpoints: AWS General Reference, "Service endpoints"; what overrides them: AWS SDKs and Tools
// Reference Guide, "Service-specific endpoints".
#include "sources/aws/endpoint.h"

#include <algorithm>

#include "common/ascii.h"
#include "common/process.h"
#include "common/text.h"
#include "sources/http_url.h"

namespace assay::sources::aws {
namespace {

constexpr size_t kMaxRegion = 32, kMaxArn = 2048;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }

Result<std::string> configured(const std::string& name) {
  std::string url = environment(name.c_str());
  if (url.empty()) return url;
  auto parts = parse_url(url);
  if (!parts) return parts.error().context("$" + name);
  return url;
}

}  // namespace

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRegion && lower(text.front()) && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return lower(c) || digit(c) || c == '-'; });
}

bool is_role_arn(std::string_view text) {
  if (!text.starts_with("arn:aws") || text.size() > kMaxArn) return false;
  size_t iam = text.find(":iam::");
  if (iam == std::string_view::npos || text.size() < iam + 6 + 12 + 7) return false;
  std::string_view partition = text.substr(4, iam - 4), account = text.substr(iam + 6, 12),
                   rest = text.substr(iam + 18);
  return std::all_of(partition.begin(), partition.end(), [](char c) { return lower(c) || c == '-'; }) &&
         std::all_of(account.begin(), account.end(), digit) && rest.starts_with(":role/") &&
         rest.size() > 6 && std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<std::string> endpoint_url(const std::string& service, const std::string& region,
                                 const std::string& given, const std::string& otherwise) {
  if (!is_region(region))
    return Error{Errc::invalid,
                 "\"" + printable(region, 100) + "\" is no AWS region, as \"eu-west-1\" is one"};
  if (!given.empty()) {
    auto parts = parse_url(given);
    if (!parts) return parts.error().context("endpoint of " + service);
    return given;
  }
  if (ascii_lower(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) != "true") {
    std::string upper = service;
    for (char& c : upper) c = lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    for (const std::string& name : {"AWS_ENDPOINT_URL_" + upper, std::string("AWS_ENDPOINT_URL")}) {
      ASSAY_TRY(std::string url, configured(name));
      if (!url.empty()) return url;
    }
  }
  if (!otherwise.empty()) return otherwise;
  std::string host = (service == "ecr" ? "api.ecr" : service) + "." + region + ".amazonaws.com";
  return "https://" + host + (region.starts_with("cn-") ? ".cn" : "");
}

}  // namespace assay::sources::aws
