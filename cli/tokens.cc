// assay tokens: makes, lists and revokes the tokens of the scheduler's HTTP API. Works on its file alone; the
// scheduler reads that for every request.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/remote_verb.h"
#include "common/process.h"
#include "common/text.h"
#include "scheduler/api/tokens.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay tokens new NAME ROLE[,ROLE...]   make a token, and show it: this once\n"
    "assay tokens list                      names, roles and weights\n"
    "assay tokens revoke NAME               never take it again\n\n"
    "Roles: submit (own scans), read (everything), operate (anybody's scans, agents), admin (all of it).\n"
    "Scans count for the token's name; its weight is that tenant's share of the farm.",
    "words"};

std::string default_file() {
  std::string file = environment("ASSAY_TOKENS");
  return file.empty() ? "/etc/assay/tokens" : file;
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
  std::vector<std::string> words = option_words(map, "words");
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
  return run_remote(args, kUsageText, options, [](const po::variables_map& map) -> Result<int> {
    ASSAY_CHECK(run(map));
    return static_cast<int>(kBelowGate);
  });
}

}  // namespace assay::cli
