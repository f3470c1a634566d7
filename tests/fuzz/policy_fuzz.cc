// parse_policy() on anything; what it accepts is held against reports, and written in every form.
#include <cstdlib>
#include <string_view>

#include "common/utf8.h"
#include "decisions/decision_forms.h"

namespace {

using namespace assay;

Report report() {
  Report out;
  out.header.job.ref = "registry.example/app:1";
  out.header.image.digest = "sha256:" + std::string(64, 'd');
  out.verdict = Verdict::malicious;
  out.score = 92;
  Finding finding;
  finding.rule_id = "r";
  finding.title = "Miner started";
  finding.category = "miner";
  finding.level = "critical";
  finding.weight = 0.9;
  finding.techniques = {{"T1496.001", "impact"}};
  out.findings = {finding};
  out.dns_names = {"pool.example", "\xff`a`@b"};
  out.listening = {"tcp/8080", "sctp", "udp/"};
  out.processes.resize(2);
  out.processes[1].uid = 1000;
  Comparison previous;
  previous.relation = "previous";
  previous.added = {{"domain", "new.example", "", ""}, {"listener", "tcp/1", "", ""}};
  out.compared = {previous};
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace assay::decisions;
  auto policy = parse_policy({reinterpret_cast<const char*>(data), size}, "fuzz.yml");
  if (!policy) return 0;
  static const Report kReport = report();
  constexpr int64_t kNow = 1'796'040'000;
  const Decision decisions[] = {decide(*policy, kReport, kNow),
                                decide_unscanned(*policy, "a", "not known", kNow)};
  for (const Decision& decision : decisions) {
    int code = exit_code({&decision, 1});
    if ((code != 0) != (decision.outcome == Outcome::fail)) std::abort();
    for (const Reason& reason : decision.reasons)
      if (!reason.waived && reason.outcome > decision.outcome) std::abort();
  }
  for (const DecisionForm& form : decision_forms())
    if (!is_utf8(form.write(decisions))) std::abort();
  return 0;
}
