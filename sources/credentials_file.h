// credentials_file: one docker config.json or containers auth.json, read from its text: which login it holds
// for a repository, or which helper knows. Pure. Sources: containers-auth.json(5); docker/cli,
// cli/config/configfile/file.go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "sources/credentials.h"

namespace assay::sources {

/// What a file says of one repository. Both empty: nothing.
struct KeptLogin {
  std::optional<Login> login;
  std::string helper;      // NAME of docker-credential-NAME, to be asked instead
  std::string server_url;  // what that helper is asked for
};

/// `name`: of the file, for errors. Errc::invalid: it is no such file.
Result<KeptLogin> login_in_file(std::string_view json, const std::string& name, const std::string& registry,
                                const std::string& repository);

/// What a helper printed to `get`.
Result<Login> login_from_helper(std::string_view json, const std::string& helper);

}  // namespace assay::sources
