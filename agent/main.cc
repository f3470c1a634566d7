// assay-agent: options, host checks, keys, loop.
#include <boost/program_options.hpp>
#include <limits>

#include "agent/agent.h"
#include "agent/artifacts.h"
#include "agent/sandbox.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/metrics_http.h"
#include "common/service.h"
#include "common/signals.h"
#include "common/units.h"
#include "common/version.h"

namespace {

namespace po = boost::program_options;
using namespace assay;

std::string text(const po::variables_map& map, const char* name) {
  return map.count(name) ? map[name].as<std::string>() : "";
}

/// `scheduler-key`: the key itself, or the file that holds it.
Result<std::string> scheduler_key(const po::variables_map& map) {
  std::string given = text(map, "scheduler-key");
  if (is_curve_key(given)) return given;
  if (given.empty()) given = text(map, "keys") + "/" + kSchedulerKey + ".pub";
  return load_public_key(given);
}

Status read_keys(const po::variables_map& map, AgentConfig& config) {
  if (!config.endpoint.starts_with("tcp:")) return Status();
  ASSAY_TRY(config.keys, load_keys(text(map, "keys"), kAgentKey));
  ASSAY_TRY(config.scheduler_key, scheduler_key(map));
  return Status();
}

Status read_egress(const po::variables_map& map, EgressLimits& egress) {
  auto list = [&](const char* name) {
    return map.count(name) ? map[name].as<std::vector<std::string>>() : std::vector<std::string>();
  };
  egress.allowed = map["egress"].as<bool>();
  ASSAY_TRY(egress.caps.bytes, parse_bytes(text(map, "egress-bytes")));
  ASSAY_TRY(egress.caps.bytes_per_second, parse_bytes(text(map, "egress-rate")));
  egress.caps.connections = map["egress-connections"].as<unsigned>();
  egress.caps.new_per_second = map["egress-new-connections"].as<unsigned>();
  egress.refuse = list("egress-refuse");
  egress.dns = list("egress-dns");
  egress.scheduler = text(map, "connect");
  return check_egress(egress);
}

Result<AgentConfig> read_config(const po::variables_map& map) {
  AgentConfig config;
  config.endpoint = text(map, "connect");
  config.data_dir = text(map, "data");
  config.agent_id = text(map, "id");
  config.slots = map["slots"].as<unsigned>();
  config.prefetch = map["prefetch"].as<unsigned>();
  double cpus = map["cpus"].as<double>();
  if (!(cpus >= 0 && cpus <= 65536) || config.slots > 512 || config.prefetch > 64)
    return Error{Errc::invalid, "cpus is at most 65536, slots at most 512, prefetch at most 64"};
  config.cpu_millis = static_cast<uint32_t>(cpus * 1000);
  ASSAY_TRY(config.memory_bytes, parse_bytes(text(map, "memory")));
  config.keep_spool = true;
  config.limits.full_witness = map["full-witness"].as<bool>();
  ASSAY_TRY(config.spool_quota_bytes, parse_bytes(text(map, "spool-quota")));
  ASSAY_TRY(config.reserve_bytes, parse_bytes(text(map, "reserve")));
  ASSAY_TRY(config.limits.artifact_bytes, parse_artifact_bytes(text(map, "artifact-bytes")));
  ASSAY_TRY(config.stop_grace, parse_duration(text(map, "stop-grace")));
  config.metrics = text(map, "metrics");
  if (map.count("yara")) config.yara_dirs = map["yara"].as<std::vector<std::string>>();
  config.registries.certs_dir = text(map, "certs");
  config.registries.registries_conf = text(map, "registries-conf");
  if (map.count("ecr"))
    for (const std::string& place : map["ecr"].as<std::vector<std::string>>()) {
      ASSAY_TRY(EcrPlace one, parse_ecr_place(place));
      config.registries.ecr.push_back(std::move(one));
    }
  ASSAY_CHECK(check_access(config.registries));
  if (!config.metrics.empty())
    if (auto address = parse_metrics_address(config.metrics); !address) return address.error();
  ASSAY_CHECK(read_egress(map, config.limits.egress));
  ASSAY_CHECK(read_keys(map, config));
  return config;
}

Status check(const po::variables_map& map) {
  ASSAY_TRY(AgentConfig config, read_config(map));
  ASSAY_TRY([[maybe_unused]] YaraRules yara, YaraRules::compile(config.yara_dirs));
  ASSAY_CHECK(check_host());
  return config.limits.full_witness ? check_full_witness() : Status();
}

Status serve_from(const po::variables_map& map) {
  ASSAY_TRY(AgentConfig config, read_config(map));
  ASSAY_CHECK(check_host());
  ASSAY_TRY(Fd end, catch_end_signals());
  ASSAY_TRY(Fd hangup, catch_reload_signal());
  ASSAY_CHECK(prepare_agent_process());
  config.reload_fd = hangup.get();
  // Ready as soon as its loop turns: it outlives a scheduler that is away.
  config.ready = [] { service::ready(); };
  config.welcomed = [&config] { service::status("serving " + config.endpoint); };
  config.fenced = [](const Fencing& fencing) { service::status(fenced_text(fencing)); };
  config.stopping = [] { service::stopping(); };
  auto interval = service::watchdog_interval();
  auto next = std::chrono::steady_clock::now();
  config.beat = [&] {
    auto now = std::chrono::steady_clock::now();
    if (!interval || now < next) return;
    next = now + std::min(*interval, std::chrono::milliseconds(1000));
    service::alive();
  };
  Context context;
  spdlog::info("event=start version={} connect={} encrypted={}", kVersion, config.endpoint,
               config.keys.has_value());
  ASSAY_CHECK(serve_agent(context, config, end.get()));
  spdlog::info("event=stop");
  return Status();
}

void describe(po::options_description& options) {
  auto string = [](const char* value) { return po::value<std::string>()->default_value(value); };
  auto add = options.add_options();
  add("connect", string("ipc:///run/assay-scheduler/agents.sock"),
      "the scheduler: tcp://HOST:PORT or ipc://PATH");
  add("data", string("/var/lib/assay"), "directory of pulled blobs, unpacked layers and the spool");
  add("id", po::value<std::string>(),
      "name of this agent (default: the host's); over TCP the scheduler goes by the name of its key");
  add("keys", string(kDefaultKeyDir), "directory of agent.key and scheduler.pub, for tcp");
  add("scheduler-key", po::value<std::string>(),
      "the scheduler's public key, or a file that holds it (default: scheduler.pub among the keys)");
  add("slots", po::value<unsigned>()->default_value(0),
      "guests at once; 0: one a processor, as far as memory goes");
  add("prefetch", po::value<unsigned>()->default_value(1), "further scans that pull and unpack meanwhile");
  add("cpus", po::value<double>()->default_value(0), "processors for guests; 0: all");
  add("memory", string("0"), "memory for guests; 0: 80% of the host's");
  add("spool-quota", string("8G"), "of traces that the scheduler has not stored yet");
  add("reserve", string("1G"),
      "free disk space below which no lease is taken; scans that run may use half of it");
  add("artifact-bytes", string("32M"),
      "of files that an image dropped or changed, kept of each scan; at most 1G, 0: none");
  add("stop-grace", string("30s"), "for running scans to finish after SIGTERM; a second one ends them");
  add("full-witness", po::value<bool>()->default_value(false)->implicit_value(true),
      "let every system call of a guest trap to the host (slow; takes a runsc that can leave them "
      "unpatched)");
  add("yara", po::value<std::vector<std::string>>()->composing(),
      "directory of YARA rules, besides our own; may be given again");
  auto strings = [] { return po::value<std::vector<std::string>>()->composing(); };
  add("certs", po::value<std::string>(),
      "directory with a directory for each registry, HOST[:PORT]: *.crt are its CAs, NAME.cert and NAME.key "
      "this "
      "agent's (default: certs.d of /etc/containers and /etc/docker)");
  add("registries-conf", po::value<std::string>(),
      "mirrors and blocked registries (default: /etc/containers/registries.conf)");
  add("ecr", strings(),
      "HOST=REGION[,role=ARN][,endpoint=URL]: a registry with Amazon's logins whose name does not say so; "
      "may be "
      "repeated");
  add("egress", po::value<bool>()->default_value(false, "off"),
      "on: scans that ask for it may reach the real network from this host");
  add("egress-bytes", string("256M"), "of payload that one scan may move there, both ways together");
  add("egress-rate", string("8M"), "bytes a second of it, each way");
  add("egress-connections", po::value<unsigned>()->default_value(256), "of one scan at once");
  add("egress-new-connections", po::value<unsigned>()->default_value(50), "of one scan a second");
  add("egress-refuse", strings(),
      "a further range that no guest may reach, as 198.51.100.0/24; may be repeated");
  add("egress-dns", strings(),
      "name server for guests, ADDRESS[:PORT]; may be repeated (default: those of this host)");
  add("metrics", po::value<std::string>(), "ADDRESS:PORT of Prometheus' metrics (default: off)");
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description options("assay-agent [OPTIONS]");
  describe(options);
  return assay::daemon_main({"assay-agent", "/etc/assay/assay-agent.conf", check, serve_from}, argc, argv,
                            options);
}
