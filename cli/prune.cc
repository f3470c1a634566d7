// assay prune: takes away what is too old, or too much: from this host's store by the rules that are given
// here, from a farm by those of its scheduler.
#include <boost/program_options.hpp>
#include <iostream>
#include <limits>

#include "cli/json_fields.h"
#include "cli/options.h"
#include "cli/remote_verb.h"
#include "cli/stored.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "common/clock.h"
#include "common/text.h"
#include "scheduler/prune_json.h"
#include "scheduler/pruner.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

using layout::count_text;
using layout::plural;
using layout::size_text;

constexpr const char* kUsageText =
    "assay prune [--retain RULE...] [--budget SIZE] [OPTIONS]\n"
    "Takes away artifacts, traces, reports and records of scans that are too old, or too much. Pinned scans "
    "stay.\n"
    "A RULE is KIND[/VERDICT]=AGE: --retain traces=30d --retain traces/malicious=1y --retain artifacts=14d.\n"
    "With a budget the least valuable goes first: archives and traces of scans that found nothing, the "
    "oldest\n"
    "before the newer; reports only after all traces. With --server, by the scheduler's own rules.";

// What goes, whether it is this host's word or a server's.
Result<std::string> as_text(const std::string& answer) {
  ASSAY_TRY(Json json, parse_object(answer, "what retention says"));
  Fields fields(json, "retention");
  bool dry_run = fields.flag("dry_run");
  auto store = fields.number<uint64_t>("store_bytes"), budget = fields.number<uint64_t>("budget_bytes");
  auto scans = fields.number<uint64_t>("scans"), pinned = fields.number<uint64_t>("pinned");
  bool more = fields.flag("more");
  const Json* kinds = fields.list("kinds");
  ASSAY_CHECK(fields.status());
  Table table({{"KIND"}, {"VERDICT"}, {"SCANS", true}, {"SIZE", true}});
  uint64_t sum = 0;
  if (kinds != nullptr)
    for (const Json& item : *kinds) {
      Fields row(item, "kind");
      auto bytes = row.number<uint64_t>("bytes");
      table.row({row.text("kind"), row.text("verdict"), count_text(row.number<uint64_t>("scans")),
                 size_text(bytes)});
      ASSAY_CHECK(row.status());
      sum += bytes;
    }
  std::string out = table.empty() ? "" : table.str(table_width()) + "\n";
  out += "store    " + size_text(store) + (budget > 0 ? " of at most " + size_text(budget) : "") + ", " +
         plural(scans, "scan") + ", " + count_text(pinned) + " pinned\n";
  if (table.empty()) return out + (dry_run ? "nothing would go\n" : "nothing goes\n");
  return out + (dry_run ? "would go " : "goes     ") + "about " + size_text(sum) +
         (more ? ", and more after that" : "") + "\n";
}

