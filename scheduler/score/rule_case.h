// rule_case: what a rule is tested with: short traces written down in YAML (rules/cases), on which it fires
// or stays silent. Pure: texts in, traces and judgements out. One entry per event: its kind, then the fields
// that matter; what is left out is what the source would say of an ordinary success. docs/rules.md tells the
// form.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/trace.h"
#include "scheduler/score/behaviour.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/yaml.h"

namespace assay {

inline constexpr size_t kMaxCaseEvents = 100'000;

struct CaseTrace {
  std::vector<Event> events;     // numbered and timed
  std::vector<LimitHit> limits;  // of the footer
  ImageInfo image;               // of the header
  uint64_t memory_peak_bytes = 0;
  std::vector<Comparison> compared = {};  // with earlier images
};

/// `fields` of one event of that kind, the rest filled in. Errc::invalid names the kind, field or value that
/// is wrong.
Result<Event> case_event(const std::string& kind, const yaml::Node& fields);
/// `relation` ("previous", unless it is given), `ref` and `added`: a list of changes with `kind`, `what`,
/// `by` and `layer`. Errc::invalid as above.
Result<Comparison> case_comparison(const yaml::Node& fields);
/// A list of entries; with a start of process 1 before them unless they bring their own. Besides events there
/// are `witness` (a system call seen from the host), `repeat` (an event many times over), `limit` (no event
/// but what the footer says), `run` (of the footer: `memory_mib`), `image` (of the header) and `compared`
/// (case_comparison()). Errc::invalid says which entry is wrong.
Result<CaseTrace> case_trace(const yaml::Node& list);

/// A scan of a host with honeytokens of every kind, and its end with nothing lost.
TraceHeader case_header();
TraceFooter case_footer(size_t events);
Report score_case(const RuleSet& rules, const CaseTrace& trace);

/// The cases of one rule, as one document of one file gives them.
struct RuleCases {
  std::string source;  // file
  std::string rule;    // title
  std::vector<CaseTrace> fires, silent;
};
/// Every document of a text. Errc::invalid, Errc::limit name rule, case and entry.
Result<std::vector<RuleCases>> read_rule_cases(const std::string& text, const std::string& source);

struct CaseFailure {
  std::string source, rule;        // the file of the case, or of the rule that lacks one; the rule's title
  std::string what;                // "fires[0] does not fire", "has no near miss"
  std::vector<std::string> found;  // titles of what was found instead
  bool operator==(const CaseFailure&) const = default;
};
struct CaseResults {
  size_t rules = 0, firing = 0, near_misses = 0;  // tested
  std::vector<CaseFailure> failures;              // in the order of the rules
};
struct Rule;
/// Holds each reporting rule that is `wanted` against its cases; one without a firing case or without a near
/// miss fails. If `all`, cases that belong to no rule fail as well.
CaseResults run_rule_cases(const RuleSet& rules, const std::vector<RuleCases>& cases,
                           const std::function<bool(const Rule&)>& wanted, bool all);

}  // namespace assay
