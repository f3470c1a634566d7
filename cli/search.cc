// assay search: the scans that are found by a domain, an address, a hash, a path, a technique or a rule, of
// the data directory or of a farm. Both come in the API's form and are shown by the same lines.
#include "scheduler/search.h"

#include <boost/program_options.hpp>
#include <cstdio>
#include <iostream>

#include "cli/answers.h"
#include "cli/filter_options.h"
#include "cli/json_fields.h"
#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "common/encodings.h"
#include "common/ids.h"
#include "common/text.h"
#include "scheduler/api/search_json.h"
#include "scheduler/reindex.h"

namespace assay::cli {
namespace {

constexpr unsigned kMaxLimit = 1000;
constexpr size_t kMatchedShown = 3;

// What is looked for: "q" and the text, or the kind that it is said to be.
struct Asked {
  std::string name, text;
  std::vector<Wanted> any;
};

Result<Asked> asked_of(const po::variables_map& map) {
  Asked asked;
  size_t given = 0;
  if (map.count("what")) {
    ++given;
    asked.name = "q";
    asked.text = option_text(map, "what");
    ASSAY_TRY(asked.any, guess_wanted(asked.text));
  }
  for (uint8_t i = 1; i <= kTraitKinds; ++i) {
    auto kind = static_cast<TraitKind>(i);
    if (!map.count(to_string(kind))) continue;
    ++given;
    asked.name = to_string(kind);
    asked.text = option_text(map, to_string(kind));
    ASSAY_TRY(Wanted wanted, parse_wanted(kind, asked.text));
    asked.any.push_back(std::move(wanted));
  }
  if (given == 1) return asked;
  return Error{Errc::invalid, given == 0
                                  ? "nothing to look for: name a domain, an address, a hash, a path, a "
                                    "technique or a rule (--help tells more)"
                                  : "one thing at a time: a word, or one of --domain, --ip, --hash, "
                                    "--path, --technique, --rule, --repository"};
}

// "domain evil.sh, path evil.sh"
std::string looked_for(const Asked& asked) {
  std::string out;
  for (const Wanted& wanted : asked.any)
    out += std::string(out.empty() ? "" : ", ") + to_string(wanted.kind) + " " +
           still_printable(wanted.text, 100);
  return out;
}

Result<std::string> from_store(const po::variables_map& map, const Asked& asked) {
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
  SearchQuery query{asked.any, {}, map["limit"].as<unsigned>(), option_text(map, "start")};
  ASSAY_TRY(query.filter, read_filter(map));
  ASSAY_TRY(SearchPage page, assay::search(Keep(*store), query));
  return api::search_json(page);
}

Result<std::string> from_server(const po::variables_map& map, const Asked& asked) {
  ASSAY_TRY(ScanFilter filter, read_filter(map));  // complains before the server does
  std::string path = "/v1/search?" + asked.name + "=" + url_encode(asked.text) +
                     "&limit=" + std::to_string(map["limit"].as<unsigned>());
  for (const char* name : {"start", "since", "until", "image", "batch"})
    if (map.count(name)) path += std::string("&") + name + "=" + url_encode(option_text(map, name));
  std::string verdicts;
  for (const std::string& verdict : filter.verdicts) verdicts += (verdicts.empty() ? "" : ",") + verdict;
  if (!verdicts.empty()) path += "&verdict=" + url_encode(verdicts);
  ASSAY_TRY(Remote remote, open_remote(map));
  return remote.get(path);
}

struct Hit {
  ScanView scan;
  SearchHit found;  // `matched` alone
};

Result<Hit> read_hit(const Json& json) {
  Hit hit;
  ASSAY_TRY(hit.scan, read_scan(json.dump()));
  Fields fields(json, "hit");
  hit.found.matched_left_out = fields.number<uint64_t>("matched_left_out");
  const Json* matched = fields.list("matched");
  ASSAY_CHECK(fields.status());
  for (const Json& item : matched != nullptr ? *matched : Json::array()) {
    Fields inner(item, "match");
    auto kind = parse_trait_kind(inner.text("kind"));
    std::string role = inner.text("role");
    Trait trait{kind ? *kind : TraitKind::rule, TraitRole::found, inner.text("value")};
    for (uint8_t i = 0; i < kTraitRoles; ++i)
      if (role == to_string(static_cast<TraitRole>(i))) trait.role = static_cast<TraitRole>(i);
    ASSAY_CHECK(inner.status());
    hit.found.matched.push_back(std::move(trait));
  }
  return hit;
}

Result<int> show(const std::string& body, const Asked& asked) {
  ASSAY_TRY(Json json, parse_object(body, "the server's answer"));
  ASSAY_TRY(std::vector<Hit> hits, list_of<Hit>(json, "hits", read_hit));
  Fields fields(json, "the server's answer");
  std::string next = fields.text("next");
  auto looked = fields.number<uint64_t>("looked"), unreadable = fields.number<uint64_t>("unreadable");
  bool knows_all = !fields.has("knows_all") || fields.flag("knows_all");
  if (!next.empty() && !is_scan_id(next)) fields.wrong("next", "an id");
  ASSAY_CHECK(fields.status());

  Table table({{"SCAN"}, {"VERDICT"}, {"SCORE", true}, {"MATCHED"}, {"IMAGE"}});
  for (const Hit& hit : hits)
    table.row({hit.scan.scan_id, hit.scan.verdict, std::to_string(hit.scan.score),
               matched_text(hit.found, kMatchedShown), hit.scan.ref});
  if (!hits.empty()) std::cout << table.str(table_width());
  if (hits.empty())
    std::cerr << "assay: " << (next.empty() ? "nothing found: " : "nothing found so far: ")
              << looked_for(asked) << " (" << looked << " scans of the index looked at)\n";
  if (!next.empty()) std::cerr << "assay: there may be more: --start " << next << " goes on from there\n";
  if (unreadable > 0) std::cerr << "assay: " << unreadable << " scans are damaged and were left out\n";
  if (!knows_all)
    std::cerr
        << "assay: scans that an earlier version kept are not found, or not by all words; `assay search "
           "--reindex` on the store's host adds them, once, while nothing else writes there\n";
  return static_cast<int>(kBelowGate);
}

Result<int> add_older(const po::variables_map& map) {
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored_for_writing(map));
  ASSAY_TRY(Reindexed done, reindex(*store));
  std::printf("%llu scans, %llu of them newly in the index\n", static_cast<unsigned long long>(done.scans),
              static_cast<unsigned long long>(done.added));
  if (done.unreadable == 0) return static_cast<int>(kBelowGate);
  std::cerr << "assay: " << done.unreadable << " scans are damaged and were left out: " << done.first_error
            << "\n";
  return static_cast<int>(kFailed);
}

Result<int> run(const po::variables_map& map) {
  ASSAY_TRY(bool farm, from_farm(map));
  if (map.count("reindex")) {
    if (farm || map.count("what"))
      return Error{Errc::invalid, "--reindex is about the store of --data alone, and looks for nothing"};
    return add_older(map);
  }
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(Asked asked, asked_of(map));
  unsigned limit = map["limit"].as<unsigned>();
  if (limit == 0 || limit > kMaxLimit) return Error{Errc::invalid, "--limit takes 1 to 1000"};
  if (map.count("start") && !is_scan_id(option_text(map, "start")))
    return Error{Errc::invalid, "--start '" + printable(option_text(map, "start"), 64) + "' is no scan id"};
  ASSAY_TRY(std::string body, farm ? from_server(map, asked) : from_store(map, asked));
  if (format == Format::text) return show(body, asked);
  ASSAY_TRY(std::string shown, shown_answer(body));
  std::cout << shown;
  return static_cast<int>(kBelowGate);
}

}  // namespace

int search(const Args& args) {
  po::options_description more("What to look for, if not by a word that says itself what it is");
  auto add = more.add_options();
  add("domain", po::value<std::string>(), "a name, and what is below it: evil.test");
  add("ip", po::value<std::string>(), "an address or a network: 203.0.113.0/24");
  add("hash", po::value<std::string>(),
      "of a SHA-256 8 or more digits: of files, programs, downloads, layers");
  add("path", po::value<std::string>(), "a path, a directory (/tmp/), or how a path ends (bin/xmrig)");
  add("technique", po::value<std::string>(), "of ATT&CK, and its sub-techniques: T1496");
  add("rule", po::value<std::string>(), "a rule's id");
  add("repository", po::value<std::string>(),
      "whose images were scanned: nginx, nginx:1.25, ghcr.io/team/app, ghcr.io/team/");
  add("start", po::value<std::string>(), "go on from this scan");
  add("reindex", "give scans their place that an earlier version kept");
  add_filter_options(more);
  return run_stored(
      args,
      "assay search WHAT [OPTIONS]\nFinds stored scans by what they asked, contacted, ran, left "
      "behind or were found to do, newest first.",
      "what", false, run, true, &more);
}

}  // namespace assay::cli
