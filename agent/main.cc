// assay-agent: options, host checks, loop.
#include <boost/program_options.hpp>

#include "agent/agent.h"
#include "agent/sandbox.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/signals.h"
#include "common/version.h"

namespace {

namespace po = boost::program_options;
using namespace assay;

Status serve_from(const po::variables_map& map) {
  ASSAY_CHECK(check_host());
  ASSAY_TRY(Fd signals, catch_end_signals());
  ASSAY_CHECK(prepare_agent_process());
  AgentConfig config;
  config.endpoint = map["connect"].as<std::string>();
  config.data_dir = map["data"].as<std::string>();
  config.slots = map["slots"].as<unsigned>();
  if (map.count("id")) config.agent_id = map["id"].as<std::string>();
  Context context;
  spdlog::info("event=start version={} connect={} slots={}", kVersion, config.endpoint, config.slots);
  ASSAY_CHECK(serve_agent(context, config, signals.get()));
  spdlog::info("event=stop");
  return Status();
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description options("assay-agent [OPTIONS]");
  auto add = options.add_options();
  add("connect", po::value<std::string>()->default_value("ipc:///run/assay-scheduler.sock"), "the scheduler");
  add("data", po::value<std::string>()->default_value("/var/lib/assay"),
      "directory of pulled blobs and unpacked layers");
  add("slots", po::value<unsigned>()->default_value(1), "scans at once");
  add("id", po::value<std::string>(), "name of this agent (default: the host's)");
  return assay::daemon_main("assay-agent", argc, argv, options, serve_from);
}
