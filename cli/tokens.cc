// assay tokens: makes, lists and revokes the tokens of the scheduler's HTTP API. Works on its file alone; the
// scheduler reads that for every request.
#include <boost/program_options.hpp>
#include <cstdlib>
#include <iostream>

#include "cli/options.h"
#include "cli/verbs.h"
#include "common/text.h"
#include "scheduler/api/tokens.h"

namespace assay::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kUsageText =
    "assay tokens new NAME ROLE[,ROLE...]   make a token, and show it: this once\n"
    "assay tokens list                      names, roles and weights\n"
    "assay tokens revoke NAME               never take it again\n\n"
    "Roles: submit (own scans), read (everything), operate (anybody's scans, agents), admin (all of it).\n"
    "Scans count for the token's name; its weight is that tenant's share of the farm.";

std::string default_file() {
  const char* file = std::getenv("ASSAY_TOKENS");
  return file != nullptr && *file != 0 ? file : "/etc/assay/tokens";
}

Status make_token(const po::variables_map& map, const std::vector<std::string>& words) {
  if (words.size() != 3) return Error{Errc::invalid, "usage: assay tokens new NAME ROLE[,ROLE...]"};
  ASSAY_TRY(api::Roles roles, api::parse_roles(words[2]));
  ASSAY_TRY(std::string token,
            api::add_token(map["file"].as<std::string>(), words[1], roles, map["weight"].as<uint32_t>()));
  std::cerr << "token of " << words[1] << ", for Authorization: Bearer; it is not shown again\n";
  std::cout << token << "\n";
  return Status();
}

Status list_tokens(const po::variables_map& map) {
  ASSAY_TRY(auto tokens, api::load_tokens(map["file"].as<std::string>()));
  for (const api::Token& token : tokens) {
    std::cout << token.name << "  " << api::to_string(token.roles);
    if (token.weight != 1) std::cout << "  weight " << token.weight;
    std::cout << "\n";
  }
  return Status();
}

Status revoke_token(const po::variables_map& map, const std::vector<std::string>& words) {
  if (words.size() != 2) return Error{Errc::invalid, "usage: assay tokens revoke NAME"};
  ASSAY_CHECK(api::revoke_token(map["file"].as<std::string>(), words[1]));
  std::cout << words[1] << "  revoked\n";
  return Status();
}

Status run(const po::variables_map& map) {
  std::vector<std::string> words;
  if (map.count("words")) words = map["words"].as<std::vector<std::string>>();
  std::string verb = words.empty() ? "" : words[0];
  if (verb == "new") return make_token(map, words);
  if (verb == "list" && words.size() == 1) return list_tokens(map);
  if (verb == "revoke") return revoke_token(map, words);
  return Error{Errc::invalid, "assay tokens knows new, list and revoke" +
                                  (verb.empty() ? "" : ", not '" + printable(verb, 100) + "'")};
}

}  // namespace

int tokens(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("file", po::value<std::string>()->default_value(default_file()), "the token file ($ASSAY_TOKENS)");
  add("weight", po::value<uint32_t>()->default_value(1), "new: 1 to 1000");
  add("help,h", "this text");
  po::options_description all;
  all.add(options).add_options()("words", po::value<std::vector<std::string>>());
  auto map = parse(args, all, "words");
  if (!map) return complain(map.error(), kUsage);
  if (map->count("help")) {
    std::cout << kUsageText << "\n\n" << options;
    return kBelowGate;
  }
  Status done = run(*map);
  if (!done) return complain(done.error(), done.error().code == Errc::invalid ? kUsage : kFailed);
  if (Status out = flush_stdout(); !out) return complain(out.error(), kFailed);
  return kBelowGate;
}

}  // namespace assay::cli
