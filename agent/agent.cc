// What an agent needs before its loop can turn, in order.
#include "agent/agent.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "agent/agent_loop.h"
#include "agent/cleanup.h"
#include "agent/pull_staging.h"
#include "agent/sandbox.h"
#include "common/digest.h"
#include "common/log.h"
#include "common/metrics_http.h"

namespace assay {
namespace {

constexpr rlim_t kOpenFiles = 65'536;

std::string host_name() {
  char name[256] = "agent";
  ::gethostname(name, sizeof name - 1);
  return name;
}

Result<std::string> random_name() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return errno_error("get random bytes");
  return to_hex({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

// What was left to this host's judgement.
AgentConfig completed(AgentConfig config) {
  if (config.agent_id.empty()) config.agent_id = host_name();
  if (config.cpu_millis == 0) {
    cpu_set_t cpus;
    long count = ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    config.cpu_millis = static_cast<uint32_t>(std::max(1L, count)) * 1000;
  }
  if (config.memory_bytes == 0) {
    auto pages = static_cast<uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
    config.memory_bytes = pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) / 10 * 8;
  }
  if (config.slots == 0) {
    uint64_t by_memory = config.memory_bytes / std::max<uint64_t>(1, config.limits.cgroup.memory_bytes);
    config.slots = static_cast<unsigned>(std::clamp<uint64_t>(by_memory, 1, config.cpu_millis / 1000));
  }
  return config;
}

// The daemon's outlives it; another's must never be taken for it.
Result<Spool> open_spool(const AgentConfig& config) {
  ASSAY_TRY(Spool spool, Spool::open(config.data_dir / (config.keep_spool ? "spool" : "spool-local")));
  if (!config.keep_spool) spool.drop_found();
  return spool;
}

}  // namespace

Status prepare_agent_process() {
  ASSAY_CHECK(become_subreaper());
  // Executed files wait open to be hashed: by far not so many as this, but more than the usual 1024 with a
  // few slots.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return errno_error("get the limit of open files");
  files.rlim_cur = std::max(files.rlim_cur, std::min<rlim_t>(files.rlim_max, kOpenFiles));
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return errno_error("raise the limit of open files");
  if (::unshare(CLONE_NEWNS) != 0) return errno_error("make a mount namespace (are you root?)");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return errno_error("make mounts private");
  return Status();
}

Status serve_agent(const Context& context, const AgentConfig& given, int stop_fd) {
  AgentConfig config = completed(given);
  if (config.limits.full_witness) ASSAY_CHECK(check_full_witness());
  ASSAY_TRY(CleanupCount cleaned, clean_up_dead_agents(config.run_base));
  if (cleaned.instances + cleaned.cgroups > 0)
    spdlog::info("event=cleanup instances={} processes={} cgroups={}", cleaned.instances, cleaned.processes,
                 cleaned.cgroups);
  ASSAY_TRY(YaraRules yara, YaraRules::compile(config.yara_dirs));
  spdlog::info("event=yara rules={} files={}", yara.size(), yara.files());
  ASSAY_CHECK(make_directories(config.data_dir));
  ASSAY_TRY(Spool spool, open_spool(config));
  std::optional<Fencing> fenced;
  if (config.keep_spool) {
    ASSAY_TRY(fenced, fenced_before(FenceMark(config.data_dir), spool));
  }
  ASSAY_TRY(RunDir run_dir, RunDir::create(config.run_base));
  ASSAY_TRY(std::string instance, random_name());
  ASSAY_TRY(Connection scheduler, Connection::open(context, config));
  AgentMetrics metrics;
  std::optional<HttpServer> http;
  if (!config.metrics.empty()) {
    ASSAY_TRY(http, serve_metrics([&metrics] { return metrics.text(); }, config.metrics));
  }
  AgentLoop loop(config, config.agent_id, instance, std::move(scheduler), std::move(spool), std::move(fenced),
                 AffinityList::load(config.data_dir / "cached"), metrics);
  ScanPlace place{config.data_dir,    run_dir.path(), run_dir.instance(), config.agent_id,
                  config.learn_guard, &yara,          config.registries};
  ASSAY_CHECK(loop.start_workers(context, place));
  return loop.run(stop_fd);
}

}  // namespace assay
