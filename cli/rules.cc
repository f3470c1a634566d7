// assay rules: whether rules are right, what there is, what one looks for, and whether each does what its
// cases say. Finds the verb and reads its options.
#include <iostream>
#include <map>

#include "cli/options.h"
#include "cli/rules_verbs.h"
#include "cli/verbs.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr const char* kUsageText =
    "assay rules check [DIR|FILE...]   say what is wrong with rules: file, line and cause\n"
    "assay rules list [DIR]            show the rules, and why some of them can never fire\n"
    "assay rules explain RULE...       say in plain words what a rule looks for\n"
    "assay rules test [DIR] [RULE...]  run the cases on which each rule fires, and its near misses\n\n"
    "DIR: else $ASSAY_RULES, else the installed rules. RULE: its id, title or file, or a part of these.\n"
    "Exit codes: 0 all is well, 1 something is wrong, 2 wrong use.";

struct Step {
  Result<int> (*run)(const po::variables_map&, const Words&);
  const char* options;  // those that it takes, besides format, rules and help
};

const std::map<std::string, Step>& steps() {
  static const std::map<std::string, Step> kSteps = {
      {"check", {check_rules, ""}},
      {"list", {list_rules, "technique category level not-evaluated"}},
      {"explain", {explain_rules, "all cases"}},
      {"test", {test_rules, "cases"}}};
  return kSteps;
}

po::options_description options() {
  po::options_description out("Options");
  auto add = out.add_options();
  add("format", po::value<std::string>()->default_value("text"), "check, list, test: text or json");
  add("rules", po::value<std::string>(), "directory of the rules, as DIR");
  add("cases", po::value<std::string>(), "test, explain: directory of the cases (default: DIR/cases)");
  add("all", "explain: do not cut long lists");
  add("technique", po::value<std::string>(), "list: those of this technique or below it, as in T1053");
  add("category", po::value<std::string>(), "list: those whose findings, or events, are of this category");
  add("level", po::value<std::string>(), "list: those of these levels, as in high,critical");
  add("not-evaluated", "list: those that can never fire");
  add("help,h", "this text");
  return out;
}

// An option of another verb would be silently without effect.
Status expect_options(const po::variables_map& map, const std::string& verb, const Step& step) {
  std::string taken = std::string(" ") + step.options + " ";
  for (const char* name : {"cases", "all", "technique", "category", "level", "not-evaluated"})
    if (map.count(name) && taken.find(" " + std::string(name) + " ") == std::string::npos)
      return Error{Errc::invalid, "assay rules " + verb + " has no option --" + name};
  ASSAY_TRY(Format format, parse_format(map["format"].as<std::string>()));
  if (verb == "explain" && format == Format::json)
    return Error{Errc::invalid, "assay rules explain is for people: there is no --format json"};
  return {};
}

Result<int> run(const po::variables_map& map, const std::string& verb, const Step& step, const Words& words) {
  ASSAY_CHECK(expect_options(map, verb, step));
  ASSAY_TRY(int code, step.run(map, words));
  ASSAY_CHECK(flush_stdout());
  return code;
}

}  // namespace

Result<std::string> rules_dir(const po::variables_map& map, const Words& words) {
  bool named = map.count("rules") > 0;
  if (words.size() + named > 1) return Error{Errc::invalid, "one directory of rules is wanted"};
  return named ? map["rules"].as<std::string>() : words.empty() ? std::string() : words[0];
}

int rules(const Args& args) {
  po::options_description all;
  all.add(options()).add_options()("word", po::value<Words>());
  auto map = parse(args, all, "word");
  if (!map) return complain(map.error(), kUsage);
  if (map->count("help")) {
    std::cout << kUsageText << "\n\n" << options();
    return kBelowGate;
  }
  Words words = map->count("word") ? (*map)["word"].as<Words>() : Words();
  auto step = words.empty() ? steps().end() : steps().find(words[0]);
  if (step == steps().end()) {
    std::cerr << (words.empty() ? "" : "assay: rules has no verb '" + printable(words[0], 50) + "'\n\n")
              << kUsageText << "\n";
    return kUsage;
  }
  words.erase(words.begin());
  auto done = run(*map, step->first, step->second, words);
  return done ? *done : complain(done.error(), done.error().code == Errc::invalid ? kUsage : kFailed);
}

}  // namespace assay::cli
