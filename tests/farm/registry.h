// registry: Debian's docker-registry on a free port of the loopback, ended with the object; with TLS from an
// authority of its own and logins where that is asked for.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "common/process.h"
#include "common/result.h"

namespace assay::farm {

struct RegistryOptions {
  bool tls = false;             // certificate for 127.0.0.1 and localhost from the authority ca_file()
  std::string user, password;   // htpasswd; empty: nobody has to log in
  std::string notifications{};  // YAML below `notifications:`, or nothing
};

class TestRegistry {
 public:
  /// `dir`: made by the caller; everything of it comes below. Returns once it accepts connections.
  static Result<TestRegistry> start(const std::filesystem::path& dir, const RegistryOptions& options = {});

  const std::string& host() const { return host_; }  // "127.0.0.1:PORT"
  std::string url() const { return (options_.tls ? "https://" : "http://") + host_; }
  std::filesystem::path ca_file() const { return dir_ / "ca.crt"; }
  /// Laid out as /etc/containers/certs.d: HOST/ca.crt.
  std::filesystem::path certs_dir() const { return dir_ / "certs.d"; }
  /// A docker config.json with the login.
  std::filesystem::path auth_file() const { return dir_ / "auth.json"; }
  /// `archive`: an OCI archive; `name`: "team/app:1.0".
  Status push(const std::filesystem::path& archive, const std::string& name) const;

 private:
  std::string host_;
  std::filesystem::path dir_;
  RegistryOptions options_;
  Child child_;
};

}  // namespace assay::farm
