// The distribution API's reading half, of manifests that are made from names.
#include "tests/farm/paper_registry.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/digest.h"
#include "common/loop.h"

namespace assay::farm {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kManifest = "application/vnd.oci.image.manifest.v1+json";

HttpResponse error(int status, const std::string& code) {
  HttpResponse out;
  out.status = status;
  out.body = Json{{"errors", {{{"code", code}, {"message", "on paper"}}}}}.dump();
  return out;
}

std::string manifest_of(const std::string& repository) {
  return Json{{"schemaVersion", 2},
              {"mediaType", kManifest},
              {"config",
               {{"mediaType", "application/vnd.oci.image.config.v1+json"},
                {"digest", Digest::of("config of " + repository).str()},
                {"size", 100}}},
              {"layers", Json::array()}}
      .dump();
}

}  // namespace

struct PaperRegistry::State {
  PaperOptions options;
  std::atomic<uint64_t> requests{0}, limited{0};
  std::vector<std::atomic<bool>> seen;
  std::optional<HttpServer> server;

  explicit State(PaperOptions o) : options(std::move(o)), seen(options.repositories.size()) {
    std::ranges::sort(options.repositories);
  }
  HttpResponse catalog(const HttpRequest& request) const;
  HttpResponse of(const std::string& repository, const std::string& rest, int stop_fd);
  HttpResponse handle(const HttpRequest& request);
};

HttpResponse PaperRegistry::State::catalog(const HttpRequest& request) const {
  const auto& all = options.repositories;
  auto at = std::upper_bound(all.begin(), all.end(), request.parameter("last").value_or(""));
  Json names = Json::array();
  for (; at != all.end() && names.size() < options.page; ++at) names.push_back(*at);
  HttpResponse out;
  if (at != all.end())
    out.headers.emplace_back("Link", "</v2/_catalog?last=" + names.back().get<std::string>() +
                                         "&n=" + std::to_string(options.page) + ">; rel=\"next\"");
  out.body = Json{{"repositories", std::move(names)}}.dump();
  return out;
}

HttpResponse PaperRegistry::State::of(const std::string& repository, const std::string& rest, int stop_fd) {
  auto at = std::ranges::lower_bound(options.repositories, repository);
  if (at == options.repositories.end() || *at != repository) return error(404, "NAME_UNKNOWN");
  bool first = !seen[static_cast<size_t>(at - options.repositories.begin())].exchange(true);
  std::string kind = repository.substr(0, repository.find('/'));
  if (kind == "slow") std::this_thread::sleep_for(options.slow);
  if (kind == "broken") return error(500, "UNKNOWN");
  if (kind == "gone") return error(404, "NAME_UNKNOWN");
  if (kind == "denied") return error(403, "DENIED");
  if (kind == "shaky" && first) return error(503, "UNAVAILABLE");
  if (kind == "hang") {
    std::vector<WaitFor> items = {WaitFor(stop_fd)};
    (void)wait(items, std::chrono::seconds(20));
    return error(504, "UNAVAILABLE");
  }
  HttpResponse out;
  if (rest == "tags/list") {
    out.body = Json{{"name", repository}, {"tags", {"1"}}}.dump();
    return out;
  }
  if (kind == "torn") return error(404, "MANIFEST_UNKNOWN");
  out.body = manifest_of(repository);
  out.content_type = kManifest;
  out.headers.emplace_back("Docker-Content-Digest", Digest::of(out.body).str());
  return out;
}

HttpResponse PaperRegistry::State::handle(const HttpRequest& request) {
  uint64_t number = ++requests;
  if (options.each.count() > 0) std::this_thread::sleep_for(options.each);
  if (options.limit_every > 0 && number % options.limit_every == 0) {
    ++limited;
    HttpResponse out = error(429, "TOOMANYREQUESTS");
    out.headers.emplace_back("Retry-After", std::to_string(options.retry_after_s));
    return out;
  }
  if (request.path == "/v2/" || request.path == "/v2") return {};
  if (request.path == "/v2/_catalog") return catalog(request);
  for (const char* part : {"/tags/list", "/manifests/"})
    if (size_t at = request.path.find(part); at != std::string::npos && request.path.starts_with("/v2/"))
      return of(request.path.substr(4, at - 4), request.path.substr(at + 1), request.stop_fd);
  return error(404, "UNSUPPORTED");
}

Result<PaperRegistry> PaperRegistry::start(PaperOptions options) {
  auto state = std::make_unique<State>(std::move(options));
  HttpServer::Service service;
  service.admit = [](const HttpRequest&) {
    HttpAdmission out;
    out.max_body_bytes = 1024;
    return out;
  };
  service.handle = [at = state.get()](const HttpRequest& request) { return at->handle(request); };
  service.describe = [](int status, const std::string& reason) { return error(status, reason); };
  HttpConfig config;
  config.threads = 64;
  config.requests_per_connection = 100'000;
  ASSAY_TRY(HttpServer server, HttpServer::start(config, std::move(service)));
  state->server.emplace(std::move(server));
  return PaperRegistry(std::move(state));
}

PaperRegistry::PaperRegistry(std::unique_ptr<State> state) : state_(std::move(state)) {}
PaperRegistry::PaperRegistry(PaperRegistry&&) noexcept = default;
PaperRegistry::~PaperRegistry() = default;
std::string PaperRegistry::host() const { return "127.0.0.1:" + std::to_string(state_->server->port()); }
uint64_t PaperRegistry::requests() const { return state_->requests; }
uint64_t PaperRegistry::limited() const { return state_->limited; }

}  // namespace assay::farm
