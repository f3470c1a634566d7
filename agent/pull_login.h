// pull_login: what an agent knows of registries beside the jobs' own words: its directory of certificates,
// its registries.conf, and Amazon's registries, for which it makes the login itself. A login is given to
// skopeo in a file of the pull's own.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/image_ref.h"
#include "common/result.h"
#include "sources/aws/ecr.h"

namespace assay {

/// A registry that takes Amazon's tokens though its name is none of ECR's.
struct EcrPlace {
  std::string host, region, role, endpoint;
};
/// "HOST=REGION[,role=ARN][,endpoint=URL]". Errc::invalid names the text and the rule.
Result<EcrPlace> parse_ecr_place(std::string_view text);

struct RegistryAccess {
  std::string certs_dir;        // laid out as /etc/containers/certs.d; empty: skopeo's own places
  std::string registries_conf;  // empty: skopeo's own
  std::vector<EcrPlace> ecr;
};

/// Whether these are there and can be read.
Status check_access(const RegistryAccess& access);

/// A file below `dir` for skopeo with this login (common/registry_auth.h) for the reference's registry,
/// readable by its owner alone.
Result<std::filesystem::path> write_login(const ImageRef& ref, const std::string& registry_auth,
                                          const std::filesystem::path& dir);

/// One worker's: tokens are kept from pull to pull, and asked for anew before they expire.
class PullLogins {
 public:
  PullLogins(RegistryAccess access, int cancel_fd) : access_(std::move(access)), cancel_fd_(cancel_fd) {}

  /// A file below `dir` with the login for this reference, readable by its owner alone; nothing where Amazon
  /// has no part in it, or where one of docker's or containers' files names its registry already.
  Result<std::optional<std::filesystem::path>> write(const ImageRef& ref, const std::filesystem::path& dir);
  /// What the last write() gave was refused: the next one asks anew.
  void refused(const ImageRef& ref);
  const RegistryAccess& access() const { return access_; }

 private:
  Result<sources::aws::EcrLogin*> login_for(const ImageRef& ref);

  RegistryAccess access_;
  int cancel_fd_;
  std::map<std::string, sources::aws::EcrLogin> logins_;  // by registry
};

}  // namespace assay
