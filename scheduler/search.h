// search: the scans that are found by something, the newest first, through the index. Reads the store and
// writes nothing; bounded by what it looks at, whatever the store holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/keep.h"
#include "scheduler/scan_filter.h"
#include "scheduler/terms.h"

namespace assay {

struct SearchQuery {
  std::vector<Wanted> any;  // of these
  ScanFilter filter;
  size_t limit = 50;
  std::string start;  // scan id to go on from, as SearchPage::next says; empty: the newest
};

struct SearchHit {
  ScanRecord scan;
  Traits matched;  // the first kMaxMatchedShown
  uint64_t matched_left_out = 0;
};
inline constexpr size_t kMaxMatchedShown = 20;
inline constexpr size_t kMaxSearched = 20'000;  // scans that one call looks at

struct SearchPage {
  std::vector<SearchHit> hits;  // newest first. A scan that shares another's result is found as that one
  std::string next;             // scan id to go on from; empty: there is nothing further
  uint64_t looked = 0;          // scans under the words of the question, as far as they were looked at
  uint64_t unreadable = 0;      // scans whose record or list is damaged, among them
  bool knows_all = true;        // no scan of the store is outside of the index (reindex.h)
};

/// Errors are the store's.
Result<SearchPage> search(const Keep& keep, const SearchQuery& query);

/// The names of the kinds, as options and parameters have them: "domain", "ip"...
Result<TraitKind> parse_trait_kind(std::string_view text);
/// "evil.test (asked, contacted), /tmp/x (left)": each value once, made printable, at most `most` of them.
std::string matched_text(const SearchHit& hit, size_t most);

}  // namespace assay
