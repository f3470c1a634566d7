// Facts out of a report's lists, each under words that another run has, too (steady_words), with the process
// that it was and the step that had started that one, or one above it.
#include "scheduler/score/behaviour.h"

#include <array>
#include <map>

#include "scheduler/score/behaviour_doers.h"
#include "scheduler/score/file_area.h"
#include "scheduler/score/network_map.h"
#include "scheduler/score/steady_words.h"

namespace assay {
namespace {

constexpr std::array<const char*, kFactKinds> kNames = {"finding",    "domain",    "peer", "listener",
                                                        "executable", "file_area", "user"};

// Each fact once: what the image did by itself before what a step led to, then the first.
class Facts {
 public:
  void add(FactKind kind, std::string what, const Doer& doer) {
    Fact fact{kind, std::move(what), doer.by, doer.layer, doer.step};
    auto [found, fresh] = facts_.try_emplace({kind, fact.what}, fact);
    if (!fresh && !found->second.step.empty() && fact.step.empty()) found->second = std::move(fact);
  }
  std::vector<Fact> take() {
    std::vector<Fact> out;
    for (auto& [key, fact] : facts_) out.push_back(std::move(fact));
    return out;
  }

 private:
  std::map<std::pair<FactKind, std::string>, Fact> facts_;
};

int32_t pid_at(const std::vector<int32_t>& pids, size_t i) { return i < pids.size() ? pids[i] : 0; }

void add_findings(const Report& report, const Doers& doers, Facts& facts) {
  for (const Finding& finding : report.findings) {
    Doer doer;
    if (!finding.evidence.empty())
      doer = doers.of(finding.evidence.front().pid, finding.evidence.front().time_ns);
    if (!finding.layer.empty()) doer.layer = finding.layer;
    facts.add(FactKind::finding, finding.title, doer);
  }
}

void add_network(const Report& report, const Doers& doers, Facts& facts) {
  for (size_t i = 0; i < report.dns_names.size(); ++i) {
    int64_t time_ns = i < report.dns_first_ns.size() ? report.dns_first_ns[i] : -1;
    facts.add(FactKind::domain, steady_name(report.dns_names[i]),
              doers.of(pid_at(report.dns_pids, i), time_ns));
  }
  for (const NetworkPeer& peer : report.network) {
    if (peer.name.empty() && is_made_up(peer.addr)) continue;  // a name that was asked for
    std::string who = peer.name.empty() ? peer.addr : steady_name(peer.name);
    std::string port = peer.port == 0 ? peer.proto : steady_port(peer.proto, peer.port);
    facts.add(FactKind::peer, who + " " + port, doers.of(peer.pid, peer.first_ns));
  }
  for (size_t i = 0; i < report.listening.size(); ++i)
    facts.add(FactKind::listener, steady_port(report.listening[i]),
              doers.of(pid_at(report.listening_pids, i), -1));
}

// Of what the plan itself started neither program nor user is the image's choice.
void add_processes(const Report& report, const Doers& doers, Facts& facts) {
  for (size_t i = 0; i < report.processes.size(); ++i) {
    const Process& process = report.processes[i];
    Doer doer = doers.at(i);
    if (!process.provoked && !process.path.empty())
      facts.add(FactKind::executable, steady_path(process.path),
                {doers.starter_of(i), doer.layer, doer.step});
    if (doer.step.empty()) facts.add(FactKind::user, "uid " + std::to_string(process.uid), doer);
  }
}

void add_files(const Report& report, const Doers& doers, Facts& facts) {
  for (const FileChange& file : report.files) {
    std::string area = file_area(file);
    if (!area.empty()) facts.add(FactKind::file_area, area, doers.of(file.written_by));
  }
}

std::set<FactKind> cut_kinds(const Report& report) {
  std::set<FactKind> out;
  if (report.processes_left_out > 0) out.insert({FactKind::executable, FactKind::user});
  if (report.network_left_out > 0) out.insert(FactKind::peer);
  if (report.dns_names.size() >= NetworkMap::kMaxNames) out.insert(FactKind::domain);
  if (report.listening.size() >= NetworkMap::kMaxListening) out.insert(FactKind::listener);
  if (report.files_left_out > 0) out.insert(FactKind::file_area);
  return out;
}

}  // namespace

const char* to_string(FactKind kind) { return kNames[static_cast<size_t>(kind)]; }

Result<FactKind> parse_fact_kind(std::string_view text) {
  std::string all;
  for (size_t i = 0; i < kFactKinds; ++i) {
    if (text == kNames[i]) return static_cast<FactKind>(i);
    all += (i == 0 ? "" : ", ") + std::string(kNames[i]);
  }
  return Error{Errc::invalid,
               "'" + std::string(text.substr(0, 50)) + "' is no kind of fact; there are " + all};
}

Behaviour behaviour_of(const Report& report) {
  Behaviour out;
  out.scan_id = report.header.scan_id;
  out.ref = report.header.job.ref;
  out.digest = report.header.image.digest;
  out.verdict = to_string(report.verdict);
  out.score = report.score;
  out.layers = report.header.image.layers;
  Doers doers(report);
  Facts facts;
  add_findings(report, doers, facts);
  add_network(report, doers, facts);
  add_processes(report, doers, facts);
  add_files(report, doers, facts);
  out.facts = facts.take();
  for (const PlanStep& step : report.plan) out.steps.insert(step_text(step));
  out.cut = cut_kinds(report);
  return out;
}

Result<Behaviour> read_behaviour(std::string_view report_json) {
  ASSAY_TRY(Report report, parse_report(report_json));
  return behaviour_of(report);
}

}  // namespace assay
