// Its files, its start, and skopeo to fill it.
#include "tests/farm/registry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>

#include "common/encodings.h"
#include "common/fd.h"
#include "tests/certificates.h"
#include "tests/farm/http.h"

namespace assay::farm {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

Status write(const fs::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out ? Status() : Status(Error{Errc::io, "cannot write " + file.string()});
}

Result<std::string> output(std::vector<std::string> argv) {
  std::string name = argv[0];
  ASSAY_TRY(auto done, run({.argv = std::move(argv)}, seconds(60)));
  if (done.status.shell_code() != 0) return Error{Errc::io, name + ": " + done.err};
  return done.out;
}

// An authority, and the registry's certificate by it.
Status make_certificates(const fs::path& dir) {
  ASSAY_CHECK(make_authority(dir, "ca"));
  return make_certificate(dir, "ca", "tls");
}

Status make_login(const fs::path& dir, const std::string& host, const RegistryOptions& options) {
  ASSAY_TRY(std::string line, output({"htpasswd", "-Bbn", "-C", "4", options.user, options.password}));
  ASSAY_CHECK(write(dir / "htpasswd", line));
  return write(dir / "auth.json", "{\"auths\": {\"" + host + "\": {\"auth\": \"" +
                                      base64(options.user + ":" + options.password) + "\"}}}\n");
}

std::string config(const fs::path& dir, const std::string& host, const RegistryOptions& options) {
  std::string out =
      "version: 0.1\nlog:\n  level: warn\nstorage:\n  delete:\n    enabled: true\n  filesystem:\n"
      "    rootdirectory: " +
      (dir / "blobs").string() + "\nhttp:\n  addr: " + host + "\n";
  if (options.tls)
    out += "  tls:\n    certificate: " + (dir / "tls.crt").string() +
           "\n    key: " + (dir / "tls.key").string() + "\n";
  if (!options.user.empty())
    out += "auth:\n  htpasswd:\n    realm: test\n    path: " + (dir / "htpasswd").string() + "\n";
  if (!options.notifications.empty()) out += "notifications:\n" + options.notifications;
  return out;
}

bool accepts(uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Result<TestRegistry> TestRegistry::start(const fs::path& dir, const RegistryOptions& options) {
  TestRegistry out;
  out.dir_ = dir;
  out.options_ = options;
  ASSAY_TRY(uint16_t port, free_port());
  out.host_ = "127.0.0.1:" + std::to_string(port);
  if (options.tls) {
    ASSAY_CHECK(make_certificates(dir));
    std::error_code error;
    fs::create_directories(out.certs_dir() / out.host_, error);
    fs::copy_file(dir / "ca.crt", out.certs_dir() / out.host_ / "ca.crt", error);
    if (error) return Error{Errc::io, "certs.d: " + error.message()};
  }
  if (!options.user.empty()) ASSAY_CHECK(make_login(dir, out.host_, options));
  ASSAY_CHECK(write(dir / "registry.yml", config(dir, out.host_, options)));
  ASSAY_TRY(out.child_, spawn({.argv = {"docker-registry", "serve", dir / "registry.yml"}}));
  for (auto deadline = steady_clock::now() + seconds(20); !accepts(port);) {
    if (steady_clock::now() > deadline) return Error{Errc::timeout, "docker-registry does not listen"};
    if (out.child_.wait_until(steady_clock::now() + milliseconds(50)))
      return Error{Errc::io, "docker-registry ended"};
  }
  return out;
}

Status TestRegistry::push(const fs::path& archive, const std::string& name) const {
  std::vector<std::string> argv = {"skopeo", "--insecure-policy", "copy", "--quiet"};
  if (options_.tls)
    argv.insert(argv.end(), {"--dest-cert-dir", (certs_dir() / host_).string()});
  else
    argv.push_back("--dest-tls-verify=false");
  if (!options_.user.empty()) argv.insert(argv.end(), {"--dest-authfile", auth_file().string()});
  argv.insert(argv.end(), {"oci-archive:" + archive.string(), "docker://" + host_ + "/" + name});
  ASSAY_TRY(std::string said, output(std::move(argv)));
  return Status();
}

}  // namespace assay::farm
