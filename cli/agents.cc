// assay agents: who works for the farm, and taking agents out of it and back.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/answers.h"
#include "cli/drain_wait.h"
#include "cli/farm_text.h"
#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "cli/send.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "common/encodings.h"
#include "common/signals.h"
#include "common/text.h"
#include "common/units.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay agents [list] [OPTIONS]\n"
    "assay agents drain NAME... [--wait TIME] [OPTIONS]\n"
    "assay agents undrain|fence|unfence NAME... [OPTIONS]\n"
    "assay agents forget NAME... [--fenced] [OPTIONS]\n"
    "Lists the farm's agents, or changes how they work: a draining agent ends what it runs and gets nothing "
    "new;\n"
    "a fenced one is refused, and what it runs goes back to the queue. One that a scan has fenced (NOTE "
    "names "
    "it)\n"
    "may have a guest loose on its host: look there before you unfence it. With --wait, drain ends once it "
    "runs\n"
    "nothing (0), or when the time is up (1). forget takes an agent that is gone off the list.",
    "words"};

std::string seen(const AgentView& agent) {
  if (!agent.seen_ms) return "never";
  return duration_text(bounded_seconds(*agent.seen_ms / 1000)) + " ago";
}

std::string state_of(const AgentView& agent) {
  if (agent.mode != "active") return agent.mode + (agent.connected ? "" : ", away");
  return agent.connected ? "active" : "away";
}

std::string note(const AgentView& agent) {
  return agent.fenced_by.empty() ? agent.why : "by scan " + agent.fenced_by + ": " + agent.fenced_why;
}

Result<int> list_agents(const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string body, remote.get("/v1/agents"));
  ASSAY_TRY(auto agents, read_agents(body));
  if (format == Format::json) {
    ASSAY_TRY(std::string shown, shown_answer(body));
    std::cout << shown;
    return static_cast<int>(kBelowGate);
  }
  Table table({{"AGENT"},
               {"STATE"},
               {"RUNS", true},
               {"SLOTS", true},
               {"CPUS", true},
               {"MEMORY", true},
               {"SEEN"},
               {"NOTE"}});
  for (const AgentView& agent : agents) {
    char cpus[32];
    std::snprintf(cpus, sizeof cpus, "%.4g", agent.cpu_millis / 1000.0);
    table.row({agent.name, state_of(agent), std::to_string(agent.leases), std::to_string(agent.slots), cpus,
               layout::size_text(agent.memory_bytes), seen(agent), note(agent)});
  }
  std::cout << (table.empty() ? "no agent has ever said hello: docs/farm.md tells how to add one\n"
                              : table.str(table_width()));
  return static_cast<int>(kBelowGate);
}

// Each in turn, with what is said of those that were answered.
Result<int> for_each_agent(const std::vector<std::string>& names,
                           const std::function<Result<std::string>(const std::string&)>& order) {
  Exit code = kBelowGate;
  for (const std::string& name : names) {
    auto answer = order(name);
    if (answer) {
      std::cout << printable(name) << "  " << *answer << std::endl;
      continue;
    }
    code = worse(code, static_cast<Exit>(complain(answer.error().context(name), kFailed)));
    if (answer.error().code == Errc::unreachable || answer.error().code == Errc::denied) break;
  }
  return static_cast<int>(code);
}

Result<int> change(const po::variables_map& map, const std::string& order,
                   const std::vector<std::string>& names) {
  bool waits = order == "drain" && map.count("wait") > 0;
  DrainWait wait;
  if (waits) {
    ASSAY_TRY(wait.limit, parse_duration(option_text(map, "wait")));
  }
  Fd signals;
  if (waits) {
    ASSAY_TRY(signals, catch_end_signals());
  }
  ASSAY_TRY(Remote remote, open_remote(map, waits ? signals.get() : -1));
  ASSAY_TRY(int code, for_each_agent(names, [&](const std::string& name) -> Result<std::string> {
              ASSAY_TRY(std::string answer,
                        remote.post("/v1/agents/" + url_encode(name) + "/" + order, "{}"));
              ASSAY_TRY(Json json, parse_object(answer, "the server's answer"));
              return still_printable(Fields(json, "answer").text("mode"), 40);
            }));
  if (!waits || code != kBelowGate) return code;
  ASSAY_CHECK(wait_for_drained(remote, names, wait));
  for (const std::string& name : names) std::cout << printable(name) << "  runs nothing\n";
  return code;
}

Result<int> forget(const po::variables_map& map, const std::vector<std::string>& names) {
  ASSAY_TRY(Remote remote, open_remote(map));
  std::string query = map["fenced"].as<bool>() ? "?fenced=true" : "";
  return for_each_agent(names, [&](const std::string& name) -> Result<std::string> {
    ASSAY_TRY(std::string answer, send(remote, "DELETE", "/v1/agents/" + url_encode(name) + query, ""));
    return std::string("forgotten");
  });
}

Result<int> run(const po::variables_map& map) {
  std::vector<std::string> words = option_words(map, "words");
  if (words.empty() || (words.size() == 1 && words[0] == "list")) return list_agents(map);
  std::vector<std::string> names(words.begin() + 1, words.end());
  const std::string& order = words[0];
  if (map.count("wait") && order != "drain") return Error{Errc::invalid, "--wait goes with drain"};
  if (map["fenced"].as<bool>() && order != "forget") return Error{Errc::invalid, "--fenced goes with forget"};
  for (const char* known : {"drain", "undrain", "fence", "unfence", "forget"}) {
    if (order != known) continue;
    if (names.empty()) return Error{Errc::invalid, "no agent named: assay agents " + order + " NAME..."};
    return order == "forget" ? forget(map, names) : change(map, order, names);
  }
  return Error{Errc::invalid, "assay agents knows list, drain, undrain, fence, unfence and forget, not '" +
                                  printable(words[0], 100) + "'"};
}

}  // namespace

int agents(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("wait", po::value<std::string>(), "with drain: until nothing runs, at most so long, as in 30m");
  add("fenced", po::bool_switch(), "with forget: one that is fenced, too");
  add_format_option(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
