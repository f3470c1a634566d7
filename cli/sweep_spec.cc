// Options to fields, one each.
#include "cli/sweep_spec.h"

#include <boost/program_options.hpp>

#include "cli/json_fields.h"
#include "cli/order_json.h"
#include "cli/wish_options.h"
#include "common/text.h"
#include "scheduler/sweeps/spec.h"
#include "sources/source.h"

namespace assay::cli {
namespace {

// Options, and the fields that they are; lists may be repeated.
struct Named {
  const char *option, *field;
};
constexpr Named kLists[] = {{"repositories", "repositories"}, {"tags", "tags"}, {"platforms", "platforms"}};
constexpr Named kTexts[] = {{"semver", "semver"},
                            {"since", "pushed_since"},
                            {"schedule", "schedule"},
                            {"time-zone", "time_zone"},
                            {"deadline", "deadline"}};
constexpr Named kNumbers[] = {{"newest", "newest"}, {"most", "most_scans"}, {"parallel", "parallel"}};
// What only says how to talk to the scheduler, or what to do with the sweep.
constexpr const char* kBesideFile[] = {"words",   "server", "token-file", "format",
                                       "replace", "gate",   "limit",      "help"};

Result<Json> source_of(const std::string& text, const po::variables_map& map) {
  ASSAY_TRY(sources::SourceSpec source,
            text.starts_with('{') ? sources::source_from_json(text) : sources::parse_source(text));
  if (map["insecure"].as<bool>()) source.insecure = true;
  // On the scheduler's host, which lists; on the agents', which pull, by the profile.
  if (map.count("authfile")) source.auth_file = option_text(map, "authfile");
  return parse_object(sources::source_json(source), "the source");
}

// How each image is to be run.
Status add_profile(const po::variables_map& map, Json& spec) {
  if (map.count("platform"))
    return Error{Errc::invalid,
                 "--platform is of one image; a sweep takes --platforms, each a scan of its own"};
  for (const char* option : {"lane", "expect"})
    if (map.count(option))
      return Error{Errc::invalid, std::string("--") + option + " is not for a sweep to say"};
  ASSAY_TRY(Wish wish, read_wish(map));
  if (wish.personas.size() > 1)
    for (Persona persona : wish.personas) spec["personas"].push_back(to_string(persona));
  wish.insecure = false;  // the sources say it
  Json profile = Json::object();
  write_wish(profile, wish);
  if (!profile.empty()) spec["profile"] = std::move(profile);
  return Status();
}

Result<SweepOrder> from_options(const po::variables_map& map, const std::string& name) {
  Json spec = {{"name", name}, {"sources", Json::array()}};
  for (const std::string& text : option_words(map, "source")) {
    ASSAY_TRY(Json source, source_of(text, map));
    spec["sources"].push_back(std::move(source));
  }
  for (const auto& [option, field] : kLists)
    if (map.count(option)) spec[field] = option_words(map, option);
  for (const auto& [option, field] : kTexts)
    if (map.count(option)) spec[field] = option_text(map, option);
  for (const auto& [option, field] : kNumbers)
    if (map.count(option)) spec[field] = map[option].as<uint64_t>();
  if (map["untagged"].as<bool>()) spec["untagged"] = true;
  ASSAY_CHECK(add_profile(map, spec));
  return SweepOrder{name, body_text(spec)};
}

Result<SweepOrder> from_file(const po::variables_map& map, const std::string& file) {
  for (const auto& [option, value] : map) {
    bool beside = std::find(std::begin(kBesideFile), std::end(kBesideFile), option) != std::end(kBesideFile);
    if (!beside && !value.defaulted())
      return Error{Errc::invalid, "--" + option + " is of no use beside a file, which says all of a sweep; " +
                                      "without a file, --source names where the images are"};
  }
  std::string name = file == "-" ? "standard input" : "file " + printable(file, 200);
  auto text = read_input(file);
  if (!text) return text.error().context("sweep add takes a file, or a name and --source");
  if (text->size() > sweeps::kMaxSpecBytes)
    return Error{Errc::invalid, name + " has more than " + std::to_string(sweeps::kMaxSpecBytes) + " bytes"};
  auto json = parse_object(*text, name);
  if (!json) return Error{Errc::invalid, json.error().what};
  Fields fields(*json, name);
  SweepOrder out{fields.text("name"), std::move(*text)};
  if (!fields.status()) return Error{Errc::invalid, fields.status().error().what};
  return out;
}

}  // namespace

void add_sweep_options(po::options_description& options) {
  using Words = std::vector<std::string>;
  auto add = options.add_options();
  auto words = [] { return po::value<Words>()->composing(); };
  add("source", words(),
      "where the images are, may be repeated: HOST[:PORT], HOST/REPO,REPO..., or\n"
      "ecr:REGION,REGION?role=ARN (docs/sources.md)");
  add("repositories", words(), "only those whose name matches, as in 'team/*'; '!' before it: all but those");
  add("tags", words(), "only tags that match, likewise");
  add("semver", po::value<std::string>(), "only tags that are versions within it, as in '>=1.2 <3'");
  add("newest", po::value<uint64_t>(), "only so many of each repository");
  add("since", po::value<std::string>(), "only what was pushed since: a time, a day, or an age as in 7d");
  add("untagged", po::bool_switch(), "images without a tag, too");
  add("platforms", words(), "as in linux/arm64, each a scan of its own (default: the agents')");
  add("schedule", po::value<std::string>(), "when, as cron has it: '0 2 * * *' (default: only by sweep run)");
  add("time-zone", po::value<std::string>(), "that the schedule is in, as in Europe/Berlin (default: UTC)");
  add("deadline", po::value<std::string>(), "when a run should be done: '06:00', or '4h' after its start");
  add("most", po::value<uint64_t>(), "at most so many scans a run");
  add("parallel", po::value<uint64_t>(), "requests to one source at once, 1 to 32");
}

Result<SweepOrder> read_sweep_order(const po::variables_map& map, const std::string& word) {
  return map.count("source") ? from_options(map, word) : from_file(map, word);
}

}  // namespace assay::cli
