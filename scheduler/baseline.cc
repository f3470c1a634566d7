// From names, chains and digests to scans, and from their reports to behaviours.
#include "scheduler/baseline.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/digest.h"
#include "common/text.h"
#include "scheduler/image_name.h"
#include "scheduler/terms.h"

namespace assay {
namespace {

bool was_imported(const ScanRecord& record) {
  return std::any_of(record.submission.labels.begin(), record.submission.labels.end(),
                     [](const auto& label) { return label.first == "imported"; });
}

// As a person knows the image; fit to be shown.
std::string shown_ref(const ScanRecord& record) {
  std::string name = image_name(record.submission);
  if (name.empty()) return printable(record.submission.job.ref);
  return repository_of(name) == name ? name + "@" + record.digest : name;
}

class Search {
 public:
  Search(const Keep& keep, const ScanRecord& scan, const ImageInfo& image)
      : keep_(keep), scan_(scan), image_(image) {}

  Result<std::optional<Baseline>> previous();
  Result<std::optional<Baseline>> base();

 private:
  Result<std::string> first_sight(const std::string& repository);
  Result<std::optional<Baseline>> under(TraitKind kind, const std::string& name, const std::string& start);
  Result<std::optional<Baseline>> of_digest(const ScanRecord& newest);
  std::optional<ScanRecord> fit(const std::string& scan_id) const;
  std::optional<Behaviour> behaviour(const ScanRecord& record) const;

  const Keep& keep_;
  const ScanRecord& scan_;
  const ImageInfo& image_;
};

// A scan that this one may be held against, as far as its record says.
std::optional<ScanRecord> Search::fit(const std::string& scan_id) const {
  auto record = keep_.scan(scan_id);  // not there: taken meanwhile
  if (!record || record->state != ScanState::done || record->pruned & kReportPruned) return std::nullopt;
  const Job &job = record->submission.job, &own = scan_.submission.job;
  if (!Digest::parse(record->digest) || record->digest == scan_.digest) return std::nullopt;
  if (job.persona != own.persona || job.network != own.network || was_imported(*record)) return std::nullopt;
  return std::move(*record);
}

std::optional<Behaviour> Search::behaviour(const ScanRecord& record) const {
  auto json = keep_.report(record.scan_id);
  if (!json) return std::nullopt;
  auto report = parse_report(*json);
  if (!report) return std::nullopt;
  const ImageInfo& image = report->header.image;
  if (image.architecture != image_.architecture || image.os != image_.os) return std::nullopt;
  return behaviour_of(*report);
}

// When the digest was first scanned as one of this repository: what came later is not before it.
Result<std::string> Search::first_sight(const std::string& repository) {
  std::string first = scan_.scan_id;
  size_t looked = 0;
  ASSAY_CHECK(keep_.each_of(scan_.digest, [&](const std::string& id) {
    if (id >= scan_.scan_id || looked++ == kMaxLookedAt) return false;
    auto record = keep_.scan(id);
    if (!record || repository_of(image_name(record->submission)) != repository) return true;
    first = id;
    return false;
  }));
  return first;
}

// The newest scan under the word that can be compared with, from `start` on, and the others of its digest.
Result<std::optional<Baseline>> Search::under(TraitKind kind, const std::string& name,
                                              const std::string& start) {
  std::vector<std::string> terms = terms_of({kind, TraitRole::image, name});
  std::vector<ScanRecord> candidates;
  size_t looked = 0;
  std::set<std::string> digests;  // each tried once
  ASSAY_CHECK(keep_.each_found(
      kind, terms.front(),
      [&](const std::string& id) {
        if (id == start) return true;
        auto record = fit(id);
        if (record && digests.insert(record->digest).second) candidates.push_back(std::move(*record));
        return ++looked < kMaxLookedAt && candidates.size() < kMaxBaselineScans;
      },
      start));
  for (const ScanRecord& newest : candidates) {
    ASSAY_TRY(auto found, of_digest(newest));
    if (found) return found;
  }
  return std::optional<Baseline>();
}

Result<std::optional<Baseline>> Search::of_digest(const ScanRecord& newest) {
  Baseline out;
  std::set<std::string> owners;
  auto take = [&](const ScanRecord& record) {
    if (!owners.insert(record.owner()).second) return;
    auto behaviour = this->behaviour(record);
    if (!behaviour) return;
    if (out.scans.empty()) {
      out.scan_id = record.owner();
      out.digest = record.digest;
    }
    out.scans.push_back(std::move(*behaviour));
  };
  take(newest);
  // Its own report's digest stands in the index among other hashes: which scan has it as its image's, the
  // record says.
  ASSAY_TRY(Digest digest, Digest::parse(newest.digest));
  size_t looked = 0;
  std::vector<ScanRecord> others;
  ASSAY_CHECK(
      keep_.each_found(TraitKind::hash, digest.hex().substr(0, kMinHashDigits), [&](const std::string& id) {
        auto record = fit(id);
        if (record && record->digest == newest.digest) others.push_back(std::move(*record));
        return ++looked < kMaxLookedAt && others.size() < 2 * kMaxBaselineScans;
      }));
  for (const ScanRecord& one : others)
    if (out.scans.size() < kMaxBaselineScans) take(one);
  if (out.scans.empty()) return std::optional<Baseline>();
  out.ref = shown_ref(newest);
  return std::optional(std::move(out));
}

Result<std::optional<Baseline>> Search::previous() {
  std::string name = image_name(scan_.submission), repository = repository_of(name);
  if (name.empty() || !Digest::parse(scan_.digest)) return std::optional<Baseline>();
  ASSAY_TRY(std::string start, first_sight(repository));
  std::optional<Baseline> found;
  if (name != repository) {
    ASSAY_TRY(found, under(TraitKind::repository, name, start));
  }
  if (!found) {
    // All tags of the repository stand under its name without one.
    ASSAY_TRY(found, under(TraitKind::repository, repository, start));
  }
  if (found) found->relation = "previous";
  return found;
}

Result<std::optional<Baseline>> Search::base() {
  std::vector<std::string> chain = layer_chain(image_.layers);
  for (size_t layers = chain.size(); layers-- > 1;) {
    ASSAY_TRY(auto found, under(TraitKind::chain, chain[layers - 1], ""));
    if (!found) continue;
    found->relation = "base";
    return found;
  }
  return std::optional<Baseline>();
}

}  // namespace

Result<std::vector<Baseline>> find_baselines(const Keep& keep, const ScanRecord& scan,
                                             const ImageInfo& image) {
  std::vector<Baseline> out;
  Search search(keep, scan, image);
  ASSAY_TRY(auto previous, search.previous());
  if (previous) out.push_back(std::move(*previous));
  ASSAY_TRY(auto base, search.base());
  if (base) out.push_back(std::move(*base));
  return out;
}

}  // namespace assay
