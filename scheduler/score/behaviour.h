// behaviour: what an image did, out of the report of a scan, as a set of facts that another run of the same
// image gives again: names asked for, peers, ports, programs, areas written, users, findings; each with who
// did it and the layer that brought the doer. And what one behaviour has that another has not. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/score/report.h"

namespace assay {

/// In the order in which changes are told. The names stand in reports, policies and rules.
enum class FactKind : uint8_t { finding, domain, peer, listener, executable, file_area, user };
inline constexpr size_t kFactKinds = 7;
const char* to_string(FactKind kind);
Result<FactKind> parse_fact_kind(std::string_view text);

struct Fact {
  FactKind kind = FactKind::finding;
  /// What it is known by in any run: "tcp/80", "pool.evil.test", "/var/lib/app/*". Chance is no part of it
  /// (steady_words.h).
  std::string what;
  std::string by;     // path of the program that did it first; empty: not known
  std::string layer;  // layer_text() of the layer that brought the doer; empty: not known
  /// The step of the run plan that led to it and how that ended ("executable /usr/bin/id: exited 0"), empty:
  /// the image did it by itself. What a step led to says nothing against a run in which it did not end so.
  std::string step;
  int64_t first_ns = -1;  // when it was seen first, since the guest's start; -1: not known
};

struct Behaviour {
  std::string scan_id, ref, digest, verdict;
  int score = 0;
  std::vector<LayerInfo> layers;  // of the image, base first: what the facts' `layer` is out of
  std::vector<Fact> facts;        // by kind, then `what`; each once
  std::set<std::string> steps;    // of the run plan, those that were carried out to their end
  /// Until when the run was sure to show what its image does, since the guest's start: nine tenths of one
  /// that was ended by its deadline or a limit, less what a busy host took and did not give back.
  int64_t sure_ns = INT64_MAX;
  int64_t end_ns = INT64_MAX;  // of the run, likewise
  int64_t asked_ns = 0;        // how long it was to be
  int64_t made_up_ns = 0;      // how much later than on an idle host things may have come
  std::set<FactKind> cut;      // kinds whose lists are not whole: they say nothing of what they lack
};

/// The category of findings that say themselves that something changed: they are no facts, or each comparison
/// would tell of the one before.
inline constexpr char kChangeCategory[] = "change";

Behaviour behaviour_of(const Report& report);
/// Of a report as it is kept (assay.report/1). Errc::corrupt.
Result<Behaviour> read_behaviour(std::string_view report_json);

/// What one has and the other has not. The verdict is none of it: rules and losses change it, too.
struct BehaviourDiff {
  static constexpr size_t kMaxOfKind = 200;  // told, in each direction
  Behaviour before, after;                   // without their facts and steps
  std::vector<Change> added, gone;           // by kind, then by name
  uint64_t left_out = 0;

  bool empty() const { return added.empty() && gone.empty() && left_out == 0; }
};
/// `before`: one or several scans of the earlier image, of which the first is named; what any of them did is
/// not new, and what is gone was done by all of them. None: there is nothing to tell.
BehaviourDiff diff_behaviour(std::span<const Behaviour> before, const Behaviour& after);

/// For a person: "+ domain  pool.evil.test  by /usr/bin/xmrig  layer 3 of 4, COPY xmrig /usr/bin"; of two
/// verdicts that are not the same, these first.
std::string diff_text(const BehaviourDiff& diff, size_t width);
/// {"schema": "assay.diff/2", "before": {"scan_id", "ref", "digest", "verdict", "score"}, "after":
/// {likewise}, "added": [{"kind", "what", "by", "layer"}], "gone": [...], "left_out"}
std::string diff_json(const BehaviourDiff& diff);

}  // namespace assay
