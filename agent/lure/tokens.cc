// Where the honeytokens lie: in every home, in a persona's environment, behind the simulated services.
#include "agent/lure/tokens.h"

#include <span>

#include "agent/lure/places.h"

namespace assay::lure {
namespace {

struct Row {
  const char* kind;
  const char* place;
  Write write;
};

constexpr Row kHomeFiles[] = {
    {"aws_key", "/.aws/credentials", write_aws_credentials},
    {"ssh_key", "/.ssh/id_ed25519", write_ssh_key},
    {"npm", "/.npmrc", write_npmrc},
    {"pypi", "/.pypirc", write_pypirc},
    {"netrc", "/.netrc", write_netrc},
    {"git_credentials", "/.git-credentials", write_git_credentials},
    {"kube_config", "/.kube/config", write_kube_config},
    {"docker_config", "/.docker/config.json", write_docker_config},
    {"gcp_token", "/.config/gcloud/application_default_credentials.json", write_gcloud},
    {"azure_token", "/.azure/msal_token_cache.json", write_azure},
    {"github", "/.config/gh/hosts.yml", write_gh_hosts},
    {"gitlab", "/.config/glab-cli/config.yml", write_glab},
    {"database_password", "/.pgpass", write_pgpass},
    {"vault", "/.vault-token", write_vault_token},
    {"terraform", "/.terraform.d/credentials.tfrc.json", write_terraform},
};

constexpr Row kKubernetes[] = {
    {"kubernetes_token", kServiceAccountToken, write_service_account},
};

constexpr Row kCi[] = {
    {"github", "env:GITHUB_TOKEN", write_github_token},
    {"npm", "env:NPM_TOKEN", write_npm_token},
    {"pypi", "env:TWINE_PASSWORD", write_pypi_token},
    {"gitlab", "env:CI_JOB_TOKEN", write_gitlab_job},
    {"slack", "env:SLACK_BOT_TOKEN", write_slack_bot},
    {"aws_key", "env:AWS_SECRET_ACCESS_KEY", write_aws_secret},
    {"database_password", "env:STAGING_DB_PASSWORD", write_password},
};

constexpr Row kCloud[] = {
    {"aws_key", "env:AWS_SECRET_ACCESS_KEY", write_aws_secret},
};

constexpr Row kSockets[] = {
    {"docker_socket", kDockerSocket, write_password},
    {"containerd_socket", kContainerdSocket, write_password},
};

// Whoever asks finds them, in every persona.
constexpr Row kServices[] = {
    {"aws_key", kInstanceCredentials, write_aws_session},
    {"aws_key", kTaskCredentials, write_aws_session},
    {"database_password", kUserData, write_password},
    {"gcp_token", kGcpToken, write_gcp_access},
    {"azure_token", kAzureToken, write_azure_access},
    {"kubernetes_token", kKubernetesSecrets, write_service_account},
    {"database_password", kKubernetesSecrets, write_password},
};

std::span<const Row> of_persona(Persona persona) {
  switch (persona) {
    case Persona::kubernetes:
      return kKubernetes;
    case Persona::ci:
      return kCi;
    case Persona::cloud:
      return kCloud;
    case Persona::bare:
      break;
  }
  return {};
}

}  // namespace

std::vector<Token> draw_tokens(const Seed& seed, const Setting& setting) {
  std::vector<Token> out;
  Context context{seed, setting};
  auto add = [&](std::span<const Row> rows, const std::string& below) {
    for (const Row& row : rows) {
      Token token;
      token.kind = row.kind;
      token.place = below + row.place;
      token.id = token.kind + ":" + token.place;
      Draw draw(seed, token.id);
      row.write(draw, context, token);
      out.push_back(std::move(token));
    }
  };
  for (const std::string& home : setting.homes) add(kHomeFiles, home);
  add(of_persona(setting.persona), "");
  if (setting.persona != Persona::kubernetes) add(kSockets, "");
  add(kServices, "");
  return out;
}

}  // namespace assay::lure
