// The dossier's keys, once for writer and reader (json_walk.h). docs/vetting.md explains them.
#include <algorithm>
#include <array>

#include "decisions/vetting/dossier_forms.h"
#include "scheduler/score/json_walk.h"
#include "scheduler/score/report_walk.h"

namespace assay::json_walk {

template <>
struct Names<decisions::Standing> {
  static constexpr std::array kAll = decisions::kStandings;
};
template <>
struct Names<decisions::Outcome> {
  static constexpr std::array kAll = {decisions::Outcome::pass, decisions::Outcome::warn,
                                      decisions::Outcome::fail};
};
template <>
struct Names<FactKind> {
  static constexpr std::array kAll = {FactKind::finding,  FactKind::domain,     FactKind::peer,
                                      FactKind::listener, FactKind::executable, FactKind::file_area,
                                      FactKind::user};
};

}  // namespace assay::json_walk

namespace assay {

template <class A>
void walk(A& a, Fact& x) {
  a("kind", x.kind);
  a("what", x.what);
  a("by", x.by);
  a("layer", x.layer);
  a("step", x.step);
}

}  // namespace assay

namespace assay::decisions {

template <class A>
void walk(A& a, Deviation& x) {
  a("kind", x.kind);
  a("what", x.what);
  a("text", x.text);
  a("by", x.by);
  a("layer", x.layer);
  a("step", x.step);
  a("pid", x.pid);
  a("time_ns", x.time_ns);
  a("ancestry", x.ancestry);
}
template <class A>
void walk(A& a, Unseen& x) {
  a("kind", x.kind);
  a("what", x.what);
}
template <class A>
void walk(A& a, Ground& x) {
  a("outcome", x.outcome);
  a("check", x.check);
  a("subject", x.subject);
  a("text", x.text);
  a("rule_id", x.rule_id);
  a("layer", x.layer);
  a("waived", x.waived);
}
template <class A>
void walk(A& a, Ruling& x) {
  a("outcome", x.outcome);
  a("reasons", x.reasons);
}
template <class A>
void walk(A& a, RunProfile& x) {
  a("duration_ms", x.duration_ms);
  a("extension_ms", x.extension_ms);
  a("network", x.network);
  a("persona", x.persona);
  a("platform", x.platform);
  a("provoke", x.provoke);
}
template <class A>
void walk(A& a, VettedImage& x) {
  a("name", x.name);
  a("purpose", x.purpose);
  a("ref", x.ref);
  a("scan_id", x.scan_id);
  a("digest", x.digest);
  a("trouble", x.trouble);
  a("standing", x.standing);
  a("headline", x.headline);
  a("verdict", x.verdict);
  a("score", x.score);
  a("reason", x.reason);
  a("ending", x.ending);
  a("profile", x.profile);
  a("own_policy", x.own_policy);
  a("decision", x.decision);
  a("declared", x.declared);
  a("deviations", x.deviations);
  a("deviations_left_out", x.deviations_left_out);
  a("unseen", x.unseen);
  a("unchecked", x.unchecked);
  a("coverage", x.coverage);
  a("plan", x.plan);
  a("plan_left_out", x.plan_left_out);
  a("complete", x.complete);
  a("lost", x.lost);
  a("not_seen", x.not_seen);
  a("shortfall", x.shortfall);
  a("layers", x.layers);
  a("findings", x.findings);
  a("findings_left_out", x.findings_left_out);
  a("facts", x.facts);
  a("steps", x.steps);
  a("cut", x.cut);
}

template <class A>
void walk(A& a, ImageChange& x) {
  a("name", x.name);
  a("presence", x.presence);
  a("old_standing", x.old_standing);
  a("new_standing", x.new_standing);
  a("old_verdict", x.old_verdict);
  a("new_verdict", x.new_verdict);
  a("old_decision", x.old_decision);
  a("new_decision", x.new_decision);
  a("old_digest", x.old_digest);
  a("new_digest", x.new_digest);
  a("new_deviations", x.new_deviations);
  a("gone_deviations", x.gone_deviations);
  a("added", x.added);
  a("gone", x.gone);
  a("left_out", x.left_out);
}
template <class A>
void walk(A& a, DossierComparison& x) {
  a("created_s", x.created_s);
  a("policy_sha256", x.policy_sha256);
  a("changes", x.changes);
  a("unchanged", x.unchanged);
}

/// The totals, for whoever reads nothing else. What is read of them is not kept: they follow from the images.
struct Totals {
  const Dossier& dossier;
};
template <class A>
void walk(A& a, Totals& x) {
  for (Standing standing : kStandings) {
    uint64_t count = x.dossier.count(standing);
    a(to_string(standing), count);
  }
}
template <class A>
void walk(A& a, Dossier& x) {
  std::string said = summary(x);
  Totals totals{x};
  a("vendor", x.vendor);
  a("contact", x.contact);
  a("created_s", x.created_s);
  a("summary", said);
  a("totals", totals);
  a("manifest", x.manifest);
  a("manifest_sha256", x.manifest_sha256);
  a("policy", x.policy);
  a("policy_sha256", x.policy_sha256);
  a("tracer", x.tracer_version);
  a("rules", x.rules_version);
  a("images", x.images);
  a("compared", x.compared);
}

namespace {

constexpr const char* kSchema = "assay.dossier/1";

}  // namespace

std::string dossier_json(const Dossier& dossier) {
  json_walk::Writer writer;
  writer.out["schema"] = kSchema;
  Dossier copy = dossier;  // walk() serves the reader too and takes its argument as changeable
  walk(writer, copy);
  return writer.out.dump(2) + "\n";
}

Result<Dossier> parse_dossier(std::string_view text) {
  auto broken = [](const std::string& what) { return Error{Errc::corrupt, "dossier: " + what}; };
  if (text.size() > kMaxDossierBytes)
    return broken("larger than " + std::to_string(kMaxDossierBytes) + " bytes");
  json_walk::Json json = json_walk::Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return broken("not a JSON object");
  auto schema = json.find("schema");
  if (schema == json.end() || !schema->is_string() || schema->get_ref<const std::string&>() != kSchema)
    return broken(std::string("its schema is not ") + kSchema + ", which `assay vet --format json` writes");
  Dossier dossier;
  std::string wrong;
  json_walk::Reader reader{json, "", wrong};
  walk(reader, dossier);
  if (!wrong.empty()) return broken(printable(wrong, 200));
  return dossier;
}

}  // namespace assay::decisions
