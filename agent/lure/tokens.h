// tokens: what tokens.cc, which knows where honeytokens lie, and token_texts.cc, which knows how each is
// written down, share.
#pragma once

#include <string>
#include <vector>

#include "agent/lure/forms.h"
#include "agent/lure/lures.h"

namespace assay::lure {

struct Context {
  const Seed& seed;
  const Setting& setting;
};

/// Fills in a token's text and values.
using Write = void (*)(Draw& draw, const Context& context, Token& token);

// Files.
void write_aws_credentials(Draw& draw, const Context& context, Token& token);
void write_ssh_key(Draw& draw, const Context& context, Token& token);
void write_npmrc(Draw& draw, const Context& context, Token& token);
void write_pypirc(Draw& draw, const Context& context, Token& token);
void write_netrc(Draw& draw, const Context& context, Token& token);
void write_git_credentials(Draw& draw, const Context& context, Token& token);
void write_kube_config(Draw& draw, const Context& context, Token& token);
void write_docker_config(Draw& draw, const Context& context, Token& token);
void write_gcloud(Draw& draw, const Context& context, Token& token);
void write_azure(Draw& draw, const Context& context, Token& token);
void write_gh_hosts(Draw& draw, const Context& context, Token& token);
void write_glab(Draw& draw, const Context& context, Token& token);
void write_pgpass(Draw& draw, const Context& context, Token& token);
void write_vault_token(Draw& draw, const Context& context, Token& token);
void write_terraform(Draw& draw, const Context& context, Token& token);

// Bare secrets: environment variables and what services hand out.
void write_service_account(Draw& draw, const Context& context, Token& token);
void write_github_token(Draw& draw, const Context& context, Token& token);
void write_npm_token(Draw& draw, const Context& context, Token& token);
void write_pypi_token(Draw& draw, const Context& context, Token& token);
void write_gitlab_job(Draw& draw, const Context& context, Token& token);
void write_slack_bot(Draw& draw, const Context& context, Token& token);
void write_aws_secret(Draw& draw, const Context& context, Token& token);  // values: id, secret
void write_aws_session(Draw& draw, const Context& context,
                       Token& token);  // values: id, secret, session token
void write_gcp_access(Draw& draw, const Context& context, Token& token);
void write_azure_access(Draw& draw, const Context& context, Token& token);
void write_password(Draw& draw, const Context& context, Token& token);

}  // namespace assay::lure
