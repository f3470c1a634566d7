// farm: a real scheduler as a child, with everything it needs in one directory: its key and those of its
// agents, tokens, config file, store. Its API and its wire are on TCP.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/keys.h"
#include "tests/farm/daemon.h"
#include "tests/farm/http.h"
#include "tests/farm/sim_agent.h"

namespace assay::farm {

struct FarmOptions {
  std::filesystem::path dir;  // made by the caller; store, keys and log come below it
  std::filesystem::path rules;
  std::vector<std::string> agents;          // names, each with a key that is allowed
  std::map<std::string, uint32_t> tenants;  // weights; each has a token
  std::chrono::milliseconds lease{15000}, first_delay{2000};
  uint32_t failures = 3;
  std::string address = "127.0.0.1";  // of wire and API
  int net_ns_fd = -1;
  Http::MakeSocket make_socket;       // for api(): see Http
  std::vector<std::string> config{};  // further lines
  std::filesystem::path data;         // of the store; empty: below dir
};

class Farm {
 public:
  /// Writes keys and files; starts nothing.
  static Result<Farm> create(FarmOptions options);

  /// Starts the scheduler and waits until its API answers.
  Status start();
  /// As start(), without the wait.
  Status launch() { return scheduler_.start(); }
  Daemon& scheduler() { return scheduler_; }

  /// A client with the tenant's token; "operator" has every role.
  Http api(const std::string& tenant = "operator") const;
  /// Waits until the API answers.
  Status wait_ready(std::chrono::milliseconds timeout = std::chrono::seconds(20)) const;
  /// A metric's value, summed over its labels of which `labels` are some ("state=\"done\""); 0 if there is
  /// none.
  Result<double> metric(const std::string& name, const std::string& labels = "") const;

  /// Scans that have not ended, as GET /v1/queue tells.
  Result<uint64_t> open_scans() const;

  /// Where and with which key an agent of this name connects.
  Result<Socket> connect(const Context& context, const std::string& agent) const;
  /// With these keys, whoever has them.
  Result<Socket> connect(const Context& context, const CurveKeys& keys) const;

  /// How a real agent of this name is started, with its data in `data`: writes its key and config file.
  Result<std::vector<std::string>> agent_argv(const std::string& agent, const std::filesystem::path& data,
                                              unsigned slots) const;

  /// What a client of the API that is no Http needs: --server and the content of --token-file.
  std::string url() const { return "http://" + options_.address + ":" + std::to_string(api_port_); }
  const std::string& token(const std::string& tenant) const { return tokens_.at(tenant); }

  const std::string& endpoint() const { return endpoint_; }
  std::filesystem::path store() const { return data_; }
  std::filesystem::path dir() const { return options_.dir; }
  const FarmOptions& options() const { return options_; }

 private:
  Farm(FarmOptions options, Daemon scheduler)
      : options_(std::move(options)), scheduler_(std::move(scheduler)) {}

  Status write_tokens();

  FarmOptions options_;
  Daemon scheduler_;
  std::string endpoint_;
  std::filesystem::path data_;
  uint16_t api_port_ = 0;
  std::map<std::string, std::string> tokens_;
};

}  // namespace assay::farm
