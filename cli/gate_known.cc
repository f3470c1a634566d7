// From a reference to digests, and from these to reports that are kept.
#include <algorithm>

#include "cli/answers.h"
#include "cli/gate_ways.h"
#include "cli/options.h"
#include "common/encodings.h"
#include "common/image_ref.h"
#include "common/platform.h"
#include "common/text.h"
#include "scheduler/keep.h"
#include "sources/platforms.h"
#include "sources/registry.h"

namespace assay::cli {
namespace {

Result<std::vector<KnownScan>> listed(const Remote& remote, const std::string& digest) {
  std::vector<KnownScan> out;
  ASSAY_TRY(std::string body, remote.get("/v1/scans?state=done&limit=1000&digest=" + url_encode(digest)));
  ASSAY_TRY(ScanPage page, read_scans(body));
  for (const ScanView& scan : page.scans) {
    if (std::find(scan.pruned.begin(), scan.pruned.end(), "report") != scan.pruned.end()) continue;
    auto persona = parse_personas(scan.persona);
    if (persona && persona->size() == 1) out.push_back({scan.scan_id, persona->front()});
  }
  return out;
}

Result<std::vector<KnownScan>> stored(const Keep& keep, const std::string& digest) {
  std::vector<KnownScan> out;
  ASSAY_TRY(auto ids, keep.scans_of(digest));
  for (const std::string& id : ids) {
    auto record = keep.scan(id);
    if (!record && record.error().code == Errc::not_found) continue;  // taken away meanwhile
    if (!record) return record.error();
    if (record->state == ScanState::done && (record->pruned & kReportPruned) == 0)
      out.push_back({id, record->submission.job.persona});
  }
  return out;
}

class KnownGate {
 public:
  KnownGate(const KnownScans& known, const GateOrder& order, const sources::PlaceFiles& places,
            const Stop& stop)
      : known_(known), order_(order), places_(places), stop_(stop) {}
  Result<GateAnswers> run();

 private:
  Status look_at(size_t ref, const ImageRef& image);
  Status take(size_t ref, const std::string& digest);
  Result<std::vector<std::string>> manifests(const ImageRef& image) const;
  Status without(size_t ref, const std::string& why);

  const KnownScans& known_;
  const GateOrder& order_;
  const sources::PlaceFiles& places_;
  const Stop& stop_;
  GateAnswers answers_;
};

// The newest report of a digest for each persona that is asked for.
Status KnownGate::take(size_t ref, const std::string& digest) {
  ASSAY_TRY(auto scans, known_.of(digest));
  for (Persona persona : order_.wish.personas) {
    auto newest = std::find_if(scans.begin(), scans.end(),
                               [&](const KnownScan& scan) { return scan.persona == persona; });
    if (newest == scans.end()) continue;
    ASSAY_TRY(std::string json, known_.report(newest->scan_id));
    auto decision = decide_report(order_, ref, json);
    if (!decision) return decision.error().context("the report of scan " + newest->scan_id);
    answers_.push_back({ref, persona, std::move(*decision)});
  }
  return Status();
}

// What the reference means now: its digest, and those behind it where that is an index.
Result<std::vector<std::string>> KnownGate::manifests(const ImageRef& image) const {
  sources::Registry registry({image.registry, order_.wish.insecure, order_.wish.auth_file, places_},
                             sources::Http(stop_.fd()));
  ASSAY_TRY(sources::ManifestFound found,
            registry.head(image.repository, image.digest.empty() ? image.tag : image.digest));
  std::vector<std::string> out{found.digest};
  ASSAY_TRY(auto platforms,
            sources::platforms_of(registry, image.repository, {image.tag, found.digest, found.media_type}));
  for (const auto& one : platforms) {
    bool wanted =
        order_.wish.platform.empty() || platform_key(one.platform) == platform_key(order_.wish.platform);
    if (wanted && one.digest != found.digest) out.push_back(one.digest);
  }
  return out;
}

Status KnownGate::without(size_t ref, const std::string& why) {
  for (Persona persona : order_.wish.personas) {
    bool known = std::any_of(answers_.begin(), answers_.end(), [&](const GateAnswer& answer) {
      return answer.ref == ref && answer.persona == persona;
    });
    if (!known) answers_.push_back({ref, persona, decide_without(order_, ref, why)});
  }
  return Status();
}

Status KnownGate::look_at(size_t ref, const ImageRef& image) {
  if (stop_.timed_out()) return without(ref, "it was not looked up within " + order_.timeout);
  // A digest that is known needs no registry.
  if (!image.digest.empty()) ASSAY_CHECK(take(ref, image.digest));
  if (std::any_of(answers_.begin(), answers_.end(), [&](const GateAnswer& a) { return a.ref == ref; }))
    return without(ref, "no result of it is kept for this persona");
  auto digests = manifests(image);
  if (!digests && digests.error().code == Errc::cancelled && !stop_.timed_out()) return digests.error();
  if (!digests)
    return without(ref, image.digest.empty()
                            ? "what it means now cannot be looked up: " + digests.error().what
                            : "no result of " + image.digest +
                                  " is kept, and whether it is an index cannot be "
                                  "looked up: " +
                                  digests.error().what);
  for (const std::string& digest : *digests)
    if (digest != image.digest) ASSAY_CHECK(take(ref, digest));
  return without(ref, "no result of " + printable(digests->front(), 100) + " is kept");
}

Result<GateAnswers> KnownGate::run() {
  std::vector<ImageRef> images;
  for (const std::string& ref : order_.refs) {
    ASSAY_TRY(ImageRef image, ImageRef::parse(ref));
    if (image.kind != ImageRef::Kind::registry)
      return Error{Errc::invalid, "--known-only takes references of registries: what " + printable(ref, 200) +
                                      " holds is known only once it is scanned"};
    images.push_back(std::move(image));
  }
  for (size_t ref = 0; ref < images.size(); ++ref) {
    if (stop_.interrupted()) return Error{Errc::cancelled, "interrupted"};
    ASSAY_CHECK(look_at(ref, images[ref]));
  }
  return std::move(answers_);
}

}  // namespace

KnownScans known_by_farm(const Remote& remote) {
  return {[&remote](const std::string& digest) { return listed(remote, digest); },
          [&remote](const std::string& id) { return remote.get("/v1/scans/" + id + "/report"); }};
}

KnownScans known_here(Store& store) {
  return {[&store](const std::string& digest) { return stored(Keep(store), digest); },
          [&store](const std::string& id) { return Keep(store).report(id); }};
}

Result<GateAnswers> gate_by_known(const KnownScans& known, const GateOrder& order,
                                  const sources::PlaceFiles& places, const Stop& stop) {
  return KnownGate(known, order, places, stop).run();
}

}  // namespace assay::cli
