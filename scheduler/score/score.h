// score: the findings' weights made one figure, and a verdict made of it and of what was seen. Whole numbers
// throughout: the same findings give the same score on any machine. docs/report.md explains it to users.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/score/report.h"

namespace assay {

inline constexpr int kMaliciousScore = 70;
inline constexpr int kSuspiciousScore = 30;
/// Weights are counted in millionths.
inline constexpr uint64_t kCertain = 1'000'000;
/// A sign below this is weak: honest images give it as well. However many there are, together they count no
/// more than one such sign.
inline constexpr uint64_t kWeakWeight = 150'000;

/// Noisy-or of the findings' weights, in percent. Fills in what of each weight counted (a technique that
/// heavier findings already showed counts half for each of them, a proof counts whole), the points that it
/// added and what would be lost without it. Sorts, heaviest first, then by rule id; points add up to the
/// score.
int score_findings(std::vector<Finding>& findings);

/// Why a run says too little about its image; empty: it does not. The container's own program failed at once,
/// and nothing else of it did anything either.
std::string coverage_shortfall(const Report& report);

/// `clean` needs a complete trace and no shortfall.
Verdict verdict_of(int score, const Completeness& completeness, const std::string& shortfall);

}  // namespace assay
