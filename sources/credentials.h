// credentials: logins for registries as docker keeps them: config.json (auths, credHelpers, credsStore) and
// credential helpers (docker-credential-NAME get). The same files as skopeo reads, in its order:
// containers-auth.json(5).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay::sources {

struct Login {
  std::string user, password;
  std::string identity_token;  // instead: an OAuth2 refresh token; `user` is then of no matter
  std::string from;            // the file or helper, for errors
};

/// Files that are looked at, the first that names the registry wins: `auth_file` alone where it is given;
/// else $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json (/run/containers/UID/auth.json),
/// ~/.config/containers/auth.json, $DOCKER_CONFIG/config.json (~/.docker/config.json).
std::vector<std::filesystem::path> auth_files(const std::string& auth_file);

/// The login for a repository of a registry ("docker.io" is known by its old names too; the longest prefix of
/// "HOST/REPOSITORY" that a file names wins); nothing: none is kept, ask as nobody. Errors name the file or
/// helper and never the secret: invalid (a file that is no such thing), denied (it cannot be read), io,
/// timeout (a helper).
Result<std::optional<Login>> find_login(const std::string& registry, const std::string& repository,
                                        const std::string& auth_file, int stop_fd = -1);

}  // namespace assay::sources
