// Several lists of ids, each newest first, taken as one; then each scan's own word on whether it fits.
#include "scheduler/search.h"

#include <algorithm>
#include <set>

#include "common/text.h"

namespace assay {
namespace {

constexpr size_t kFirstIds = 64, kMostIds = 1024;

// The newest `count` ids under any of the words, from `start` on: the newest of all are among the newest of
// each.
Result<std::vector<std::string>> newest_ids(const Keep& keep, const SearchQuery& query,
                                            const std::string& start, size_t count) {
  std::set<std::string, std::greater<>> ids;
  for (const Wanted& wanted : query.any)
    for (const std::string& term : wanted.terms)
      ASSAY_CHECK(keep.each_found(
          wanted.kind, term,
          [&](const std::string& id) {
            // Older than all that are wanted: so is what follows in this list.
            if (ids.size() == count && id < *ids.rbegin()) return false;
            ids.insert(id);
            if (ids.size() > count) ids.erase(std::prev(ids.end()));
            return true;
          },
          start));
  return std::vector<std::string>(ids.begin(), ids.end());
}

Result<std::optional<SearchHit>> look_at(const Keep& keep, const SearchQuery& query, const std::string& id) {
  auto record = keep.scan(id);
  if (!record && record.error().code == Errc::not_found) return std::optional<SearchHit>();  // gone meanwhile
  if (!record) return record.error();
  if (!query.filter.fits(*record)) return std::optional<SearchHit>();
  ASSAY_TRY(Traits traits, keep.traits(id));
  SearchHit hit;
  for (Trait& trait : traits) {
    auto fits = [&](const Wanted& wanted) { return wanted.fits(trait); };
    if (std::none_of(query.any.begin(), query.any.end(), fits)) continue;
    if (hit.matched.size() < kMaxMatchedShown)
      hit.matched.push_back(std::move(trait));
    else
      ++hit.matched_left_out;
  }
  if (hit.matched.empty()) return std::optional<SearchHit>();
  hit.scan = std::move(*record);
  return std::optional(std::move(hit));
}

// Takes the hits among `ids`; false once the page is whole, with `next` set, or what follows is too old.
Result<bool> take(const Keep& keep, const SearchQuery& query, const std::vector<std::string>& ids,
                  SearchPage& page) {
  std::string oldest = query.filter.oldest_id();
  for (const std::string& id : ids) {
    if (id == page.next) continue;  // where the ids before this ended
    if (id < oldest) return page.next.clear(), false;
    if (page.hits.size() == query.limit || page.looked == kMaxSearched) {
      page.next = id;
      return false;
    }
    ++page.looked;
    auto hit = look_at(keep, query, id);
    if (!hit && hit.error().code != Errc::corrupt) return hit.error();
    if (!hit)
      ++page.unreadable;
    else if (*hit)
      page.hits.push_back(std::move(**hit));
  }
  return true;
}

}  // namespace

Result<SearchPage> search(const Keep& keep, const SearchQuery& query) {
  SearchPage page;
  ASSAY_TRY(page.knows_all, keep.knows_all());
  std::string at = query.filter.newest_id();
  if (!query.start.empty() && (at.empty() || query.start < at)) at = query.start;
  // One more than the page, so that its end is known.
  for (size_t count = std::clamp(query.limit + 1, kFirstIds, kMostIds);; count = kMostIds) {
    ASSAY_TRY(std::vector<std::string> ids, newest_ids(keep, query, at, count));
    ASSAY_TRY(bool more, take(keep, query, ids, page));
    if (!more) return page;
    if (ids.size() < count) break;
    at = page.next = ids.back();
  }
  page.next.clear();
  return page;
}

Result<TraitKind> parse_trait_kind(std::string_view text) {
  for (uint8_t i = 1; i <= kTraitKinds; ++i)
    if (text == to_string(static_cast<TraitKind>(i))) return static_cast<TraitKind>(i);
  return Error{Errc::invalid, "'" + printable(text, 40) +
                                  "' is none of domain, ip, hash, path, technique, rule, repository, chain"};
}

std::string matched_text(const SearchHit& hit, size_t most) {
  std::vector<std::pair<std::string, std::string>> values;  // and their roles
  for (const Trait& trait : hit.matched) {
    auto same = [&](const auto& value) { return value.first == trait.value; };
    auto found = std::find_if(values.begin(), values.end(), same);
    if (found == values.end())
      values.emplace_back(trait.value, to_string(trait.role));
    else if (found->second.find(to_string(trait.role)) == std::string::npos)
      found->second += std::string(", ") + to_string(trait.role);
  }
  std::string out;
  for (size_t i = 0; i < values.size() && i < most; ++i)
    out += (i > 0 ? ", " : "") + still_printable(values[i].first) + " (" + values[i].second + ")";
  uint64_t more = hit.matched_left_out + (values.size() > most ? values.size() - most : 0);
  return more == 0 ? out : out + ", and " + std::to_string(more) + " more";
}

}  // namespace assay
