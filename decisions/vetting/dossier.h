// dossier: what is to be said of a batch of a vendor's images: of each its verdict, what the policy decides,
// where it does otherwise than the vendor declares, and the evidence. Plain data; dossier_make.h makes it,
// dossier_forms.h writes and reads it ("assay.dossier/1", docs/vetting.md). Everything in it is printable.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "decisions/policy.h"
#include "scheduler/score/behaviour.h"
#include "scheduler/score/report.h"

namespace assay::decisions {

/// Where an image stands in the end: one word for the first page. The worst first, as the page lists them.
enum class Standing : uint8_t { malicious, deviates, refused, failed, inconclusive, accepted };
inline constexpr std::array kStandings = {Standing::malicious, Standing::deviates,     Standing::refused,
                                          Standing::failed,    Standing::inconclusive, Standing::accepted};
const char* to_string(Standing standing);

/// Something that an image did and its vendor did not declare.
struct Deviation {
  std::string kind;      // of the fact: "listener", "domain", "peer", "user", "file_area", "executable"
  std::string what;      // "tcp/4444"
  std::string text;      // one sentence: "listens on tcp/4444, not declared"
  std::string by;        // path of the program that did it first; empty: not known
  std::string layer;     // layer_text() of what brought that program; empty: not known
  std::string step;      // of the run plan that led to it; empty: the image did it by itself
  int32_t pid = 0;       // of the program; 0: not known
  int64_t time_ns = -1;  // of the first time, since the start of the run; -1: not known
  std::vector<std::string> ancestry;  // command lines from init to that process; empty: not known
};

/// Something that was declared and not seen: information, since a run need not come to everything.
struct Unseen {
  std::string kind, what;
};

/// One thing that the policy asks for and the image does not give (decide.h).
struct Ground {
  Outcome outcome = Outcome::fail;
  std::string check, subject, text, rule_id, layer;
  std::string waived;  // who answers for it, until when and why; empty: it counts
};

struct Ruling {
  Outcome outcome = Outcome::fail;
  std::vector<Ground> reasons;
};

/// How the image was run.
struct RunProfile {
  int64_t duration_ms = 0, extension_ms = 0;
  std::string network, persona, platform;
  bool provoke = true;
};

struct VettedImage {
  std::string name, purpose, ref;
  std::string scan_id, digest;
  std::string trouble;     // why there is no result of it; empty: there is one
  std::string own_policy;  // name of the policy that decided, where it is not the batch's
  Standing standing = Standing::failed;
  std::string headline;  // why it stands there, in one line
  std::string verdict;   // empty: none
  int score = 0;
  std::string reason;  // of the verdict, a sentence or two
  std::string ending;  // how the run ended
  RunProfile profile;
  Ruling decision;
  bool declared = false;  // the vendor says what it does
  std::vector<Deviation> deviations;
  std::vector<Unseen> unseen;
  std::vector<std::string> unchecked;  // kinds that could not be held whole against what is declared
  uint64_t deviations_left_out = 0;
  Coverage coverage;
  std::vector<PlanStep> plan;
  uint64_t plan_left_out = 0;
  bool complete = false;
  uint64_t lost = 0;                    // events
  std::vector<std::string> not_seen;    // why the trace is not complete, one line each
  std::string shortfall;                // why the run says too little about the image; empty: it does not
  std::vector<LayerInfo> layers;        // base first
  std::vector<Finding> findings;        // heaviest first
  uint64_t findings_left_out = 0;       // beyond the bound: the report has them
  std::vector<Fact> facts;              // what it did, for a later run to be compared with
  std::vector<std::string> steps, cut;  // of that: steps carried out, kinds that are not whole
};

/// What is otherwise of one image than in the earlier dossier.
struct ImageChange {
  std::string name;
  std::string presence;  // "new", "gone"; empty: both dossiers have it
  std::string old_standing, new_standing, old_verdict, new_verdict, old_decision, new_decision;
  std::string old_digest, new_digest;
  std::vector<std::string> new_deviations, gone_deviations;  // their sentences
  std::vector<Change> added, gone;                           // of its behaviour
  uint64_t left_out = 0;                                     // changes of behaviour that are not told

  bool empty() const;
};

struct DossierComparison {
  int64_t created_s = 0;             // of the earlier dossier, Unix time
  std::string policy_sha256;         // that decided then
  std::vector<ImageChange> changes;  // images without a change are not listed
  uint64_t unchanged = 0;
};

struct Dossier {
  std::string vendor, contact;
  int64_t created_s = 0;  // Unix time
  std::string manifest, manifest_sha256;
  std::string policy, policy_sha256;
  std::string tracer_version, rules_version;  // of the first scan that has them
  std::vector<VettedImage> images;            // in the manifest's order
  std::vector<DossierComparison> compared;    // with an earlier dossier: one, or none

  uint64_t count(Standing standing) const;
};

/// Indices of the images as the first page lists them: the worst standing first, then in the manifest's
/// order.
std::vector<size_t> by_standing(const Dossier& dossier);
/// "2 deviate from their declaration, 1 is malicious, 5 of 8 are accepted."
std::string summary(const Dossier& dossier);
/// An image as it is called: its name, and the persona where that is not a bare host.
std::string title_of(const VettedImage& image);
/// The share of executables that ran, as words:
/// "12 of 400 executables ran (3.00%), 9 before anything was provoked"; "not counted".
std::string coverage_words(const Coverage& coverage);

}  // namespace assay::decisions
