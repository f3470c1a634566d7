// Each of two reports as sets of words, by kind; what is in one of them alone is told. Words that another run
// of the same image would have otherwise (addresses that a simulated internet made up, ports of the moment,
// random parts of names) are no words, or stand for all of their kind.
#include "scheduler/score/report_diff.h"

#include <array>
#include <set>

#include "scheduler/score/report.h"
#include "scheduler/score/report_diff_words.h"

namespace assay {
namespace {

// In the order of the header.
constexpr std::array kKinds = {"finding", "name", "peer", "port", "executable", "user"};
using Words = std::array<std::set<std::string>, kKinds.size()>;

Words words_of(const Report& r) {
  Words out;
  auto& [findings, names, peers, ports, executables, users] = out;
  for (const auto& finding : r.findings) findings.insert(finding.title);
  for (const auto& name : r.dns_names) names.insert(diff_words::steady_name(name));
  for (const auto& peer : r.network) {
    if (peer.name.empty() && diff_words::is_made_up(peer.addr)) continue;  // a name that was asked for
    std::string who = peer.name.empty() ? peer.addr : diff_words::steady_name(peer.name);
    peers.insert(who + " " + (peer.port == 0 ? peer.proto : diff_words::steady_port(peer.proto, peer.port)));
  }
  for (const auto& port : r.listening) ports.insert(diff_words::steady_port(port));
  for (const auto& process : r.processes) {
    if (process.provoked) continue;  // our choice, not the image's
    if (!process.path.empty()) executables.insert(diff_words::steady_path(process.path));
    users.insert("uid " + std::to_string(process.uid));
  }
  return out;
}

void tell(ReportDiff& diff, std::vector<ReportDiff::Item>& to, const char* kind,
          const std::set<std::string>& in, const std::set<std::string>& not_in) {
  size_t told = 0;
  for (const auto& word : in) {
    if (not_in.count(word) != 0) continue;
    if (told++ < ReportDiff::kMaxOfKind)
      to.push_back({kind, word});
    else
      ++diff.left_out;
  }
}

}  // namespace

Result<ReportDiff> diff_reports(std::string_view old_json, std::string_view new_json) {
  ASSAY_TRY(Report before, parse_report(old_json).context("the older report"));
  ASSAY_TRY(Report after, parse_report(new_json).context("the newer report"));
  ReportDiff diff;
  diff.old_verdict = to_string(before.verdict);
  diff.new_verdict = to_string(after.verdict);
  diff.old_score = before.score;
  diff.new_score = after.score;
  Words old_words = words_of(before), new_words = words_of(after);
  // A list that was cut says nothing of what it lacks.
  for (size_t kind = 0; kind < kKinds.size(); ++kind) {
    bool of_processes = kind >= 4, of_network = kind == 2;
    auto cut = [&](const Report& r) {
      return (of_processes && r.processes_left_out > 0) || (of_network && r.network_left_out > 0);
    };
    if (!cut(before)) tell(diff, diff.added, kKinds[kind], new_words[kind], old_words[kind]);
    if (!cut(after)) tell(diff, diff.gone, kKinds[kind], old_words[kind], new_words[kind]);
  }
  return diff;
}

}  // namespace assay
