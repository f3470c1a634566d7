// GET /v1/search: the scans that are found by something.
#include "scheduler/search.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/api/records_json.h"
#include "scheduler/api/search_json.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxPage = 1000;

Result<std::vector<Wanted>> wanted_of(const HttpRequest& request) {
  std::vector<Wanted> out;
  size_t given = 0;
  if (auto text = request.parameter("q")) {
    ++given;
    ASSAY_TRY(out, guess_wanted(*text));
  }
  for (uint8_t i = 1; i <= kTraitKinds; ++i) {
    auto kind = static_cast<TraitKind>(i);
    auto text = request.parameter(to_string(kind));
    if (!text) continue;
    ++given;
    ASSAY_TRY(Wanted wanted, parse_wanted(kind, *text));
    out.push_back(std::move(wanted));
  }
  if (given == 1) return out;
  return Error{Errc::invalid,
               "a search takes one of q, domain, ip, hash, path, technique, rule, repository, chain"};
}

Result<ScanFilter> filter_of(const HttpRequest& request) {
  ScanFilter filter;
  if (auto text = request.parameter("since")) {
    ASSAY_TRY(filter.since_ns, parse_when(*text, wall_ns()));
  }
  if (auto text = request.parameter("until")) {
    ASSAY_TRY(filter.until_ns, parse_when(*text, wall_ns()));
  }
  std::string verdicts = request.parameter("verdict").value_or("");
  for (size_t at = 0; at < verdicts.size();) {
    size_t comma = std::min(verdicts.find(',', at), verdicts.size());
    filter.verdicts.push_back(verdicts.substr(at, comma - at));
    ASSAY_CHECK(check_verdict(filter.verdicts.back()));
    at = comma + 1;
  }
  filter.image = request.parameter("image").value_or("");
  ASSAY_TRY(filter.batch, id_parameter(request, "batch"));
  return filter;
}

Result<SearchQuery> query_of(const HttpRequest& request) {
  SearchQuery query;
  ASSAY_CHECK(
      check_parameters(request, {"q", "domain", "ip", "hash", "path", "technique", "rule", "repository",
                                 "chain", "limit", "start", "since", "until", "verdict", "image", "batch"}));
  ASSAY_TRY(query.any, wanted_of(request));
  ASSAY_TRY(query.filter, filter_of(request));
  ASSAY_TRY(query.limit, number_parameter(request, "limit", 1, kMaxPage, 100));
  ASSAY_TRY(query.start, id_parameter(request, "start"));
  return query;
}

}  // namespace

std::string search_json(const SearchPage& page) {
  Json hits = Json::array();
  for (const SearchHit& hit : page.hits) {
    Json one = Json::parse(scan_json(hit.scan));
    Json matched = Json::array();
    for (const Trait& trait : hit.matched)
      matched.push_back({{"kind", to_string(trait.kind)},
                         {"role", to_string(trait.role)},
                         {"value", still_printable(trait.value)}});
    one["matched"] = std::move(matched);
    one["matched_left_out"] = hit.matched_left_out;
    hits.push_back(std::move(one));
  }
  return Json{{"hits", std::move(hits)},
              {"next", page.next.empty() ? Json() : Json(page.next)},
              {"looked", page.looked},
              {"unreadable", page.unreadable},
              {"knows_all", page.knows_all}}
      .dump();
}

HttpResponse search_scans(const Call& call) {
  auto query = query_of(call.request);
  if (!query) return error_answer(query.error());
  auto page = search(call.services.keep, *query);
  if (!page) return error_answer(page.error());
  return json_answer(200, search_json(*page));
}

}  // namespace assay::api
