// From an image's name to a decision: digest, cache, kept results, index, submission.
#include "gateway/judge.h"

#include <algorithm>
#include <set>

#include "common/clock.h"
#include "common/text.h"
#include "gateway/image_registry.h"

namespace assay::gateway {
namespace {

using decisions::Decision;
using decisions::Outcome;

constexpr size_t kScansLooked = 50;
constexpr size_t kMaxImageBytes = 1024;
// What has no result may have one soon; but a thousand pods of a deployment need not ask each.
constexpr std::chrono::milliseconds kKeepUndecided{3000};

std::string scan_words(const FarmScan& scan) {
  std::string out = "scan " + scan.scan_id + " is " + scan.state;
  if (scan.open()) return out + ": try again when it has ended";
  if (!scan.error.empty()) out += " (" + scan.error + ")";
  return out + (scan.state == "failed" ? ": `assay retry " + scan.scan_id + "` runs it again" : "");
}

Decision worse(std::optional<Decision> a, Decision b) {
  return a && a->outcome >= b.outcome ? std::move(*a) : std::move(b);
}

}  // namespace

std::vector<FarmScan> scans_to_judge(const std::vector<FarmScan>& scans, const decisions::Policy& policy,
                                     int64_t now_s) {
  std::vector<FarmScan> out;
  std::set<std::string> personas;
  for (const FarmScan& scan : scans) {
    if (!scan.has_report || personas.contains(scan.persona)) continue;
    bool old = policy.oldest_s && now_s - scan.finished_ns / 1'000'000'000 > *policy.oldest_s;
    if (!out.empty() && old) continue;
    personas.insert(scan.persona);
    out.push_back(scan);
  }
  return out;
}

Judge::Judge(const Services& services, const decisions::Policy& policy, const TimeLimit& limit,
             bool may_submit)
    : services_(services),
      policy_(policy),
      limit_(limit),
      may_submit_(may_submit && services.settings.admission.scan_unknown),
      farm_(services.settings.farm, limit.fd(), limit.deadline()) {}

Decision Judge::unscanned(Outcome outcome, const std::string& why) const {
  return decisions::decide_unscanned(policy_, outcome, printable(image_, kMaxImageBytes), why, wall_s());
}

Decision Judge::unanswered(const Error& error) const {
  services_.metrics.unanswered.add();
  std::string why = error.code == Errc::cancelled || error.code == Errc::timeout
                        ? "nobody said anything of it in time (" + error.what + ")"
                        : error.what;
  return unscanned(services_.settings.admission.unanswered.value_or(policy_.unscanned), why);
}

void Judge::keep(const std::string& digest, const Decision& decision, bool decided) const {
  std::optional<std::chrono::milliseconds> time;
  if (!decided) time = kKeepUndecided;
  services_.cache.keep({policy_.sha256, digest, image_}, decision, DecisionCache::Clock::now(), time);
}

Decision Judge::judge(const std::string& image) {
  image_ = image;
  auto ref = ImageRef::parse(image);
  if (!ref || ref->kind != ImageRef::Kind::registry || image.size() > kMaxImageBytes)
    return unscanned(Outcome::fail,
                     ref ? "it names no image of a registry" : printable(ref.error().what, kMaxImageBytes));
  const AdmissionSettings& admission = services_.settings.admission;
  std::string digest = ref->digest;
  if (digest.empty() && !services_.settings.registries.resolve_tags)
    return unscanned(admission.unpinned,
                     "it is not pinned by digest (NAME@sha256:...), and its tag may mean "
                     "another image tomorrow");
  if (digest.empty()) {
    auto found = digest_of_tag(services_.settings.registries, *ref, limit_.fd());
    if (!found) return unanswered(found.error());
    digest = *found;
  }
  Decision out = by_digest(*ref, digest);
  out.ref = printable(image, kMaxImageBytes);
  if (out.digest.empty()) out.digest = digest;
  return out;
}

Decision Judge::by_digest(const ImageRef& ref, const std::string& digest, bool of_index) {
  auto kept = services_.cache.find({policy_.sha256, digest, image_}, DecisionCache::Clock::now());
  (kept ? services_.metrics.cache_hits : services_.metrics.cache_misses).add();
  if (kept) return std::move(*kept);
  auto scans = farm_.scans_of(digest, kScansLooked);
  if (!scans) return unanswered(scans.error());
  std::erase_if(*scans, [&](const FarmScan& scan) { return !services_.settings.results.count(scan); });
  auto chosen = scans_to_judge(*scans, policy_, wall_s());
  if (chosen.empty()) return unknown(ref, digest, *scans, of_index);
  auto decided = by_results(digest, chosen);
  if (!decided) return unanswered(decided.error());
  keep(digest, *decided, true);
  return std::move(*decided);
}

// The worst of them: an image may behave in one persona and not in another.
Result<Decision> Judge::by_results(const std::string& digest, const std::vector<FarmScan>& scans) {
  std::optional<Decision> out;
  for (const FarmScan& scan : scans) {
    ASSAY_TRY(std::string json, farm_.report(scan.scan_id));
    auto report = parse_report(json);
    if (!report) return report.error().context("report of scan " + scan.scan_id);
    report->header.job.ref = image_;  // waivers are for what is asked about, whatever was scanned then
    Decision one = decisions::decide(policy_, *report, wall_s());
    one.digest = digest;
    one.scan_id = scan.scan_id;
    out = worse(std::move(out), std::move(one));
  }
  return std::move(*out);
}

Decision Judge::unknown(const ImageRef& ref, const std::string& digest, const std::vector<FarmScan>& scans,
                        bool of_index) {
  std::string why =
      scans.empty() ? "no scan of " + digest + " is kept that counts" : scan_words(scans.front());
  std::string index_unknown;
  if (scans.empty() && !of_index && services_.settings.registries.resolve_indexes) {
    auto by = by_index(ref, digest, index_unknown);
    if (by) {
      keep(digest, *by, !by->scan_id.empty());
      return std::move(*by);
    }
  }
  if (!index_unknown.empty()) why += "; whether it is an index is not known: " + index_unknown;
  services_.metrics.unknown.add();
  if (scans.empty() && may_submit_) {
    auto scan = submit(ref, digest);
    if (!scan) {
      why += "; it could not be submitted: " + scan.error().what;
    } else if (scan->has_report) {  // of an index that could not be resolved
      auto decided = by_results(digest, {*scan});
      if (!decided) return unanswered(decided.error());
      keep(digest, *decided, true);
      return std::move(*decided);
    } else {
      why = scan_words(*scan);
    }
  } else if (scans.empty()) {
    why += "; `assay submit " + printable(ref.str(), kMaxImageBytes) + "` has it scanned";
  }
  Decision out = unscanned(policy_.unscanned, why);
  keep(digest, out, false);
  return out;
}

// Results are kept by the digest of one platform's image; references mostly have that of their index.
std::optional<Decision> Judge::by_index(const ImageRef& ref, const std::string& digest,
                                        std::string& why_not) {
  auto images = images_of_index(services_.settings.registries, ref, digest, limit_.fd());
  if (!images && images.error().code == Errc::unsupported)
    return unscanned(policy_.unscanned, images.error().what);
  if (!images) {
    why_not = images.error().what;
    return std::nullopt;
  }
  if (!*images) return std::nullopt;
  return of_platforms(ref, **images);
}

Decision Judge::of_platforms(const ImageRef& ref, const std::vector<std::string>& digests) {
  std::optional<Decision> out;
  for (const std::string& digest : digests) {
    ImageRef one = ref;
    one.tag.clear();
    one.digest = digest;
    Decision of_it = by_digest(one, digest, /*of_index=*/true);
    if (of_it.digest.empty()) of_it.digest = digest;
    out = worse(std::move(out), std::move(of_it));
  }
  return out ? std::move(*out)
             : unscanned(policy_.unscanned, "no platform counts: option platform names none");
}

Result<FarmScan> Judge::submit(const ImageRef& ref, const std::string& digest) {
  ImageRef wanted = ref;
  wanted.tag.clear();
  wanted.digest = digest;
  FarmOrder order;
  order.ref = wanted.str();
  order.lane = services_.settings.admission.lane;
  order.once = "admission " + digest;
  order.labels = {{"asked-by", "admission"}};
  order.insecure = is_insecure(services_.settings.registries, ref.registry);
  ASSAY_TRY(std::string scan_id, farm_.submit(order));
  services_.metrics.submitted.add();
  return farm_.scan(scan_id);
}

}  // namespace assay::gateway
