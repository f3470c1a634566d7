// Two threads and their ends.
#include "cli/farm.h"

#include <utility>

#include "agent/sandbox.h"
#include "common/log.h"
#include "scheduler/server.h"

namespace assay::cli {
namespace {

constexpr const char* kAgents = "inproc://agents";
constexpr const char* kClients = "inproc://clients";

}  // namespace

Result<std::unique_ptr<Farm>> Farm::start(const std::filesystem::path& rules_dir, const AgentConfig& agent) {
  const std::filesystem::path& data_dir = agent.data_dir;
  ASSAY_CHECK(check_host());
  if (agent.limits.full_witness) ASSAY_CHECK(check_full_witness());
  ASSAY_TRY(RuleSet rules, RuleSet::load(rules_dir));
  std::error_code error;
  std::filesystem::create_directories(data_dir, error);
  if (error) return errno_error("create data directory " + data_dir.string(), error.value());
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(data_dir / "store", Store::Mode::read_write));
  ASSAY_TRY(Fd stop_agent, make_event());
  ASSAY_TRY(Fd stop_scheduler, make_event());
  std::unique_ptr<Farm> farm(
      new Farm(std::move(store), std::move(rules), std::move(stop_agent), std::move(stop_scheduler)));
  farm->scheduler_ = std::thread([f = farm.get()] { f->run_scheduler(); });
  farm->agent_ = std::thread([f = farm.get(), agent] { f->run_agent(agent); });
  return farm;
}

Farm::Farm(std::unique_ptr<Store> store, RuleSet rules, Fd stop_agent, Fd stop_scheduler)
    : store_(std::move(store)),
      rules_(std::move(rules)),
      stop_agent_(std::move(stop_agent)),
      stop_scheduler_(std::move(stop_scheduler)),
      agent_ended_(agent_error_.get_future()),
      scheduler_ended_(scheduler_error_.get_future()),
      fencing_told_(fencing_.get_future()) {}

Farm::~Farm() {
  raise_event(stop_agent_.get());
  if (agent_.joinable()) agent_.join();
  raise_event(stop_scheduler_.get());
  if (scheduler_.joinable()) scheduler_.join();
}

void Farm::run_scheduler() {
  ServerConfig config;
  config.agents = {kAgents};
  config.clients = kClients;
  // This process serves one command: a job of an earlier one has nobody waiting for it, and an attempt that
  // failed is told at once.
  config.resume_jobs = false;
  config.retry = false;
  config.reserve_bytes = 0;  // the scan that is asked for is the one that needs the room
  auto ended = serve(context_, config, *store_, rules_, stop_scheduler_.get());
  if (!ended) scheduler_error_.set_value(ended.error().context("scheduler"));
}

void Farm::run_agent(AgentConfig config) {
  config.endpoint = kAgents;
  config.fenced = [this, told = false](const Fencing& fencing) mutable {
    if (!std::exchange(told, true)) fencing_.set_value(fencing);
  };
  Status ended = serve_agent(context_, config, stop_agent_.get());
  if (!ended) agent_error_.set_value(ended.error().context("agent"));
}

const std::optional<Fencing>& Farm::fenced() {
  if (!fenced_ && fencing_told_.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
    fenced_ = fencing_told_.get();
  return fenced_;
}

Result<Socket> Farm::client() const {
  ASSAY_TRY(Socket socket, Socket::open(context_, Socket::Type::dealer));
  ASSAY_CHECK(socket.connect(kClients));
  return socket;
}

const std::optional<Error>& Farm::trouble() {
  for (auto* ended : {&agent_ended_, &scheduler_ended_})
    if (!trouble_ && ended->wait_for(std::chrono::seconds(0)) == std::future_status::ready)
      trouble_ = ended->get();
  return trouble_;
}

}  // namespace assay::cli
