// Cases scored, and rules held against theirs.
#include <algorithm>
#include <map>
#include <set>

#include "common/text.h"
#include "scheduler/score/rule.h"
#include "scheduler/score/rule_case.h"
#include "scheduler/score/scorer.h"

namespace assay {
namespace {

struct Case {
  const std::string& source;
  const CaseTrace& trace;
};
struct Own {
  std::vector<Case> fires, silent;
};

std::map<std::string, Own> by_rule(const std::vector<RuleCases>& cases) {
  std::map<std::string, Own> out;
  for (const auto& one : cases) {
    Own& own = out[one.rule];
    for (const auto& trace : one.fires) own.fires.push_back({one.source, trace});
    for (const auto& trace : one.silent) own.silent.push_back({one.source, trace});
  }
  return out;
}

class Runner {
 public:
  Runner(const RuleSet& rules, CaseResults& results) : rules_(rules), results_(results) {}

  void test(const Rule& rule, const Own& own) {
    ++results_.rules;
    if (own.fires.empty()) fail(rule.source, rule, "has no case in which it fires");
    if (own.silent.empty()) fail(rule.source, rule, "has no near miss");
    for (size_t i = 0; i < own.fires.size(); ++i, ++results_.firing)
      run(rule, own.fires[i], true, "fires[" + std::to_string(i) + "] does not fire");
    for (size_t i = 0; i < own.silent.size(); ++i, ++results_.near_misses)
      run(rule, own.silent[i], false, "silent[" + std::to_string(i) + "] fires");
  }

 private:
  void run(const Rule& rule, const Case& one, bool fires, const std::string& otherwise) {
    Report report = score_case(rules_, one.trace);
    const Finding* own = nullptr;
    std::vector<std::string> found;
    for (const auto& finding : report.findings) {
      found.push_back(finding.title);
      if (finding.rule_id == rule.id) own = &finding;
    }
    if ((own != nullptr) != fires) return fail(one.source, rule, otherwise, found);
    if (own != nullptr && own->evidence.empty()) fail(one.source, rule, "fires without evidence", found);
  }
  void fail(const std::string& source, const Rule& rule, const std::string& what,
            std::vector<std::string> found = {}) {
    results_.failures.push_back({source, printable(rule.title), what, std::move(found)});
  }

  const RuleSet& rules_;
  CaseResults& results_;
};

}  // namespace

TraceHeader case_header() {
  TraceHeader header;
  header.scan_id = "20261125T031500-1f8a3c9e";
  header.job.ref = "docker.io/library/app:latest";
  header.guest_addr = "10.1.1.2";
  header.start_time_ns = 1'795'576'500'000'000'000;
  for (auto [kind, place] :
       {std::pair{"aws_key", "/home/dev/.aws/credentials"},
        {"aws_key", "env:AWS_SECRET_ACCESS_KEY"},
        {"aws_key", "http://169.254.169.254/latest/meta-data/iam/security-credentials/role"},
        {"gcp_token", "/home/dev/.config/gcloud/application_default_credentials.json"},
        {"azure_token", "/home/dev/.azure/msal_token_cache.json"},
        {"ssh_key", "/home/dev/.ssh/id_ed25519"},
        {"npm", "/home/dev/.npmrc"},
        {"pypi", "/home/dev/.pypirc"},
        {"netrc", "/home/dev/.netrc"},
        {"git_credentials", "/home/dev/.git-credentials"},
        {"kube_config", "/home/dev/.kube/config"},
        {"docker_config", "/home/dev/.docker/config.json"},
        {"terraform", "/home/dev/.terraform.d/credentials.tfrc.json"},
        {"vault", "/home/dev/.vault-token"},
        {"kubernetes_token", "/var/run/secrets/kubernetes.io/serviceaccount/token"},
        {"database_password", "env:DATABASE_PASSWORD"},
        {"kubernetes_token", "https://10.96.0.1/api/v1/secrets"}})
    header.tokens.push_back({std::string(kind) + ":" + place, kind, place});
  return header;
}

TraceFooter case_footer(size_t events) {
  TraceFooter footer;
  footer.reason = EndReason::deadline;
  footer.events = events;
  footer.chunks = 1;
  for (Source source : {Source::seccheck, Source::witness, Source::flows, Source::usage})
    footer.sources.push_back({source, 10, 0, "", true, true});
  return footer;
}

Report score_case(const RuleSet& rules, const CaseTrace& trace) {
  TraceHeader header = case_header();
  header.image = trace.image;
  Scorer scorer(rules, header);
  scorer.hold_compared(trace.compared);
  for (const auto& event : trace.events) scorer.add(event);
  TraceFooter footer = case_footer(trace.events.size());
  footer.limits = trace.limits;
  footer.memory_peak_bytes = trace.memory_peak_bytes;
  return scorer.finish(footer);
}

CaseResults run_rule_cases(const RuleSet& rules, const std::vector<RuleCases>& cases,
                           const std::function<bool(const Rule&)>& wanted, bool all) {
  CaseResults results;
  Runner runner(rules, results);
  auto own = by_rule(cases);
  std::set<std::string> titles;
  for (const auto& rule : rules.state().rules) {
    titles.insert(rule.title);
    if (rule.reports && wanted(rule)) runner.test(rule, own[rule.title]);  // others through correlations
  }
  for (const auto& one : cases)
    if (all && !titles.contains(one.rule))
      results.failures.push_back({one.source, printable(one.rule), "no rule is called that", {}});
  return results;
}

}  // namespace assay
