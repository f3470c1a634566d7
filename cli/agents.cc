// assay agents: who works for the farm, and taking agents out of it and back.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/answers.h"
#include "cli/farm_text.h"
#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "common/encodings.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay agents [list] [OPTIONS]\n"
    "assay agents drain|undrain|fence|unfence NAME... [OPTIONS]\n"
    "Lists the farm's agents, or changes how they work: a draining agent ends what it runs and gets nothing "
    "new;\n"
    "a fenced one is refused, and what it runs goes back to the queue. One that a scan has fenced (NOTE "
    "names "
    "it)\n"
    "may have a guest loose on its host: look there before you unfence it.",
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

Result<int> change(const po::variables_map& map, const std::string& order,
                   const std::vector<std::string>& names) {
  if (names.empty()) return Error{Errc::invalid, "no agent named: assay agents " + order + " NAME..."};
  ASSAY_TRY(Remote remote, open_remote(map));
  Exit code = kBelowGate;
  for (const std::string& name : names) {
    auto answer = remote.post("/v1/agents/" + url_encode(name) + "/" + order, "{}");
    if (answer) {
      ASSAY_TRY(Json json, parse_object(*answer, "the server's answer"));
      std::cout << printable(name) << "  " << still_printable(Fields(json, "answer").text("mode"), 40)
                << "\n";
      continue;
    }
    code = worse(code, static_cast<Exit>(complain(answer.error().context(name), kFailed)));
    if (answer.error().code == Errc::unreachable || answer.error().code == Errc::denied) break;
  }
  return static_cast<int>(code);
}

Result<int> run(const po::variables_map& map) {
  std::vector<std::string> words = option_words(map, "words");
  if (words.empty() || (words.size() == 1 && words[0] == "list")) return list_agents(map);
  for (const char* order : {"drain", "undrain", "fence", "unfence"})
    if (words[0] == order) return change(map, order, {words.begin() + 1, words.end()});
  return Error{Errc::invalid, "assay agents knows list, drain, undrain, fence and unfence, not '" +
                                  printable(words[0], 100) + "'"};
}

}  // namespace

int agents(const Args& args) {
  po::options_description options("Options");
  add_format_option(options);
  add_remote_options(options);
  return run_remote(args, kUsageText, options, run);
}

}  // namespace assay::cli
