// decide_parts: the pieces of a decision: sentences that know which of their words are the image's, waivers
// and whom they hold for, and one function a part of the policy. Only decide*.cc include it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decisions/decide.h"

namespace assay::decisions {

/// By turns our words and the image's, ours first.
class Sentence {
 public:
  Sentence& say(std::string_view ours);
  Sentence& quote(std::string_view theirs);  // bounded, made fit to be shown
  /// ", brought by layer 3 of 7, RUN apt-get install curl"; nothing where it is not known.
  Sentence& layer(const Report& report, const std::string& text);
  void into(Reason& reason) &&;

 private:
  std::vector<std::string> parts_;
};

/// The waivers of a policy, as far as they are for one image.
class Waivers {
 public:
  Waivers(const Policy& policy, const std::string& ref, const std::string& digest, int64_t now_s);
  /// Whether somebody answers for the finding as a whole.
  const Waiver* of_finding(const Finding& finding) const;
  /// Sets `waived` or `lapsed` where there is one for it.
  void apply(Reason& reason) const;
  /// That expire within two weeks, or have.
  std::vector<Waiver> due() const;

 private:
  bool holds(const Waiver& waiver) const { return now_s_ < waiver.expires_s; }
  std::vector<Waiver> waivers_;
  int64_t now_s_;
};

/// What stands while a report is held against a policy.
struct Case {
  const Policy& policy;
  const Report& report;
  const Waivers& waivers;
  int64_t finished_s = 0, now_s = 0;  // Unix time; finished 0: not known
};

std::vector<Check> checks_of(const Policy& policy);
/// One of a finding; its sentence begins with `what`.
Reason finding_reason(const Case& at, Outcome outcome, const char* check, const std::string& subject,
                      const Finding& finding, const std::string& what);

// Each adds its reasons. decide_verdict.cc:
void ask_verdict(const Case& at, std::vector<Reason>& to);
// decide_findings.cc:
void ask_findings(const Case& at, std::vector<Reason>& to);
// decide_allowed.cc:
void ask_allowed(const Case& at, std::vector<Reason>& to);
void ask_changes(const Case& at, std::vector<Reason>& to);
// decide_required.cc:
void ask_required(const Case& at, std::vector<Reason>& to);

}  // namespace assay::decisions
