// Through the index to scans, through these to reports.
#include "cli/kept_scans.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <set>

#include "cli/json_fields.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "common/digest.h"
#include "common/encodings.h"
#include "common/ids.h"
#include "common/image_ref.h"
#include "common/text.h"
#include "scheduler/api/search_json.h"
#include "scheduler/image_name.h"
#include "scheduler/keep.h"

namespace assay::cli {
namespace {

constexpr unsigned kMaxFound = 50;  // that are looked through for further scans of the newest one's digest

Result<ScanView> read_hit(const Json& json) { return read_scan(json.dump()); }

Result<Report> parsed_report(const KeptScans& kept, const std::string& scan_id) {
  ASSAY_TRY(std::string json, kept.report(scan_id));
  return parse_report(json).context("report of scan " + scan_id);
}

bool run_alike(const Report& a, const Report& b) {
  const Job &one = a.header.job, &other = b.header.job;
  return one.persona == other.persona && one.network == other.network &&
         a.header.image.digest == b.header.image.digest &&
         a.header.image.architecture == b.header.image.architecture;
}

// Newest first: the first, and those after it that are of the same image and run alike.
Result<std::vector<Report>> alike(const KeptScans& kept, const std::vector<ScanView>& found) {
  std::vector<Report> out;
  std::set<std::string> owners;  // scans that share a report give it once
  for (const ScanView& scan : found) {
    if (scan.digest != found.front().digest) continue;
    if (!owners.insert(scan.same_as.empty() ? scan.scan_id : scan.same_as).second) continue;
    auto report = parsed_report(kept, scan.scan_id);
    if (!report && report.error().code == Errc::not_found) continue;  // retention took it
    if (!report) return report.error();
    if (out.empty() || run_alike(out.front(), *report)) out.push_back(std::move(*report));
    if (out.size() == kMaxMeantScans) break;
  }
  if (out.empty())
    return Error{Errc::not_found,
                 "no report of image " + printable(found.front().digest, 80) + " is kept any more"};
  return out;
}

// What the index is asked for such a word.
Result<std::pair<TraitKind, std::string>> asked_of(const std::string& word) {
  if (Digest::parse(word)) return std::pair(TraitKind::hash, word);
  auto ref = ImageRef::parse(word);
  if (!ref)
    return Error{Errc::invalid, "'" + printable(word, 200) + "' is no scan id, no digest and no reference (" +
                                    ref.error().what + ")"};
  if (!ref->digest.empty()) return std::pair(TraitKind::hash, ref->digest);
  std::string name = image_name(word);
  if (name.empty())
    return Error{Errc::invalid,
                 "'" + printable(word, 200) +
                     "' is an archive, which has no repository: name its scan (assay list) or its digest"};
  // ":latest" is filled in, as docker does.
  return std::pair(TraitKind::repository, name);
}

}  // namespace

Result<KeptScans> KeptScans::open(const po::variables_map& map) {
  KeptScans out;
  ASSAY_TRY(bool farm, from_farm(map));
  if (farm) {
    ASSAY_TRY(Remote remote, open_remote(map));
    out.remote_.emplace(std::move(remote));
  } else {
    ASSAY_TRY(out.store_, open_stored(map));
  }
  return out;
}

Result<std::string> KeptScans::report(const std::string& scan_id) const {
  if (remote_) return remote_->get("/v1/scans/" + scan_id + "/report");
  Keep keep(*store_);
  ASSAY_TRY(ScanRecord record, keep.scan(scan_id));
  if (record.state != ScanState::done)
    return Error{Errc::not_found, "scan " + scan_id + " has no report: it is " + to_string(record.state) +
                                      (record.error.empty() ? "" : " (" + record.error + ")")};
  return keep.report(scan_id);
}

Result<std::vector<ScanView>> KeptScans::found_by(TraitKind kind, const std::string& text,
                                                  unsigned most) const {
  std::string body;
  if (remote_) {
    ASSAY_TRY(body, remote_->get(std::string("/v1/search?") + to_string(kind) + "=" + url_encode(text) +
                                 "&limit=" + std::to_string(most)));
  } else {
    SearchQuery query{{}, {}, most, ""};
    ASSAY_TRY(Wanted wanted, parse_wanted(kind, text));
    query.any.push_back(std::move(wanted));
    ASSAY_TRY(SearchPage page, assay::search(Keep(*store_), query));
    body = api::search_json(page);
  }
  ASSAY_TRY(Json json, parse_object(body, "the answer"));
  return list_of<ScanView>(json, "hits", read_hit);
}

Result<std::vector<Report>> meant_scans(const KeptScans& kept, const std::string& word) {
  if (is_scan_id(word)) {
    ASSAY_TRY(Report report, parsed_report(kept, word));
    return std::vector{std::move(report)};
  }
  ASSAY_TRY(auto asked, asked_of(word));
  ASSAY_TRY(std::vector<ScanView> found, kept.found_by(asked.first, asked.second, kMaxFound));
  // A hash may be of a file, and a name be longer than what was asked for.
  bool by_digest = asked.first == TraitKind::hash;
  std::erase_if(found, [&](const ScanView& scan) { return by_digest && scan.digest != asked.second; });
  if (found.empty())
    return Error{Errc::not_found,
                 "no scan of " + asked.second +
                     " is kept (assay list shows what is; what an earlier version kept is found by its name "
                     "once `assay search --reindex` was run)"};
  return alike(kept, found);
}

}  // namespace assay::cli
