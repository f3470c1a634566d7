#include "tests/farm/farm.h"

#include <fcntl.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "common/fd.h"
#include "common/keys.h"
#include "common/loop.h"
#include "scheduler/api/tokens.h"

namespace assay::farm {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

std::string ms(std::chrono::milliseconds time) { return std::to_string(time.count()) + "ms"; }

// The scheduler's pair, and one an agent, in DIR/keys, all of them on the allow-list.
Status write_keys(const fs::path& dir, const std::vector<std::string>& agents) {
  std::error_code failed;
  fs::create_directories(dir, failed);
  if (failed) return Error{Errc::io, "make " + dir.string() + ": " + failed.message()};
  ASSAY_TRY(auto own, make_curve_keys());
  ASSAY_CHECK(save_keys(dir, kSchedulerKey, own));
  std::vector<AllowedKey> list;
  for (const auto& name : agents) {
    ASSAY_TRY(auto keys, make_curve_keys());
    ASSAY_CHECK(save_keys(dir, name, keys));
    list.push_back({keys.public_key, name, false});
  }
  return write_file(dir / "agents", to_text(list), 0600);
}

std::string scheduler_config(const FarmOptions& options, const fs::path& data, const std::string& endpoint,
                             uint16_t api_port) {
  std::string out = "bind = " + endpoint + "\n" + "data = " + data.string() + "\n" +
                    "rules = " + options.rules.string() + "\n" + "keys = " + (options.dir / "keys").string() +
                    "\n" + "tokens = " + (options.dir / "tokens").string() + "\n" +
                    "api = " + options.address + ":" + std::to_string(api_port) + "\n" +
                    "lease = " + ms(options.lease) + "\n" + "retry-delay = " + ms(options.first_delay) +
                    "\n" + "attempts = " + std::to_string(options.failures) + "\n";
  for (const auto& line : options.config) out += line + "\n";
  return out;
}

}  // namespace

Result<Farm> Farm::create(FarmOptions options) {
  fs::path config = options.dir / "scheduler.conf";
  Daemon scheduler({bin_dir() / "assay-scheduler", "--config", config}, options.dir / "scheduler.log",
                   options.net_ns_fd);
  Farm farm(std::move(options), std::move(scheduler));
  const FarmOptions& o = farm.options_;
  farm.data_ = o.data.empty() ? o.dir / "store" : o.data;
  ASSAY_TRY(uint16_t wire_port, free_port());
  ASSAY_TRY(farm.api_port_, free_port());
  farm.endpoint_ = "tcp://" + o.address + ":" + std::to_string(wire_port);
  ASSAY_CHECK(write_keys(o.dir / "keys", o.agents));
  ASSAY_CHECK(farm.write_tokens());
  ASSAY_CHECK(write_file(config, scheduler_config(o, farm.data_, farm.endpoint_, farm.api_port_)));
  return farm;
}

// A token each: "operator" may do everything, tenants submit and read.
Status Farm::write_tokens() {
  fs::path file = options_.dir / "tokens";
  ASSAY_TRY(tokens_["operator"], api::add_token(file, "operator", api::kAdmin, 1));
  for (const auto& [name, weight] : options_.tenants) {
    ASSAY_TRY(tokens_[name], api::add_token(file, name, api::kSubmit | api::kRead, weight));
  }
  return Status();
}

Status Farm::start() {
  ASSAY_CHECK(launch());
  return wait_ready();
}

Http Farm::api(const std::string& tenant) const {
  auto it = tokens_.find(tenant);
  return Http(api_port_, it == tokens_.end() ? "" : it->second, options_.address, options_.make_socket);
}

Status Farm::wait_ready(std::chrono::milliseconds timeout) const {
  auto api = this->api();
  Status last;
  for (auto end = steady_clock::now() + timeout; steady_clock::now() < end;
       std::this_thread::sleep_for(20ms)) {
    auto response = api.call("GET", "/v1/agents", "", 2s);
    if (response && response->status == 200) return Status();
    last = response ? Error{Errc::denied, std::to_string(response->status) + " " + response->body}
                    : response.error();
  }
  return Error{Errc::timeout, "the scheduler's API does not answer: " + last.error().what};
}

Result<double> Farm::metric(const std::string& name, const std::string& labels) const {
  auto api = this->api();
  ASSAY_TRY(auto response, api.call("GET", "/metrics", "", 5s));
  if (response.status != 200) return Error{Errc::denied, "GET /metrics: " + std::to_string(response.status)};
  double sum = 0;
  size_t at = 0;
  while (at < response.body.size()) {
    size_t end = std::min(response.body.find('\n', at), response.body.size());
    std::string line = response.body.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name) || line.size() <= name.size()) continue;
    if (line[name.size()] != '{' && line[name.size()] != ' ') continue;
    if (line.find(labels) == std::string::npos) continue;
    sum += std::strtod(line.c_str() + line.rfind(' '), nullptr);
  }
  return sum;
}

Result<uint64_t> Farm::open_scans() const {
  auto api = this->api();
  ASSAY_TRY(auto response, api.call("GET", "/v1/queue", "", 5s));
  auto json = nlohmann::json::parse(response.body, nullptr, false);
  if (response.status != 200 || !json.contains("lanes")) return Error{Errc::corrupt, response.body};
  uint64_t out = json.value("scoring", uint64_t{0});
  for (const auto& lane : json["lanes"])
    out += lane.value("queued", uint64_t{0}) + lane.value("leased", uint64_t{0});
  return out;
}

Result<std::vector<std::string>> Farm::agent_argv(const std::string& agent, const fs::path& data,
                                                  unsigned slots) const {
  // A directory of its keys alone, as on its own host.
  fs::path keys = options_.dir / (agent + ".keys"), config = options_.dir / (agent + ".conf");
  ASSAY_TRY(auto own, load_keys(options_.dir / "keys", agent));
  ASSAY_TRY(auto server, load_public_key(options_.dir / "keys" / "scheduler.pub"));
  std::error_code failed;
  fs::create_directories(keys, failed);
  fs::create_directories(data, failed);
  if (failed) return Error{Errc::io, "make " + data.string() + ": " + failed.message()};
  ASSAY_CHECK(save_keys(keys, kAgentKey, own));
  ASSAY_CHECK(write_file(config, "connect = " + endpoint_ + "\nid = " + agent + "\ndata = " + data.string() +
                                     "\n" + "keys = " + keys.string() + "\n" + "scheduler-key = " + server +
                                     "\n" + "slots = " + std::to_string(slots) + "\n" +
                                     "stop-grace = 10s\n"));
  return std::vector<std::string>{bin_dir() / "assay-agent", "--config", config};
}

Result<Socket> Farm::connect(const Context& context, const std::string& agent) const {
  ASSAY_TRY(auto keys, load_keys(options_.dir / "keys", agent));
  return connect(context, keys);
}

Result<Socket> Farm::connect(const Context& context, const CurveKeys& keys) const {
  ASSAY_TRY(auto server, load_public_key(options_.dir / "keys" / "scheduler.pub"));
  ASSAY_TRY(auto socket, Socket::open(context, Socket::Type::dealer));
  ASSAY_CHECK(socket.secure_as_client(keys, server));
  ASSAY_CHECK(socket.connect(endpoint_));
  return socket;
}

}  // namespace assay::farm
