// Facts out of a report's lists, each under words that another run has, too (steady_words), with the process
// that it was and the step that had started that one, or one above it.
#include "scheduler/score/behaviour.h"

#include <algorithm>
#include <array>
#include <chrono>
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
  /// `begin_ns`: of the guest. `watched_ns`: what is later was found when the run was over; 0: not known.
  Facts(int64_t begin_ns, int64_t watched_ns) : begin_ns_(begin_ns), watched_ns_(watched_ns) {}
  void add(FactKind kind, std::string what, const Doer& doer, int64_t time_ns) {
    int64_t first_ns = time_ns < 0 ? -1 : std::max<int64_t>(time_ns - begin_ns_, 0);
    if (watched_ns_ > 0) first_ns = std::min(first_ns, watched_ns_);
    Fact fact{kind, std::move(what), doer.by, doer.layer, doer.step, first_ns};
    auto [found, fresh] = facts_.try_emplace({kind, fact.what}, fact);
    if (!fresh && !found->second.step.empty() && fact.step.empty()) found->second = std::move(fact);
  }
  std::vector<Fact> take() {
    std::vector<Fact> out;
    for (auto& [key, fact] : facts_) out.push_back(std::move(fact));
    return out;
  }

 private:
  int64_t begin_ns_, watched_ns_;
  std::map<std::pair<FactKind, std::string>, Fact> facts_;
};

// Earlier reports have some of the lists without others.
template <class T>
T at(const std::vector<T>& list, size_t i, T otherwise) {
  return i < list.size() ? list[i] : otherwise;
}

void add_findings(const Report& report, const Doers& doers, Facts& facts) {
  for (const Finding& finding : report.findings) {
    if (finding.category == kChangeCategory) continue;
    if (finding.measured) continue;  // the host's doing as much as the image's
    Evidence first = finding.evidence.empty() ? Evidence{0, -1, 0, ""} : finding.evidence.front();
    Doer doer = doers.of(first.pid, first.time_ns);
    if (!finding.layer.empty()) doer.layer = finding.layer;
    facts.add(FactKind::finding, finding.title, doer, first.time_ns);
  }
}

void add_network(const Report& report, const Doers& doers, Facts& facts) {
  for (size_t i = 0; i < report.dns_names.size(); ++i) {
    int64_t time_ns = at(report.dns_first_ns, i, int64_t{-1});
    facts.add(FactKind::domain, steady_name(report.dns_names[i]),
              doers.of(at(report.dns_pids, i, 0), time_ns), time_ns);
  }
  for (const NetworkPeer& peer : report.network) {
    if (peer.name.empty() && is_made_up(peer.addr)) continue;  // a name that was asked for
    std::string who = peer.name.empty() ? peer.addr : steady_name(peer.name);
    std::string port = peer.port == 0 ? peer.proto : steady_port(peer.proto, peer.port);
    facts.add(FactKind::peer, who + " " + port, doers.of(peer.pid, peer.first_ns), peer.first_ns);
  }
  for (size_t i = 0; i < report.listening.size(); ++i) {
    int64_t time_ns = at(report.listening_first_ns, i, int64_t{-1});
    facts.add(FactKind::listener, steady_port(report.listening[i]),
              doers.of(at(report.listening_pids, i, 0), time_ns), time_ns);
  }
}

// Every program that the process was, and the script that the last one was given. What the plan itself
// started is our choice, with which user, too; what that executed then is the image's.
void add_programs(const Process& process, size_t index, const Doers& doers, Facts& facts) {
  const Doer& doer = doers.at(index);
  auto add = [&](const std::string& path, const std::string& by, const std::string& layer) {
    if (!path.empty())
      facts.add(FactKind::executable, steady_path(path), {by, layer, doer.step}, process.start_ns);
  };
  std::string by = doers.starter_of(index);
  bool ours = process.provoked;
  for (const EarlierProgram& program : process.earlier) {
    if (!ours) add(program.path, by, doers.layer(program.brought_by));
    ours = false;
    by = steady_path(program.path);
  }
  if (ours) return;
  add(process.path, by, doer.layer);
  add(process.script, by, doer.layer);
}

void add_processes(const Report& report, const Doers& doers, Facts& facts) {
  for (size_t i = 0; i < report.processes.size(); ++i) {
    const Process& process = report.processes[i];
    add_programs(process, i, doers, facts);
    const Doer& doer = doers.at(i);
    if (doer.step.empty())
      facts.add(FactKind::user, "uid " + std::to_string(process.uid), doer, process.start_ns);
  }
}

void add_files(const Report& report, const Doers& doers, Facts& facts) {
  for (const FileChange& file : report.files) {
    std::string area = file_area(file);
    if (!area.empty())
      facts.add(FactKind::file_area, area, doers.of(file.written_by), doers.start_ns(file.written_by));
  }
}

int64_t watched_ns(const TraceFooter& footer) {
  int64_t out = 0;
  for (const PhaseTime& phase : footer.phases)
    if (phase.phase == "run" || phase.phase == "provoke") out += phase.duration_ns;
  return out;
}

// A run that ended by itself has shown all that it would.
void set_times(const Report& report, Behaviour& out) {
  const TraceFooter& footer = report.footer;
  out.asked_ns = std::chrono::nanoseconds(report.header.job.duration).count();
  out.made_up_ns = footer.made_up_ns;
  int64_t watched = watched_ns(footer);
  if ((footer.reason != EndReason::deadline && footer.reason != EndReason::limit) || watched <= 0) return;
  out.end_ns = watched;
  out.sure_ns = watched / 10 * 9 - std::max<int64_t>(0, footer.starved_ns - footer.made_up_ns);
}

std::set<FactKind> cut_kinds(const Report& report) {
  std::set<FactKind> out;
  EndReason end = report.footer.reason;
  if (end == EndReason::start_failed || end == EndReason::cancelled || end == EndReason::guard)
    for (size_t i = 0; i < kFactKinds; ++i) out.insert(static_cast<FactKind>(i));  // nothing, or a part
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
  Facts facts(report.processes.empty() ? 0 : report.processes.front().start_ns, watched_ns(report.footer));
  add_findings(report, doers, facts);
  add_network(report, doers, facts);
  add_processes(report, doers, facts);
  add_files(report, doers, facts);
  out.facts = facts.take();
  // How far one came that was ended for want of time is the host's to say.
  for (const PlanStep& step : report.plan)
    if (step.result == "exited" || step.result == "killed") out.steps.insert(step_text(step));
  out.cut = cut_kinds(report);
  set_times(report, out);
  return out;
}

Result<Behaviour> read_behaviour(std::string_view report_json) {
  ASSAY_TRY(Report report, parse_report(report_json));
  return behaviour_of(report);
}

}  // namespace assay
