// gate_order: what assay gate is asked, and what it decides of each image: by a farm (gate_farm.cc), by this
// host (gate_local.cc), or by what is kept (gate_known.cc). Values alone, and how they are put together.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/order.h"
#include "cli/verbs.h"
#include "common/result.h"
#include "decisions/decide.h"
#include "decisions/policy.h"

namespace assay::cli {

struct GateOrder {
  std::vector<std::string> refs;  // as the user wrote them
  Wish wish;                      // with one persona at least
  decisions::Policy policy;
  std::string timeout;  // as the user wrote it; empty: none
};

/// Of one image as one persona. Several of them are of an index's platforms.
struct GateAnswer {
  size_t ref = 0;  // place in GateOrder::refs
  Persona persona = Persona::bare;
  decisions::Decision decision;
};

/// By a report, which need not be a scan of this very reference: a result of the same digest may have been
/// used again. The decision is on the reference that was asked about. Errc::corrupt for no report.
Result<decisions::Decision> decide_report(const GateOrder& order, size_t ref, const std::string& json);
/// Where there is none.
decisions::Decision decide_without(const GateOrder& order, size_t ref, const std::string& why);

/// One decision an image, in the order of the references: the worst of its answers, with the reasons of the
/// others; what holds for some personas alone says so. References without an answer are left out.
std::vector<decisions::Decision> join_answers(const GateOrder& order, std::span<const GateAnswer> answers);

/// 0 where all pass, warnings included; 11 where everything that fails does so only because nothing
/// conclusive is known (unscanned, inconclusive, incomplete, too little coverage, too old); else 10.
Exit gate_exit(std::span<const decisions::Decision> decisions);

}  // namespace assay::cli
