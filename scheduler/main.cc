// assay-scheduler: options, store, rules, keys, API, loop.
#include <boost/program_options.hpp>
#include <tuple>

#include "common/daemon.h"
#include "common/keys.h"
#include "common/log.h"
#include "common/service.h"
#include "common/signals.h"
#include "common/tls_log.h"
#include "common/units.h"
#include "common/version.h"
#include "scheduler/api/api.h"
#include "scheduler/api/tokens.h"
#include "scheduler/config.h"
#include "scheduler/control.h"
#include "scheduler/hooks/queue_poller.h"
#include "scheduler/migrate.h"
#include "scheduler/options.h"
#include "scheduler/server.h"
#include "scheduler/sweeps/sweeper.h"
#include "scheduler/verbs.h"

namespace {

namespace po = boost::program_options;
using namespace assay;

constexpr const char* kClients = "inproc://clients";

/// What the options say, checked.
struct Settings {
  ServerConfig server;
  std::filesystem::path data, rules, keys;
  std::filesystem::path hooks;
  std::optional<api::ApiConfig> api;            // nothing: off
  std::optional<sweeps::SweeperConfig> sweeps;  // nothing: off
};

Result<HttpConfig> read_address(const std::string& address) {
  auto parsed = parse_http_address(address);
  if (!parsed)
    return Error{Errc::invalid, "api '" + address + "' is not ADDRESS:PORT, as in 127.0.0.1:8440, or off"};
  HttpConfig http;
  std::tie(http.host, http.port) = *parsed;
  return http;
}

std::string text(const po::variables_map& map, const char* name) { return map[name].as<std::string>(); }

// Certificate and key are read again when their files change.
Status read_api_tls(const po::variables_map& map, HttpConfig& http) {
  TlsFiles files{text(map, "api-cert"), text(map, "api-key")};
  if (files.certificate.empty() != files.key.empty())
    return Error{Errc::invalid, "api-cert and api-key belong together: one of them is not given"};
  if (files.certificate.empty()) return Status();
  http.tls = std::move(files);
  http.tls_notice = log_renewals();
  return Status();
}

std::vector<std::string> texts(const po::variables_map& map, const char* name) {
  return map.count(name) ? map[name].as<std::vector<std::string>>() : std::vector<std::string>();
}

Status read_policy(const po::variables_map& map, DispatchPolicy& policy) {
  ASSAY_TRY(auto aging, parse_duration(text(map, "aging")));
  policy.aging.fill(aging);
  ASSAY_TRY(policy.affinity_wait, parse_duration(text(map, "affinity-wait")));
  for (const std::string& word : texts(map, "pull-budget")) {
    ASSAY_TRY(auto budget, parse_budget(word));
    if (budget.first == "*")
      policy.default_budget = budget.second;
    else
      policy.budgets.insert(budget);
  }
  return Status();
}

Result<RetentionPolicy> read_retention(const po::variables_map& map) {
  auto policy = parse_retention(texts(map, "retain"));
  if (!policy) return policy.error();
  ASSAY_TRY(policy->budget_bytes, parse_bytes(text(map, "store-budget")));
  return policy;
}

/// Nothing where there are to be no workers.
Result<std::optional<sweeps::SweeperConfig>> read_sweeps(const po::variables_map& map) {
  std::optional<sweeps::SweeperConfig> out;
  auto workers = map["sweep-workers"].as<unsigned>();
  if (workers > 256) return Error{Errc::invalid, "sweep-workers is 0 to 256"};
  sweeps::SweeperConfig config;
  config.clients = kClients;
  config.workers = workers;
  config.places = {text(map, "registries-conf"), text(map, "certs")};
  ASSAY_TRY(config.repository_limit, parse_duration(text(map, "sweep-limit")));
  if (config.repository_limit < std::chrono::seconds(1))
    return Error{Errc::invalid, "sweep-limit is at least 1s"};
  if (workers > 0) out = std::move(config);
  return out;
}

Result<Settings> read_settings(const po::variables_map& map) {
  Settings settings;
  ServerConfig& server = settings.server;
  settings.data = text(map, "data");
  settings.rules = text(map, "rules");
  settings.keys = text(map, "keys");
  settings.hooks = text(map, "hooks");
  if (text(map, "api") != "off") {
    settings.api.emplace();
    ASSAY_TRY(settings.api->http, read_address(text(map, "api")));
    ASSAY_CHECK(read_api_tls(map, settings.api->http));
    settings.api->clients = kClients;
    settings.api->token_file = text(map, "tokens");
  }
  ASSAY_TRY(settings.sweeps, read_sweeps(map));
  if (settings.api && settings.sweeps) settings.api->sweeps = settings.sweeps->endpoint;
  server.agents = texts(map, "bind");
  server.clients = kClients;
  ASSAY_TRY(server.limits.lease, parse_duration(text(map, "lease")));
  ASSAY_TRY(server.limits.first_delay, parse_duration(text(map, "retry-delay")));
  ASSAY_TRY(server.limits.longest_delay, parse_duration(text(map, "retry-delay-max")));
  server.limits.failures = map["attempts"].as<uint32_t>();
  server.open_limit = map["open-limit"].as<size_t>();
  ASSAY_TRY(server.reserve_bytes, parse_bytes(text(map, "reserve")));
  ASSAY_TRY(server.default_memory_bytes, parse_bytes(text(map, "job-memory")));
  server.scorers = map["scorers"].as<unsigned>();
  if (server.limits.lease < std::chrono::seconds(1) || server.limits.failures < 1 || server.scorers < 1 ||
      server.scorers > 64)
    return Error{Errc::invalid, "lease is at least 1s, attempts at least 1, scorers 1 to 64"};
  ASSAY_CHECK(read_policy(map, server.policy));
  ASSAY_TRY(server.retention, read_retention(map));
  ASSAY_TRY(server.prune_every, parse_duration(text(map, "prune-every")));
  ASSAY_TRY(server.forget_agents, parse_forget(text(map, "forget-agents")));
  return settings;
}

/// A tenant's share of the farm stands with its token.
Status read_weights(const Settings& settings, DispatchPolicy& policy) {
  if (!settings.api) return Status();
  ASSAY_TRY(auto tokens, api::load_tokens(settings.api->token_file));
  for (const api::Token& token : tokens) policy.weights[token.name] = token.weight;
  return Status();
}

/// Connections between hosts are encrypted; a scheduler that listens on none of its addresses needs no keys.
bool needs_keys(const ServerConfig& config) {
  for (const std::string& endpoint : config.agents)
    if (endpoint.starts_with("tcp:")) return true;
  return false;
}

Status check(const po::variables_map& map) {
  ASSAY_TRY(Settings settings, read_settings(map));
  ASSAY_TRY(RuleSet rules, RuleSet::load(settings.rules));
  if (needs_keys(settings.server)) {
    ASSAY_TRY(auto keys, load_keys(settings.keys, kSchedulerKey));
    ASSAY_TRY(auto list, load_allow_list(settings.keys));
  }
  ASSAY_TRY(auto known, hooks::load_hooks(settings.hooks));
  if (settings.api && settings.api->http.tls) {
    ASSAY_TRY(TlsServer tls, TlsServer::open(*settings.api->http.tls));
  }
  return read_weights(settings, settings.server.policy);
}

// What takes long tells systemd that it is not stuck.
Status bring_up(Store& store, const std::filesystem::path& data) {
  auto more = [] { service::starting(std::chrono::seconds(60)); };
  ASSAY_TRY(auto steps, bring_up_to_date(store, data, more));
  for (const PlannedStep& step : steps)
    spdlog::info("event=migrated from={} to={} records={} unreadable={} what=\"{}\"", step.migration.from,
                 step.migration.to, step.records, step.unreadable, step.migration.what);
  if (auto checkpoint = way_back(data))
    spdlog::info("event=way_back checkpoint={} hint=\"assay-scheduler migrate --done gives its room back\"",
                 checkpoint->string());
  return Status();
}

Status serve_from(const po::variables_map& map) {
  ASSAY_TRY(Settings settings, read_settings(map));
  ASSAY_TRY(Fd end, catch_end_signals());
  ASSAY_TRY(Fd hangup, catch_reload_signal());
  ASSAY_TRY(uint64_t files, raise_open_files());
  ASSAY_TRY(RuleSet rules, RuleSet::load(settings.rules));
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(settings.data, Store::Mode::read_write));
  ASSAY_CHECK(bring_up(*store, settings.data));
  Context context(static_cast<int>(std::min<uint64_t>(files, 65'535)));
  ServerConfig& config = settings.server;
  ASSAY_CHECK(read_weights(settings, config.policy));
  std::optional<Zap> zap;
  if (needs_keys(config)) {
    ASSAY_TRY(config.keys, load_keys(settings.keys, kSchedulerKey));
    ASSAY_TRY(auto list, load_allow_list(settings.keys));
    config.allowed = allowed_keys(list);
    ASSAY_TRY(zap, Zap::start(context, list));
    config.zap = &*zap;
  }
  config.seal_key = settings.data / "login.key";
  Metrics metrics;
  SchedulerMetrics counted(metrics);
  config.metrics = &counted;
  hooks::Intake intake(settings.hooks, metrics);
  if (settings.api) settings.api->hooks = &intake;
  std::optional<api::Api> api;
  std::optional<hooks::QueuePoller> queues;
  std::optional<sweeps::Sweeper> sweeper;
  std::optional<Control> control;
  config.reload_fd = hangup.get();
  auto read_again = [&]() -> Result<Reload> {
    Reload fresh;
    auto loaded = RuleSet::load(settings.rules);
    if (!loaded) return loaded.error();
    fresh.rules = std::make_unique<RuleSet>(std::move(*loaded));
    if (config.keys) {
      ASSAY_TRY(fresh.agents, load_allow_list(settings.keys));
    }
    fresh.policy = config.policy;
    ASSAY_CHECK(read_weights(settings, *fresh.policy));
    return fresh;
  };
  config.reload = [&] {
    service::reloading();
    auto fresh = read_again();
    service::ready();  // with the old where the new will not do
    return fresh;
  };
  config.alive = [] { service::alive(); };
  // The API answers once the loop runs, which comes after what was on disk is recovered.
  config.serving = [&]() -> Status {
    auto listening = Control::start(*store, settings.data, [&counted](auto at) {
      counted.last_backup.set(std::chrono::duration<double>(at.time_since_epoch()).count());
    });
    if (listening)
      control.emplace(std::move(*listening));
    else  // scans go on; backups are told that the store is in use
      spdlog::warn("event=no_control why=\"{}\"", listening.error().what);
    if (settings.api) {
      ASSAY_TRY(api, api::Api::start(context, *settings.api, *store, counted, metrics));
      spdlog::info("event=api port={}", api->port());
    }
    hooks::QueuePollerConfig polling;
    polling.clients = kClients;
    ASSAY_TRY(queues, hooks::QueuePoller::start(context, polling, intake));
    if (settings.sweeps) {
      ASSAY_TRY(sweeper, sweeps::Sweeper::start(context, *settings.sweeps, *store, metrics));
    }
    service::ready();
    return Status();
  };
  spdlog::info("event=start version={} rules={}", kVersion, rules.size());
  ASSAY_TRY(ServerStats stats, serve(context, config, *store, rules, end.get()));
  service::stopping();
  spdlog::info("event=stop submitted={} finished={} failed={} leased={} redelivered={} stale={} commits={}",
               stats.submitted, stats.finished, stats.failed, stats.leased, stats.redelivered,
               stats.stale_messages, stats.commits);
  return Status();
}

}  // namespace

int main(int argc, char** argv) {
  if (auto code = assay::run_verb(argc, argv)) return *code;
  po::options_description options(
      "assay-scheduler [OPTIONS]\nassay-scheduler backup|restore|migrate (--help of each tells more)");
  assay::add_scheduler_options(options);
  return assay::daemon_main({"assay-scheduler", assay::kSchedulerConfig, check, serve_from}, argc, argv,
                            options);
}
