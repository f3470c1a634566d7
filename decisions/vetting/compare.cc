// Image by image; behaviour by behaviour.h's diff.
#include "decisions/vetting/compare.h"

#include <algorithm>
#include <map>
#include <set>

namespace assay::decisions {
namespace {

Behaviour behaviour_of(const VettedImage& image) {
  Behaviour out;
  out.scan_id = image.scan_id;
  out.ref = image.ref;
  out.digest = image.digest;
  out.verdict = image.verdict;
  out.score = image.score;
  out.layers = image.layers;
  out.facts = image.facts;
  out.steps.insert(image.steps.begin(), image.steps.end());
  for (const std::string& word : image.cut)
    if (auto kind = parse_fact_kind(word)) out.cut.insert(*kind);
  return out;
}

std::set<std::string> sentences(const VettedImage& image) {
  std::set<std::string> out;
  for (const Deviation& deviation : image.deviations) out.insert(deviation.text);
  return out;
}

std::vector<std::string> only_in(const std::set<std::string>& these, const std::set<std::string>& those) {
  std::vector<std::string> out;
  std::set_difference(these.begin(), these.end(), those.begin(), those.end(), std::back_inserter(out));
  return out;
}

ImageChange change_of(const VettedImage* before, const VettedImage* after) {
  ImageChange out;
  out.name = title_of(after != nullptr ? *after : *before);
  if (before == nullptr) out.presence = "new";
  if (after == nullptr) out.presence = "gone";
  if (before != nullptr) {
    out.old_standing = to_string(before->standing);
    out.old_verdict = before->verdict;
    out.old_decision = to_string(before->decision.outcome);
    out.old_digest = before->digest;
  }
  if (after != nullptr) {
    out.new_standing = to_string(after->standing);
    out.new_verdict = after->verdict;
    out.new_decision = to_string(after->decision.outcome);
    out.new_digest = after->digest;
  }
  if (before == nullptr || after == nullptr) return out;
  // What could not be scanned says nothing of what it does.
  if (!before->trouble.empty() || !after->trouble.empty()) return out;
  out.new_deviations = only_in(sentences(*after), sentences(*before));
  out.gone_deviations = only_in(sentences(*before), sentences(*after));
  Behaviour earlier = behaviour_of(*before);
  BehaviourDiff diff = diff_behaviour(std::span(&earlier, 1), behaviour_of(*after));
  out.added = std::move(diff.added);
  out.gone = std::move(diff.gone);
  out.left_out = diff.left_out;
  return out;
}

}  // namespace

DossierComparison compare_dossiers(const Dossier& before, const Dossier& after) {
  DossierComparison out;
  out.created_s = before.created_s;
  out.policy_sha256 = before.policy_sha256;
  std::map<std::string, const VettedImage*> earlier;
  for (const VettedImage& image : before.images) earlier.emplace(title_of(image), &image);
  auto add = [&](const VettedImage* was, const VettedImage* is) {
    ImageChange change = change_of(was, is);
    if (change.empty())
      ++out.unchanged;
    else
      out.changes.push_back(std::move(change));
  };
  for (const VettedImage& image : after.images) {
    auto found = earlier.find(title_of(image));
    add(found == earlier.end() ? nullptr : found->second, &image);
    if (found != earlier.end()) earlier.erase(found);
  }
  for (const auto& [title, image] : earlier) add(image, nullptr);
  return out;
}

}  // namespace assay::decisions
