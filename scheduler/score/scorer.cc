// Wires one pass: witness joined to guest, tree and network brought up to date, records made, rules held
// against them; then the report.
#include "scheduler/score/scorer.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "common/text.h"
#include "scheduler/score/beacons.h"
#include "scheduler/score/completeness.h"
#include "scheduler/score/downloads.h"
#include "scheduler/score/findings.h"
#include "scheduler/score/join.h"
#include "scheduler/score/left_files.h"
#include "scheduler/score/network_map.h"
#include "scheduler/score/observe.h"
#include "scheduler/score/plan.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/report_walk.h"
#include "scheduler/score/rule.h"
#include "scheduler/score/score.h"
#include "scheduler/score/speakers.h"
#include "scheduler/score/tokens.h"

namespace assay {
namespace {

constexpr size_t kMaxFiles = 2000, kMaxOutputBytes = 8192, kMaxShownProcesses = 2000;

std::array<bool, kCategoryCount> wanted_by(const RuleSet::State& rules) {
  std::array<bool, kCategoryCount> out{};
  for (size_t i = 0; i < kCategoryCount; ++i) out[i] = !rules.by_category[i].empty();
  return out;
}

// What has to be kept up. A report says something of all of it; which rules match depends on what their
// categories can ask about.
struct Needs {
  bool report, speakers, downloads, tokens, beacons, usage;

  Needs(Yield yield, const std::array<bool, kCategoryCount>& wanted) : report(yield == Yield::report) {
    auto any = [&](std::initializer_list<Category> of) {
      return std::any_of(of.begin(), of.end(), [&](Category c) { return wanted[static_cast<size_t>(c)]; });
    };
    downloads = report || any({Category::canary});
    // Opens tell which files were planted, by any name that these have got since.
    tokens = report || any({Category::honeytoken, Category::file_access, Category::file_event,
                            Category::persistence_check, Category::evasion});
    speakers = downloads || tokens || any({Category::dns_query, Category::proxy, Category::refused});
    beacons = report || any({Category::beacon});
    usage = report || any({Category::run});
  }
};

FileChange file_change(const Event& e) {
  return {e.path.substr(0, 4096), e.origin,  e.file_type, e.sha256, e.size_bytes, e.mode, false, e.mime,
          e.similarity,           e.matches, {},          "",       e.package};
}

}  // namespace

struct Scorer::State {
  State(const RuleSet& set, const TraceHeader& trace_header, Yield yield)
      : rules(set),
        header(trace_header),
        wanted(wanted_by(set.state())),
        needs(yield, wanted),
        tree(trace_header.job.provoke, trace_header.image.layers),
        network(trace_header.guest_addr, trace_header.guest_addr6,
                [this](const Event& event) { return pid_behind(event); }),
        speakers(tree),
        downloads(tree, speakers),
        tokens(trace_header.tokens, tree, speakers),
        beacons(tree, network),
        observer(tree, network, speakers, tokens, wanted),
        findings(set.state(), tree) {}

  void take(const Event& event);
  void keep(const Event& event);
  void keep_usage(const Event& event);
  int32_t pid_behind(const Event& event) const;
  void judge(const TraceFooter& footer);
  Report observed(const TraceFooter& footer);
  void judge_changes(Report& report);
  void summarise_run(const TraceFooter& footer);

