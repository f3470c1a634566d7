// The options and their defaults, as docs/assay-scheduler.conf explains them.
#include "scheduler/options.h"

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "common/keys.h"

namespace assay {

namespace po = boost::program_options;

void add_scheduler_options(po::options_description& options) {
  using Texts = std::vector<std::string>;
  auto string = [](const char* value) { return po::value<std::string>()->default_value(value); };
  auto add = options.add_options();
  add("bind",
      po::value<Texts>()->composing()->default_value({"ipc:///run/assay-scheduler/agents.sock"},
                                                     "ipc:///run/assay-scheduler/agents.sock"),
      "where agents connect: tcp://ADDRESS:PORT (encrypted), ipc://PATH; may be given several times");
  add("data", string("/var/lib/assay/store"), "directory of the store");
  add("rules", string("/usr/share/assay/rules"), "directory of detection rules");
  add("keys", string(kDefaultKeyDir), "directory of the scheduler's key and of the list of agents");
  add("api", string("127.0.0.1:8440"), "where the HTTP API listens: ADDRESS:PORT, or off");
  add("api-cert", string(""), "PEM file of the API's certificate and those between; empty: plain HTTP");
  add("api-key", string(""), "PEM file of the certificate's key");
  add("tokens", string("/etc/assay/tokens"), "file of the API's tokens (assay tokens)");
  add("hooks", string("/etc/assay/hooks"),
      "file of the webhooks that are taken, and of queues (assay hooks)");
  add("lease", string("15s"), "after so much silence of its agent a scan is given to another");
  add("attempts", po::value<uint32_t>()->default_value(3), "failed attempts after which a scan has failed");
  add("retry-delay", string("2s"), "before the second attempt; doubles with each failure");
  add("retry-delay-max", string("5m"), "the longest such delay");
  add("aging", string("10m"), "a job that has waited so much longer than the next lane's head is its equal");
  add("affinity-wait", string("500ms"), "how long a job waits for an agent that has its layers");
  add("pull-budget", po::value<Texts>()->composing(),
      "HOST=PULLS/DURATION[:BURST]: at most so many pulls from a registry, farm-wide; HOST *: from each");
  add("open-limit", po::value<size_t>()->default_value(1'000'000),
      "scans that wait or run; more are refused");
  add("reserve", string("256M"), "with less room on the store's disk submissions are refused");
  add("job-memory", string("2G"), "memory that a scan needs unless it says otherwise");
  add("retain", po::value<Texts>()->composing(),
      "KIND[/VERDICT]=AGE: how long artifacts, traces, reports or records stay, as in traces=30d, "
      "traces/malicious=1y; may be given several times");
  add("store-budget", string("0"), "the store is kept below this size, as in 200G; 0: no limit");
  add("prune-every", string("10m"), "how often it is looked what is to go; 0: only by assay prune");
  add("forget-agents", string("7d"), "an agent that was not heard for so long is forgotten; 0: never");
  add("sweep-workers", po::value<unsigned>()->default_value(16),
      "threads that list registries for sweeps; 0: no sweeps");
  add("sweep-limit", string("10m"), "for so long one repository is listed at a time");
  add("registries-conf", string(""), "file of mirrors and blocked registries; empty: the host's own");
  add("certs", string(""), "directory of registries' certificates (HOST/ca.crt); empty: the host's own");
  add("scorers", po::value<unsigned>()->default_value(1), "threads that score traces");
}

int verb_main(const Verb& verb, int argc, char** argv, po::options_description& own) {
  po::options_description file;
  add_scheduler_options(file);
  DaemonSpec spec;
  spec.name = verb.name;
  spec.usage = verb.usage;
  spec.words = verb.words;
  spec.run = verb.run;
  spec.default_config = kSchedulerConfig;
  spec.also = &file;
  return daemon_main(spec, argc, argv, own);
}

std::filesystem::path data_dir(const po::variables_map& map) { return map["data"].as<std::string>(); }

}  // namespace assay