std::string words_of(uint8_t take) {
  if (take & kRecordPruned) return "all of it";
  std::string out;
  for (const std::string& word : pruned_words(take)) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string each_text(const PrunePlan& plan) {
  Table table({{"SCAN"}, {"VERDICT"}, {"GOES"}, {"SIZE", true}, {"WHY"}});
  for (const PruneChoice& choice : plan.choices) {
    uint64_t bytes = 0;
    for (uint64_t kind : choice.bytes) bytes += kind;
    table.row({choice.scan_id, to_string(choice.of), words_of(choice.take), size_text(bytes),
               choice.by_budget ? "the store is too large" : "its age"});
  }
  return table.empty() ? "" : table.str(table_width()) + "\n";
}

Json each_json(const PrunePlan& plan) {
  Json list = Json::array();
  for (const PruneChoice& choice : plan.choices) {
    uint64_t bytes = 0;
    for (uint64_t kind : choice.bytes) bytes += kind;
    list.push_back({{"scan_id", choice.scan_id},
                    {"verdict", to_string(choice.of)},
                    {"record", (choice.take & kRecordPruned) != 0},
                    {"goes", pruned_words(choice.take)},
                    {"by", choice.by_budget ? "budget" : "age"},
                    {"bytes", bytes}});
  }
  return list;
}

Status show(const PrunePlan& plan, const RetentionPolicy& policy, bool dry_run,
            const po::variables_map& map) {
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  bool each = map.count("verbose") > 0;
  std::string answer = prune_json(plan, policy, dry_run);
  if (format == Format::text) {
    ASSAY_TRY(std::string text, as_text(answer));
    std::cout << (each ? each_text(plan) : "") << text;
    return Status();
  }
  ASSAY_TRY(Json json, parse_object(answer, "what retention says"));
  if (each) json["each"] = each_json(plan);
  std::cout << json.dump(2) << "\n";
  return Status();
}

// The store is this process's alone: what a step hands out is committed at once.
Status prune_all(Store& store, Pruner& pruner, const std::function<Status()>& looked) {
  bool told = false;
  while (!pruner.finished()) {
    ASSAY_TRY(auto actions, pruner.step());
    if (!told) ASSAY_CHECK(looked());
    told = true;
    std::vector<StoreBatch> group;
    for (const PruneAction& action : actions) group.push_back(action.batch);
    if (group.empty()) continue;
    ASSAY_TRY(auto outcomes, store.commit(group));
    for (size_t i = 0; i < actions.size(); ++i)
      outcomes[i] ? pruner.committed(actions[i].choice) : pruner.refused();
  }
  return Status();
}

Result<RetentionPolicy> read_policy(const po::variables_map& map) {
  std::vector<std::string> rules;
  if (map.count("retain")) rules = map["retain"].as<std::vector<std::string>>();
  auto policy = parse_retention(rules);
  if (policy && map.count("budget")) {
    ASSAY_TRY(policy->budget_bytes, parse_bytes(option_text(map, "budget")));
  }
  if (policy && policy->empty())
    return Error{Errc::invalid, "nothing says what is to go: give --retain or --budget (--help tells more)"};
  return policy;
}

Result<int> prune_here(const po::variables_map& map) {
  ASSAY_TRY(RetentionPolicy policy, read_policy(map));
  if (map.count("dry-run")) {
    ASSAY_TRY(std::unique_ptr<Store> store, open_stored(map));
    ASSAY_TRY(PrunePlan plan, plan_prune(*store, policy, wall_ns(), std::numeric_limits<size_t>::max()));
    ASSAY_CHECK(show(plan, policy, true, map));
    return static_cast<int>(kBelowGate);
  }
  ASSAY_TRY(std::unique_ptr<Store> store, open_stored_for_writing(map));
  Pruner pruner(*store, policy, wall_ns());
  ASSAY_CHECK(prune_all(*store, pruner, [&] { return show(pruner.plan(), policy, false, map); }));
  if (!pruner.trouble().empty())
    return Error{Errc::no_space,
                 "what was to go has gone, but its room comes back later: " + pruner.trouble()};
  if (pruner.over_budget())
    return Error{Errc::limit, "the store still has " + size_text(pruner.plan().usage.disk_bytes) +
                                  " and may have " + size_text(policy.budget_bytes) +
                                  ": what is left is pinned (" + count_text(pruner.plan().pinned) +
                                  " scans) or under way"};
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  if (format == Format::text) std::cout << "now      " << size_text(pruner.plan().usage.disk_bytes) << "\n";
  return static_cast<int>(kBelowGate);
}

Result<int> prune_farm(const po::variables_map& map) {
  if (map.count("retain") || map.count("budget") || map.count("verbose"))
    return Error{
        Errc::invalid,
        "--retain, --budget and --verbose are for this host's store: a farm's retention stands in its "
        "scheduler's configuration"};
  ASSAY_TRY(Format format, parse_format(option_text(map, "format")));
  ASSAY_TRY(Remote remote, open_remote(map));
  ASSAY_TRY(std::string answer, remote.post("/v1/prune", Json{{"dry_run", map.count("dry-run") > 0}}.dump()));
  if (format == Format::text) {
    ASSAY_TRY(std::string text, as_text(answer));
    std::cout << text;
  } else {
    ASSAY_TRY(Json json, parse_object(answer, "the server's answer"));
    std::cout << json.dump(2) << "\n";
  }
  return static_cast<int>(kBelowGate);
}

}  // namespace

int prune(const Args& args) {
  po::options_description more("Retention");
  auto add = more.add_options();
  add("dry-run", "say what would go, and take nothing");
  add("retain", po::value<std::vector<std::string>>()->composing(),
      "KIND[/VERDICT]=AGE; may be given several times");
  add("budget", po::value<std::string>(), "at most so much on disk, as in 20G");
  add("verbose", "list each scan that something is taken from");
  return run_stored(
      args, kUsageText, "word", false,
      [](const po::variables_map& map) -> Result<int> {
        if (map.count("word"))
          return Error{Errc::invalid,
                       "assay prune takes no word, but got '" + option_text(map, "word") + "'"};
        ASSAY_TRY(bool farm, from_farm(map));
        return farm ? prune_farm(map) : prune_here(map);
      },
      true, &more);
}

}  // namespace assay::cli