  const RuleSet& rules;
  TraceHeader header;
  std::array<bool, kCategoryCount> wanted;
  Needs needs;
  CompletenessBook book;
  Join join;
  ProcessTree tree;
  NetworkMap network;
  Speakers speakers;
  Downloads downloads;
  Tokens tokens;
  PlanBook plan;
  Beacons beacons;
  Observer observer;
  Findings findings;
  std::vector<FileChange> files;
  uint64_t files_left_out = 0;
  Executed executed;
  std::string output;
  bool image_told = false;
  uint64_t cpu_ns = 0, busy_ns = 0, observed_ns = 0;
  Event last_usage;
  std::vector<Baseline> earlier;
  std::vector<Comparison> compared;
  int64_t last_ns = 0;  // of the last event
};

void Scorer::State::keep(const Event& e) {
  switch (e.kind) {
    case EventKind::start:
    case EventKind::exec:
      return executed.add(e, tree);
    case EventKind::file:
      if (e.call == "executed") return;  // of the image, or gone: not left behind
      if (files.size() < kMaxFiles)
        files.push_back(file_change(e));
      else
        ++files_left_out;
      return;
    case EventKind::output:
      if (output.size() < kMaxOutputBytes) output.append(e.data, 0, kMaxOutputBytes - output.size());
      return;
    default:
      return;
  }
}

void Scorer::State::keep_usage(const Event& e) {
  if (e.kind != EventKind::usage) return;
  cpu_ns += e.cpu_ns;
  observed_ns += e.duration_ns > 0 ? static_cast<uint64_t>(e.duration_ns) : 0;
  if (e.duration_ns > 0 && e.cpu_ns * 10 >= static_cast<uint64_t>(e.duration_ns) * 8)
    busy_ns += static_cast<uint64_t>(e.duration_ns);
  last_usage = e;
}

// 0: not known. What was seen outside of the guest names no process.
int32_t Scorer::State::pid_behind(const Event& event) const {
  if (event.pid > 0 && event.plane == Plane::guest) return event.pid;
  if (!needs.report || event.proto.empty()) return 0;
  size_t process = speakers.of(event);
  return process == ProcessTree::kNone ? 0 : tree.at(process).shown.pid;
}

void Scorer::State::take(const Event& event) {
  last_ns = event.time_ns;
  tree.add(event);
  if (needs.speakers) speakers.add(event);
  network.add(event);
  if (needs.beacons) beacons.add(event);
  if (needs.usage) keep_usage(event);
  if (needs.report) {
    plan.add(event);
    keep(event);
  }
  if (event.kind == EventKind::syscall && event.call.starts_with("rename") && !event.path2.empty() &&
      event.error == 0)
    tree.renamed(tree.absolute(event.pid, event.path), tree.absolute(event.pid, event.path2),
                 tree.find(event.pid));
  auto evaluate = [&](const Record& record) { findings.evaluate(record, event); };
  if (event.kind == EventKind::start && !std::exchange(image_told, true))
    observer.observe(header.image, evaluate);
  observer.observe(event, evaluate);
  if (needs.downloads) downloads.observe(event, evaluate);
  if (!needs.tokens) return;
  tokens.observe(event, [&](const Record& record, const Event& of) { findings.evaluate(record, of); });
}

// One record of the whole run, for rules about sustained load. Its evidence is the last measurement.
void Scorer::State::summarise_run(const TraceFooter& footer) {
  if (!wanted[static_cast<size_t>(Category::run)]) return;
  Record record(Category::run);
  if (observed_ns > 0) record.own(Field::CpuPercent, cpu_ns * 100 / observed_ns);
  record.own(Field::CpuSeconds, cpu_ns / 1'000'000'000);
  record.own(Field::BusySeconds, busy_ns / 1'000'000'000);
  if (footer.memory_peak_bytes > 0) record.own(Field::MemoryMiB, footer.memory_peak_bytes >> 20);
  record.own(Field::DurationSeconds, observed_ns / 1'000'000'000);
  record.own(Field::ExitStatus, std::to_string(footer.exit_status));
  record.borrow(Field::EndReason, to_string(footer.reason));
  std::string hit;
  for (const LimitHit& limit : footer.limits) {
    record.borrow(Field::Limit, limit.limit);
    hit += (hit.empty() ? "" : ", ") + limit.limit + " (" + limit.detail + ")";
  }
  if (!hit.empty()) record.evidence = evidence_of(last_usage).text + "; limits hit: " + printable(hit);
  findings.evaluate(record, last_usage);
}

Scorer::Scorer(const RuleSet& rules, const TraceHeader& header, Yield yield)
    : state_(std::make_unique<State>(rules, header, yield)) {}
Scorer::~Scorer() = default;

void Scorer::add(const Event& event) {
  if (state_->needs.report) state_->book.add(event);
  state_->join.add(event, [this](const Event& joined) { state_->take(joined); });
}

void Scorer::hold_against(std::vector<Baseline> earlier) { state_->earlier = std::move(earlier); }
void Scorer::hold_compared(std::vector<Comparison> compared) { state_->compared = std::move(compared); }

// What can only be said once the last event is known.
void Scorer::State::judge(const TraceFooter& footer) {
  join.flush([&](const Event& joined) { take(joined); });
  auto evaluate = [&](const Record& record, const Event& of) { findings.evaluate(record, of); };
  tokens.finish(evaluate);
  beacons.finish(evaluate);
  summarise_run(footer);
}

std::vector<Finding> Scorer::finish_findings(const TraceFooter& footer) {
  state_->judge(footer);
  state_->findings.finish();
  return state_->findings.findings();
}

// All that the trace says by itself: what was done, without what is thought of it. Printable.
Report Scorer::State::observed(const TraceFooter& footer) {
  Report report;
  report.header = header;
  report.footer = footer;
  report.rules_version = rules.version();
  report.processes = tree.processes(kMaxShownProcesses);
  report.processes_left_out = tree.left_out() + (tree.size() - report.processes.size());
  report.network = network.peers();
  report.network_left_out = network.left_out();
  report.dns_names = network.names();
  report.dns_first_ns = network.names_first_ns();
  report.dns_pids = network.names_pids();
  report.listening = network.listening();
  report.listening_pids = network.listening_pids();
  report.listening_first_ns = network.listening_first_ns();
  report.downloads = downloads.list();
  report.downloads_left_out = downloads.left_out();
  report.tokens = tokens.list();
  report.plan = plan.steps();
  report.plan_left_out = plan.left_out();
  report.ports = plan.ports();
  report.files = std::move(files);
  complete_files(report, executed, tree);
  report.files_left_out = files_left_out;
  report.output = printable(output);
  report.completeness =
      book.judge(footer, std::chrono::nanoseconds(header.job.duration).count(), tree.left_out());
  report.shortfall = coverage_shortfall(report);
  make_printable(report);
  return report;
}

// Rules see the changes of what was done before the last window of a correlation closes. Findings are
// compared after that, so that none hangs on itself.
void Scorer::State::judge_changes(Report& report) {
  auto made = earlier.empty() ? std::move(compared) : compare_with(earlier, behaviour_of(report));
  Event whole;  // no event of the trace shows it: all of them do
  observe_changes(made, report, [&](const Record& record, int32_t pid) {
    whole.time_ns = last_ns;
    whole.pid = pid;
    findings.evaluate(record, whole);
  });
  findings.finish();
  report.findings = findings.findings();
  if (!earlier.empty()) made = compare_with(earlier, behaviour_of(report));
  report.compared = std::move(made);
}

Report Scorer::finish(const TraceFooter& footer) {
  State& s = *state_;
  s.judge(footer);
  Report report = s.observed(footer);
  s.judge_changes(report);
  report.score = score_findings(report.findings);
  report.verdict = verdict_of(report.score, report.completeness, report.shortfall);
  return report;
}

}  // namespace assay
