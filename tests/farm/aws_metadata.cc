// Its pages, by cpp-httplib.
#include "tests/farm/aws_metadata.h"

#include <httplib.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

namespace assay::farm {
namespace {
constexpr const char* kToken = "AQAEAtokenOfTheInstance==";
constexpr const char* kRoles = "/latest/meta-data/iam/security-credentials/";
}  // namespace

struct AwsMetadataServer::State {
  mutable std::mutex mutex;
  AwsMetadata what;
  int asked = 0, without_token = 0, port = 0;
  httplib::Server server;
  std::thread thread;

  void give_token(const httplib::Request& request, httplib::Response& to) {
    std::lock_guard lock(mutex);
    bool right = what.tokens && request.has_header("X-aws-ec2-metadata-token-ttl-seconds");
    to.status = right ? what.status : 403;
    if (to.status == 200) to.set_content(kToken, "text/plain");
  }

  void give_page(const httplib::Request& request, httplib::Response& to) {
    std::lock_guard lock(mutex);
    to.status = what.status;
    if (to.status != 200) return;
    bool right = request.get_header_value("X-aws-ec2-metadata-token") == kToken;
    if (!right) {
      ++without_token;
      to.status = 401;
    } else if (request.path == "/latest/meta-data/placement/region") {
      to.set_content(what.region, "text/plain");
    } else if (request.path == kRoles && !what.role.empty()) {
      to.set_content(what.role, "text/plain");
    } else if (request.path == kRoles + what.role && !what.role.empty()) {
      ++asked;
      to.set_content(what.credentials, "application/json");
    } else {
      to.status = 404;
    }
  }

  void give_to_container(const httplib::Request& request, httplib::Response& to) {
    std::lock_guard lock(mutex);
    bool right = request.get_header_value("Authorization") == what.authorization;
    to.status = right ? what.status : 401;
    if (to.status != 200) return;
    ++asked;
    to.set_content(what.credentials, "application/json");
  }
};

AwsMetadataServer::AwsMetadataServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
AwsMetadataServer::AwsMetadataServer(AwsMetadataServer&&) noexcept = default;
AwsMetadataServer::~AwsMetadataServer() {
  if (!state_) return;
  state_->server.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

Result<AwsMetadataServer> AwsMetadataServer::start(AwsMetadata what) {
  auto state = std::make_unique<State>();
  State* raw = state.get();
  raw->what = std::move(what);
  raw->server.set_keep_alive_timeout(1);
  raw->server.Put("/latest/api/token",
                  [raw](const auto& request, auto& to) { raw->give_token(request, to); });
  raw->server.Get("/latest/.*", [raw](const auto& request, auto& to) { raw->give_page(request, to); });
  raw->server.Get("/container",
                  [raw](const auto& request, auto& to) { raw->give_to_container(request, to); });
  raw->port = raw->server.bind_to_any_port("127.0.0.1");
  if (raw->port <= 0) return Error{Errc::io, "no free port for the metadata service"};
  raw->thread = std::thread([raw] { raw->server.listen_after_bind(); });
  while (!raw->server.is_running()) std::this_thread::yield();
  return AwsMetadataServer(std::move(state));
}

std::string AwsMetadataServer::url() const { return "http://127.0.0.1:" + std::to_string(state_->port); }
std::string AwsMetadataServer::container_url() const { return url() + "/container"; }

void AwsMetadataServer::set(AwsMetadata what) {
  std::lock_guard lock(state_->mutex);
  state_->what = std::move(what);
}

int AwsMetadataServer::asked() const {
  std::lock_guard lock(state_->mutex);
  return state_->asked;
}

int AwsMetadataServer::without_token() const {
  std::lock_guard lock(state_->mutex);
  return state_->without_token;
}

std::string metadata_credentials(const std::string& id, const std::string& secret, const std::string& token,
                                 const std::string& expires) {
  nlohmann::json out{{"Code", "Success"},
                     {"Type", "AWS-HMAC"},
                     {"AccessKeyId", id},
                     {"SecretAccessKey", secret},
                     {"Token", token}};
  if (!expires.empty()) out["Expiration"] = expires;
  return out.dump();
}

}  // namespace assay::farm
