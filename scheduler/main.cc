// assay-scheduler: options, store, rules, loop.
#include <boost/program_options.hpp>

#include "common/daemon.h"
#include "common/log.h"
#include "common/signals.h"
#include "common/version.h"
#include "scheduler/server.h"

namespace {

namespace po = boost::program_options;
using namespace assay;

Status serve_from(const po::variables_map& map) {
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_TRY(RuleSet rules, RuleSet::load(map["rules"].as<std::string>()));
  ASSAY_TRY(Store store, Store::open(map["data"].as<std::string>(), Store::Mode::read_write));
  Context context;
  ServerConfig config;
  config.endpoint = map["bind"].as<std::string>();
  spdlog::info("event=start version={} rules={} bind={}", kVersion, rules.size(), config.endpoint);
  ASSAY_TRY(ServerStats stats, serve(context, config, store, rules, signals.get()));
  spdlog::info("event=stop submitted={} finished={} failed={} redelivered={} refused_frames={} stale={}",
               stats.submitted, stats.finished, stats.failed, stats.redelivered, stats.refused_frames,
               stats.stale_messages);
  return Status();
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description options("assay-scheduler [OPTIONS]");
  auto add = options.add_options();
  add("bind", po::value<std::string>()->default_value("ipc:///run/assay-scheduler.sock"),
      "where agents and clients connect");
  add("data", po::value<std::string>()->default_value("/var/lib/assay/store"), "directory of the store");
  add("rules", po::value<std::string>()->default_value("/usr/share/assay/rules"),
      "directory of detection rules");
  return assay::daemon_main("assay-scheduler", argc, argv, options, serve_from);
}
