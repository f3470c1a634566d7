// Metadata services: a container agent's (Amazon ECS developer guide, "Task IAM role"; EKS user guide, "Pod
// Identity") and an instance's (EC2 user guide, "Use the Instance Metadata Service", version 2). Asked with
// short patience, without a proxy, and never sent on.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "common/ascii.h"
#include "common/encodings.h"
#include "common/fd.h"
#include "common/process.h"
#include "common/text.h"
#include "sources/aws/credentials_parts.h"
#include "sources/aws/endpoint.h"
#include "sources/http_url.h"

namespace assay::sources::aws {
namespace {

using std::chrono::milliseconds;

constexpr size_t kLargest = 64 * 1024, kMaxRole = 128;
constexpr const char* kContainerHost = "http://169.254.170.2";
constexpr const char* kRoles = "/latest/meta-data/iam/security-credentials/";
// Addresses of container agents: ECS's, and EKS Pod Identity's.
constexpr std::string_view kAgents[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};

int number(const char* name, int otherwise, int most) {
  std::string text = environment(name);
  int out = otherwise;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return otherwise;
  return std::clamp(out, 1, most);
}

HttpAsk request(const std::string& url, milliseconds connect, milliseconds whole) {
  HttpAsk ask;
  ask.url = url;
  ask.limit_bytes = kLargest;
  ask.connect = connect;
  ask.whole = whole;
  ask.proxy = false;
  return ask;
}

Result<HttpReply> tried(Http& http, const HttpAsk& ask, int tries) {
  for (int i = 1;; ++i) {
    auto reply = http.ask(ask);
    bool failed = reply ? reply->status >= 500 : reply.error().code != Errc::cancelled;
    if (!failed || i >= tries) return reply;
    ASSAY_CHECK(http.pause(milliseconds(100 * i)));
  }
}

// The file's goes first: whoever wrote it renews it.
Result<std::string> container_token() {
  std::string file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
              token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (!file.empty()) {
    auto text = read_file(file, kLargest);
    if (!text) return text.error().context("$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    token = *text;
  }
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.find_first_of(std::string("\r\n\0", 3)) != std::string::npos)
    return Error{Errc::invalid, "its authorization token holds a line break"};
  return token;
}

std::string metadata_base(const Look& look) {
  std::string base = look.options.metadata_url;
  if (base.empty()) base = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty())
    base = ascii_lower(environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6"
               ? "http://[fd00:ec2::254]"
               : "http://169.254.169.254";
  while (base.ends_with("/")) base.pop_back();
  return base;
}

// Version 2's session token. One that a request could be forged without is not asked for.
Result<std::string> instance_token(const Look& look, HttpAsk ask, int tries) {
  ask.url = metadata_base(look) + "/latest/api/token";
  ask.method = "PUT";
  ask.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}};
  ASSAY_TRY(HttpReply reply, tried(look.http, ask, tries));
  bool fit = !reply.body.empty() &&
             std::all_of(reply.body.begin(), reply.body.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (reply.status == 200 && fit) return reply.body;
  if (reply.status == 200)
    return Error{Errc::corrupt, "what it gives is no token: is this an instance of EC2?"};
  return Error{Errc::denied, "it gives no token (HTTP status " + std::to_string(reply.status) +
                                 "): IMDSv2 is needed, version 1 is not asked"};
}

}  // namespace

bool instance_disabled() { return ascii_lower(environment("AWS_EC2_METADATA_DISABLED")) == "true"; }

Result<std::optional<std::string>> container_url(const std::string& relative_uri,
                                                 const std::string& full_uri) {
  if (!relative_uri.empty()) {
    std::string url = kContainerHost + relative_uri;
    auto parts = parse_url(url);
    if (!relative_uri.starts_with("/") || !parts || parts->host != "169.254.170.2")
      return Error{Errc::invalid,
                   "$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path, as \"/v2/credentials\" is one"};
    return std::optional(url);
  }
  if (full_uri.empty()) return std::optional<std::string>();
  auto parts = parse_url(full_uri);
  if (!parts) return parts.error().context("$AWS_CONTAINER_CREDENTIALS_FULL_URI");
  bool agent = std::find(std::begin(kAgents), std::end(kAgents), parts->host) != std::end(kAgents);
  if (parts->scheme == "https" || agent || is_loopback(parts->host)) return std::optional(full_uri);
  return Error{Errc::denied,
               "$AWS_CONTAINER_CREDENTIALS_FULL_URI is of " + printable(parts->place(), 200) +
                   ": in the clear only this host or a container agent (169.254.170.2, 169.254.170.23, "
                   "[fd00:ec2::23]) is asked"};
}

Result<Found> from_container(const Look& look) {
  ASSAY_TRY(auto url, container_url(environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
                                    environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")));
  if (!url) return nothing("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set");
  ASSAY_TRY(std::string token, container_token());
  HttpAsk ask = request(*url, milliseconds(2000), milliseconds(5000));
  if (!token.empty()) ask.headers.emplace_back("Authorization", token);
  ASSAY_TRY(HttpReply reply, tried(look.http, ask, 3));
  if (reply.status != 200)
    return Error{reply.status >= 500 ? Errc::unreachable : Errc::denied,
                 "its credentials service answers with HTTP status " + std::to_string(reply.status)};
  ASSAY_TRY(Credentials found, read_credentials_json(reply.body));
  found.from = "container";
  return Found{std::move(found)};
}

Result<std::optional<std::string>> ask_instance(const Look& look, const std::string& path) {
  milliseconds patience = std::chrono::seconds(number("AWS_METADATA_SERVICE_TIMEOUT", 1, 30));
  int tries = number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1, 10);
  HttpAsk ask = request(metadata_base(look) + path, patience, patience);
  ASSAY_TRY(std::string token, instance_token(look, ask, tries));
  ask.headers = {{"X-aws-ec2-metadata-token", token}};
  ASSAY_TRY(HttpReply reply, tried(look.http, ask, tries));
  if (reply.status == 404) return std::optional<std::string>();
  if (reply.status != 200)
    return Error{Errc::denied, "it answers with HTTP status " + std::to_string(reply.status)};
  return std::optional(std::move(reply.body));
}

Result<Found> from_instance(const Look& look) {
  if (instance_disabled()) return nothing("AWS_EC2_METADATA_DISABLED is true");
  ASSAY_TRY(auto roles, ask_instance(look, kRoles));
  if (!roles) return nothing("the instance has no role");
  std::string role = roles->substr(0, roles->find_first_of("\r\n"));
  if (role.empty()) return nothing("the instance has no role");
  if (role.size() > kMaxRole) return Error{Errc::corrupt, "what it gives is no name of a role"};
  ASSAY_TRY(auto text, ask_instance(look, kRoles + url_encode(role)));
  if (!text) return nothing("the instance's role has no credentials");
  ASSAY_TRY(Credentials found, read_credentials_json(*text));
  found.from = "instance role " + printable(role);
  return Found{std::move(found)};
}

}  // namespace assay::sources::aws
