// A real scheduler with kept scans, and the real gateway before it, by TLS; asked by curl, as API servers and
// registries ask it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/process.h"
#include "scheduler/keep.h"
#include "scheduler/trace_import.h"
#include "tests/certificates.h"
#include "tests/farm/daemon.h"
#include "tests/farm/farm.h"
#include "tests/support.h"

namespace assay {

struct CurlAnswer {
  int status = 0;  // 0: none
  std::string body, error;
  double seconds = 0;
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

class GatewayKit {
 public:
  /// Keys, farm and samples; starts the scheduler. `agents`: names of simulated ones, to be connected later.
  Status prepare(const std::vector<std::string>& samples, const std::vector<std::string>& agents = {}) {
    for (const char* name : {"ca", "other"}) ASSAY_CHECK(make_authority(dir_.path(), name));
    ASSAY_CHECK(make_certificate(dir_.path(), "ca", "server"));
    ASSAY_CHECK(make_certificate(dir_.path(), "ca", "apiserver", "kube-apiserver"));
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.tenants = {{"gateway", 1}};
    options.agents = agents;
    ASSAY_TRY(farm::Farm farm, farm::Farm::create(std::move(options)));
    farm_.emplace(std::move(farm));
    ASSAY_CHECK(import(samples));
    ASSAY_CHECK(write_file(path("token"), farm_->token("gateway") + "\n"));
    return farm_->start();
  }

  /// A gateway of these options, besides where it listens, its certificate, scheduler and token. Waits until
  /// it answers.
  Status start_gateway(std::vector<std::string> options) {
    ASSAY_TRY(port_, farm::free_port());
    std::vector<std::string> argv = {farm::bin_dir() / "assay-gateway",
                                     "--config",
                                     path("gateway.conf"),
                                     "--listen",
                                     "127.0.0.1:" + std::to_string(port_),
                                     "--cert",
                                     path("server.crt"),
                                     "--key",
                                     path("server.key"),
                                     "--token-file",
                                     path("token")};
    ASSAY_CHECK(write_file(path("gateway.conf"), "# of a test\n"));
    if (std::find(options.begin(), options.end(), "--scheduler") == options.end())
      argv.insert(argv.end(), {"--scheduler", farm_->url()});
    argv.insert(argv.end(), options.begin(), options.end());
    gateway_.emplace(std::move(argv), path("gateway.log"));
    ASSAY_CHECK(gateway_->start());
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (std::chrono::steady_clock::now() < end && gateway_->running()) {
      if (curl({url("/healthz")}).status == 200) return Status();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return Error{Errc::timeout, "the gateway does not answer: " + gateway_->log_text()};
  }

  /// curl with the authority of the gateway's certificate.
  CurlAnswer curl(std::vector<std::string> args) const {
    args.insert(args.begin(), {"curl", "-sS", "--max-time", "20", "--cacert", path("ca.crt"), "-w",
                               "\n%{http_code} %{time_total}"});
    Command command;
    command.argv = std::move(args);
    auto output = run(std::move(command), std::chrono::seconds(30), 16 << 20);
    CurlAnswer out;
    if (!output) return out;
    out.error = output->err;
    size_t end = output->out.rfind('\n');
    if (end == std::string::npos) return out;
    out.body = output->out.substr(0, end);
    std::istringstream figures(output->out.substr(end + 1));
    figures >> out.status >> out.seconds;
    return out;
  }
  CurlAnswer post(const std::string& target, const std::string& body,
                  std::vector<std::string> more = {}) const {
    (void)write_file(path("body"), body);
    more.insert(more.end(),
                {"-H", "Content-Type: application/json", "--data-binary", "@" + path("body"), url(target)});
    return curl(std::move(more));
  }

  std::string url(const std::string& target) const {
    return "https://127.0.0.1:" + std::to_string(port_) + target;
  }
  std::string path(const std::string& name) const { return dir_.path() / name; }
  /// The digest of a sample's image.
  const std::string& digest(const std::string& sample) const { return digests_.at(sample); }
  const std::string& scan_id(const std::string& sample) const { return scans_.at(sample); }
  farm::Farm& farm() { return *farm_; }
  farm::Daemon& gateway() { return *gateway_; }

 private:
  // Scans of long ago, kept in tests/traces.
  Status import(const std::vector<std::string>& samples) {
    ASSAY_TRY(RuleSet rules, RuleSet::load(farm_->options().rules));
    ASSAY_TRY(auto store, Store::open(farm_->store(), Store::Mode::read_write));
    for (const std::string& sample : samples) {
      std::string file = std::string(ASSAY_SOURCE_DIR) + "/tests/traces/" + sample + ".trace";
      ASSAY_TRY(ImportedTrace done, import_trace(*store, file, rules, wall_ns()));
      ASSAY_TRY(ScanRecord record, Keep(*store).scan(done.scan_id));
      digests_[sample] = record.digest;
      scans_[sample] = done.scan_id;
    }
    return Status();
  }

  TempDir dir_;
  std::optional<farm::Farm> farm_;
  std::optional<farm::Daemon> gateway_;
  uint16_t port_ = 0;
  std::map<std::string, std::string> digests_, scans_;
};

}  // namespace assay
