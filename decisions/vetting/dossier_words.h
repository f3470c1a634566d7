// dossier_words: the sentences that a dossier's text and page share. Pure. Only dossier_*.cc include it.
#pragma once

#include <string>
#include <vector>

#include "decisions/vetting/dossier.h"

namespace assay::decisions {

/// For the mark of an image: "MALICIOUS", "DEVIATES", "NOT SCANNED"...
std::string standing_words(Standing standing);
/// "passes", "warns", "fails".
std::string outcome_words(Outcome outcome);
/// "20.0 s, network sinkhole, persona bare, provoked by the run plan".
std::string profile_words(const RunProfile& profile);
/// "complete, no event lost", "incomplete: 12 events lost".
std::string completeness_words(const VettedImage& image);
/// What the vendor declared and nobody saw: "tcp/8443 (listener)".
std::string unseen_words(const std::vector<Unseen>& unseen);
/// What an image's row of the comparison says, one line each: "verdict: clean, now malicious".
std::vector<std::string> change_lines(const ImageChange& change);
/// "+ domain  pool.example  by /usr/bin/x".
std::string change_words(const Change& change, bool added);
/// "file area" of "file_area".
std::string kind_words(const std::string& kind);
/// "Since the dossier of 2026-11-25 03:15:00 UTC: 1 image is otherwise, 7 are as before."
std::string compared_words(const DossierComparison& comparison, const Dossier& now);

}  // namespace assay::decisions
