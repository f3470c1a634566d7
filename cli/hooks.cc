// assay hooks: makes, lists and revokes the webhooks of the scheduler on this host. Works on their file
// alone; the scheduler reads that for every request.
#include <boost/program_options.hpp>
#include <iostream>

#include "cli/remote_verb.h"
#include "common/process.h"
#include "common/text.h"
#include "scheduler/hooks/hook.h"

namespace assay::cli {
namespace {

constexpr RemoteUsage kUsageText = {
    "assay hooks new NAME SENDER [OPTION=VALUE...]   make a webhook; its secret is shown this once\n"
    "assay hooks list                                names, senders, tenants and options\n"
    "assay hooks revoke NAME                         take nothing for it any more\n\n"
    "Senders: registry (Docker Registry notifications), harbor, dockerhub, github (GHCR), gitlab, ecr.\n"
    "Options: host=REGISTRY (in place of the payload's word), repositories=GLOB[,GLOB...], lane=LANE,\n"
    "per_minute=N, untagged=yes, insecure=yes; for ecr also queue=URL, region=, role=ARN, endpoint=URL.",
    "words"};

std::string default_file() {
  std::string file = environment("ASSAY_HOOKS");
  return file.empty() ? "/etc/assay/hooks" : file;
}

// What is to be set at the sender; docs/hooks.md says it step by step.
const char* set_up(hooks::Sender sender) {
  switch (sender) {
    case hooks::Sender::registry:
      return "in the registry's config.yml, below notifications.endpoints: url: the URL, headers: "
             "Authorization: "
             "[Bearer SECRET]";
    case hooks::Sender::harbor:
      return "in the project's Webhooks: the URL as endpoint, the secret as auth header, event Artifact "
             "pushed";
    case hooks::Sender::dockerhub:
      return "in the repository's Webhooks: the URL, which holds the secret: Docker Hub sends no header";
    case hooks::Sender::github:
      return "in the repository's or organization's Webhooks: the URL, content type application/json, the "
             "secret, "
             "event Packages";
    case hooks::Sender::gitlab:
      return "in gitlab.rb, registry['notifications']: url: the URL, headers: X-Gitlab-Token or "
             "Authorization: "
             "[SECRET]; project webhooks tell nothing of images";
    case hooks::Sender::ecr:
      return "in EventBridge, an API destination: the URL, a connection with an API key named X-API-Key and "
             "the "
             "secret as its value; a rule for ECR Image Action";
  }
  return "";
}

Status make_hook(const po::variables_map& map, const std::vector<std::string>& words) {
  if (words.size() < 3) return Error{Errc::invalid, "usage: assay hooks new NAME SENDER [OPTION=VALUE...]"};
  hooks::Hook hook;
  hook.name = words[1];
  ASSAY_TRY(hook.sender, hooks::parse_sender(words[2]));
  hook.tenant = map.count("tenant") ? map["tenant"].as<std::string>() : hook.name;
  for (size_t i = 3; i < words.size(); ++i) ASSAY_CHECK(hooks::set_option(hook, words[i]));
  std::string base = map["url"].as<std::string>();
  while (base.ends_with('/')) base.pop_back();
  ASSAY_TRY(std::string secret, hooks::add_hook(map["file"].as<std::string>(), hook));
  std::string url = base + "/v1/hooks/" + hook.name;
  if (hook.sender == hooks::Sender::dockerhub) url += "/" + secret;
  std::cerr << "hook " << hook.name << ": URL and secret; the secret is not shown again\n"
            << set_up(hook.sender) << "\n";
  std::cout << url << "\n" << secret << "\n";
  return Status();
}

Status list_hooks(const po::variables_map& map) {
  ASSAY_TRY(auto known, hooks::load_hooks(map["file"].as<std::string>()));
  for (const hooks::Hook& hook : known)
    std::cout << hook.name << "  " << hooks::to_string(hook.sender) << "  tenant " << hook.tenant
              << hooks::options_text(hook) << "\n";
  return Status();
}

Status revoke_hook(const po::variables_map& map, const std::vector<std::string>& words) {
  if (words.size() != 2) return Error{Errc::invalid, "usage: assay hooks revoke NAME"};
  ASSAY_CHECK(hooks::revoke_hook(map["file"].as<std::string>(), words[1]));
  std::cout << words[1] << "  revoked\n";
  return Status();
}

Status run(const po::variables_map& map) {
  std::vector<std::string> words = option_words(map, "words");
  std::string verb = words.empty() ? "" : words[0];
  if (verb == "new") return make_hook(map, words);
  if (verb == "list" && words.size() == 1) return list_hooks(map);
  if (verb == "revoke") return revoke_hook(map, words);
  return Error{Errc::invalid, "assay hooks knows new, list and revoke" +
                                  (verb.empty() ? "" : ", not '" + printable(verb, 100) + "'")};
}

}  // namespace

int hooks(const Args& args) {
  po::options_description options("Options");
  auto add = options.add_options();
  add("file", po::value<std::string>()->default_value(default_file()), "the hook file ($ASSAY_HOOKS)");
  add("tenant", po::value<std::string>(), "new: whom its scans count for; the hook's name if it is not said");
  add("url", po::value<std::string>()->default_value("https://assay.example"),
      "new: where senders reach the scheduler's API");
  return run_remote(args, kUsageText, options, [](const po::variables_map& map) -> Result<int> {
    ASSAY_CHECK(run(map));
    return static_cast<int>(kBelowGate);
  });
}

}  // namespace assay::cli
