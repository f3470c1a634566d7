// corpus-score: kept traces (`assay scan --keep-trace`) in, verdict, score and findings of each out. Runs no
// image and asks no farm: the scorer alone, so that a change of the rules is tried on a whole corpus in
// seconds.
#include <boost/program_options.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "common/interpreter.h"
#include "scheduler/evaluate.h"

namespace assay {
namespace {

namespace po = boost::program_options;
using nlohmann::json;

struct Options {
  std::string rules;
  std::vector<std::string> traces;
  bool as_json = false, verbose = false, all = false, events = false;
};

std::string techniques_of(const Finding& finding) {
  std::string text;
  for (const Technique& technique : finding.techniques) text += (text.empty() ? "" : ",") + technique.id;
  return text.empty() ? "-" : text;
}

void print_text(const Options& options, const std::string& name, const Report& report) {
  std::cout << to_string(report.verdict) << ' ' << report.score << ' ' << name;
  for (const std::string& reason : report.completeness.reasons) std::cout << "  [" << reason << ']';
  std::cout << '\n';
  for (const Finding& finding : report.findings) {
    std::cout << "    " << finding.title << "  (" << finding.rule_id << "; " << techniques_of(finding) << "; "
              << finding.level << " weight " << finding.weight << ", " << finding.contribution << " points, x"
              << finding.count << ")\n";
    if (!options.verbose && !options.all) continue;
    size_t shown = 0;
    for (const Evidence& evidence : finding.evidence) {
      if (shown++ > 0 && !options.all) break;
      std::cout << "        " << evidence.pid << "  " << evidence.text << '\n';
    }
  }
}

// What ran by itself and is the image's own, each once.
std::set<std::string> programs_of(const Report& report) {
  std::set<std::string> out;
  std::set<int32_t> ours;
  for (const Process& process : report.processes) {
    if (process.provoked || ours.contains(process.parent))
      ours.insert(process.pid);
    else if (process.origin == "image" && !process.path.empty())
      out.insert(process.path);
  }
  return out;
}

// Whose package the program is that the first process runs in the end; as ProcessTree::root_package().
std::string kind_of(const Report& report) {
  if (report.processes.empty()) return "";
  const Process& first = report.processes.front();
  bool known = first.package_state == "unchanged" && !is_interpreter(first.path);
  return known ? first.package : "";
}

/// What bench/corpus/measure.py and baseline.py read: one line a report.
json summary(const std::string& name, const Report& report, const std::vector<std::string>& events) {
  json findings = json::array();
  for (const Finding& finding : report.findings) {
    std::vector<std::string> evidence, techniques;
    for (const Evidence& one : finding.evidence) evidence.push_back(one.text);
    for (const Technique& technique : finding.techniques) techniques.push_back(technique.id);
    findings.push_back({{"rule", finding.rule_id},
                        {"title", finding.title},
                        {"level", finding.level},
                        {"category", finding.category},
                        {"techniques", techniques},
                        {"weight", finding.weight},
                        {"contribution", finding.contribution},
                        {"count", finding.count},
                        {"evidence", evidence}});
  }
  json line = {{"trace", name},
               {"verdict", to_string(report.verdict)},
               {"score", report.score},
               {"rules", report.rules_version},
               {"complete", report.completeness.complete},
               {"reasons", report.completeness.reasons},
               {"findings", findings},
               {"kind", kind_of(report)},
               {"programs", programs_of(report)},
               {"output", report.output}};
  if (!events.empty()) line["events"] = events;
  return line;
}

Status score(const Options& options, const RuleSet& rules, const std::string& path) {
  std::vector<std::string> events;
  ASSAY_TRY(Report report, evaluate_file(path, rules, [&](const Event& event) {
              if (options.events) events.push_back(std::to_string(event.pid) + "  " + event_text(event));
            }));
  if (options.as_json) {
    std::cout << summary(path, report, events).dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    return Status();
  }
  print_text(options, path, report);
  for (const std::string& event : events) std::cout << "    | " << event << '\n';
  return Status();
}

int run(const Options& options) {
  auto rules = RuleSet::load(options.rules);
  if (!rules) {
    std::cerr << "corpus-score: " << rules.error().what << '\n';
    return 1;
  }
  int status = 0;
  for (const std::string& path : options.traces) {
    if (Status scored = score(options, *rules, path); !scored) {
      std::cerr << "corpus-score: " << scored.error().what << '\n';
      status = 1;
    }
  }
  return status;
}

int main_of(int argc, char** argv) {
  po::options_description described("Options");
  auto add = described.add_options();
  add("rules", po::value<std::string>()->default_value(ASSAY_SOURCE_DIR "/rules"), "directory of rules");
  add("json", po::bool_switch(), "one JSON object a line");
  add("verbose,v", po::bool_switch(), "the first evidence of each finding");
  add("all", po::bool_switch(), "all evidence kept of each finding");
  add("events", po::bool_switch(), "every event of the trace");
  add("trace", po::value<std::vector<std::string>>(), "kept trace");
  add("help,h", "this text");
  po::positional_options_description positional;
  positional.add("trace", -1);
  po::variables_map map;
  try {
    po::store(po::command_line_parser(argc, argv).options(described).positional(positional).run(), map);
  } catch (const po::error& error) {
    std::cerr << "corpus-score: " << error.what() << '\n';
    return 2;
  }
  if (map.count("help") || !map.count("trace")) {
    std::cout << "corpus-score [OPTIONS] TRACE...\n" << described;
    return map.count("help") ? 0 : 2;
  }
  return run({map["rules"].as<std::string>(), map["trace"].as<std::vector<std::string>>(),
              map["json"].as<bool>(), map["verbose"].as<bool>(), map["all"].as<bool>(),
              map["events"].as<bool>()});
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) { return assay::main_of(argc, argv); }
