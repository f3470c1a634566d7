// Holds all families of a store against each other: what names something that is not there, or is named by
// nothing. For tests of whatever writes or takes away.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/digest.h"
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/scan_codec.h"

namespace assay {

class StoreCheck {
 public:
  /// One line each; empty: the store is sound.
  static std::vector<std::string> dangling(Store& store) { return StoreCheck(store).look(); }

 private:
  explicit StoreCheck(Store& store) : store_(store), keep_(store) {}

  static constexpr size_t kId = 24;

  template <class Visit>
  void each(Family family, Visit visit) {
    Status read = store_.scan(family, "", false, [&](std::string_view key, std::string_view value) {
      visit(std::string(key), std::string(value));
      return true;
    });
    if (!read) found_.push_back(std::string(to_string(family)) + ": " + read.error().what);
  }
  void say(Family family, const std::string& key, const std::string& what) {
    found_.push_back(std::string(to_string(family)) + " " + printable(key, 200) + ": " + what);
  }
  bool there(Family family, const std::string& key) { return static_cast<bool>(store_.get(family, key)); }
  bool any(Family family, const std::string& prefix) {
    bool found = false;
    (void)store_.scan(family, prefix, false,
                      [&](std::string_view, std::string_view) { return !(found = true); });
    return found;
  }
  std::optional<ScanRecord> record(const std::string& id) {
    auto bytes = store_.get(Family::scans, id);
    if (!bytes) return std::nullopt;
    auto decoded = decode_scan(*bytes);
    return decoded ? std::optional(*decoded) : std::nullopt;
  }

  std::vector<std::string> look() {
    each(Family::scans, [&](const std::string& id, const std::string&) { check_scan(id); });
    each(Family::open, [&](const std::string& id, const std::string&) {
      if (id == keep_keys::kLayoutKey) return;
      auto scan = record(id);
      if (!scan || !is_open(scan->state)) say(Family::open, id, "its scan is not open");
    });
    each(Family::logins, [&](const std::string& id, const std::string&) {
      auto scan = record(id);
      if (!scan || !may_be_leased(scan->state) || !scan->submission.own_login)
        say(Family::logins, id, "its scan needs none");
    });
    each(Family::members, [&](const std::string& key, const std::string&) {
      if (!record(key.substr(kId))) say(Family::members, key, "there is no such scan");
    });
    for (Family family : {Family::chunks, Family::artifacts, Family::reports})
      each(family, [&](const std::string& key, const std::string&) {
        if (!record(key.substr(0, kId))) say(family, key, "there is no such scan");
      });
    each(Family::digests, [&](const std::string& key, const std::string&) {
      auto scan = record(key.substr(key.size() - kId));
      if (!scan || scan->digest + "/" != key.substr(0, key.size() - kId))
        say(Family::digests, key, "no such scan");
    });
    each(Family::once, [&](const std::string& key, const std::string& id) {
      auto scan = record(id);
      if (!scan || keep_keys::once_key(scan->submission) != key) say(Family::once, key, "no such scan");
    });
    each(Family::results, [&](const std::string& key, const std::string& id) { check_result(key, id); });
    each(Family::index, [&](const std::string& key, const std::string& role) { check_index(key, role); });
    return found_;
  }

  void check_scan(const std::string& id) {
    auto scan = record(id);
    if (!scan) return say(Family::scans, id, "cannot be read");
    if (is_open(scan->state) != there(Family::open, id))
      say(Family::scans, id, "the index of open scans is wrong");
    if (!scan->submission.batch.empty() && !there(Family::members, scan->submission.batch + id))
      say(Family::scans, id, "its batch does not know it");
    if (!scan->submission.once.empty() && !there(Family::once, keep_keys::once_key(scan->submission)))
      say(Family::scans, id, "its key does not know it");
    if (!scan->same_as.empty() && !record(scan->same_as)) say(Family::scans, id, "shares what is not there");
    if (scan->pruned & kTracePruned && any(Family::chunks, id)) say(Family::scans, id, "still has a trace");
    if (scan->pruned & kArtifactsPruned && any(Family::artifacts, id))
      say(Family::scans, id, "still has artifacts");
    if (scan->pruned & kReportPruned && any(Family::reports, id))
      say(Family::scans, id, "still has a report");
    if (scan->state != ScanState::done) return;
    if (Digest::parse(scan->digest) && !there(Family::digests, keep_keys::digest_key(scan->digest, id)))
      say(Family::scans, id, "its digest does not know it");
    if (!scan->same_as.empty() || scan->pruned & kReportPruned) return;
    for (const char* part : {keep_keys::kHeader, keep_keys::kFooter, keep_keys::kReport})
      if (!there(Family::reports, id + part)) say(Family::scans, id, std::string("has no ") + part);
    if (!(scan->pruned & kTracePruned)) {
      Status read = keep_.each_event(id, [](const Event&) {});
      if (!read) say(Family::scans, id, read.error().what);
    }
    auto traits = keep_.traits(id);
    if (!traits) return say(Family::scans, id, traits.error().what);
    for (const std::string& key : keep_keys::index_keys(id, *traits))
      if (!there(Family::index, key)) say(Family::scans, id, "is not found by " + printable(key, 128));
  }

  void check_result(const std::string& key, const std::string& id) {
    auto scan = record(id);
    if (!scan || scan->state != ScanState::done || !scan->same_as.empty() || scan->pruned & kReportPruned)
      return say(Family::results, key, "names scan " + id + ", which has none");
    if (result_key(scan->digest, scan->submission.job, scan->tracer_version) != key)
      say(Family::results, key, "names scan " + id + ", which is another's");
  }

  void check_index(const std::string& key, const std::string& value) {
    if (key == keep_keys::kAllIndexed) return;
    if (key.size() < kId + 2 || !value.empty()) return say(Family::index, key, "is no entry");
    std::string id = key.substr(key.size() - kId);
    if (!record(id)) return say(Family::index, key, "there is no such scan");
    auto traits = keep_.traits(id);
    if (!traits) return say(Family::index, key, traits.error().what);
    if (!keep_keys::index_keys(id, *traits).contains(key))
      say(Family::index, key, "its scan does not know of it");
  }

  Store& store_;
  Keep keep_;
  std::vector<std::string> found_;
};

}  // namespace assay
