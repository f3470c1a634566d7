// Lists, from what distributions and libraries do; and a small glob that stays within the image.
#include "agent/stage/trust_places.h"

#include <fcntl.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "agent/harvest_file.h"

namespace assay {
namespace {

constexpr std::array<std::string_view, 9> kSystemBundles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // the same, since EL7
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/var/lib/ca-certificates/ca-bundle.pem",             // SUSE: what it is made from
    "/etc/ssl/cert.pem",                                  // Alpine, OpenSSL's default
    "/etc/pki/tls/cert.pem",                              // OpenSSL's default on Fedora
    "/usr/lib/ssl/cert.pem",                              // and on Debian
    "/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt",
};

constexpr std::array<std::string_view, 26> kLibraryBundles = {
    "/usr/lib/python3*/*-packages/certifi/cacert.pem",
    "/usr/lib/python3*/*-packages/pip/_vendor/certifi/cacert.pem",
    "/usr/lib/python3*/*-packages/botocore/cacert.pem",
    "/usr/lib64/python3*/site-packages/certifi/cacert.pem",
    "/usr/local/lib/python*/*-packages/certifi/cacert.pem",
    "/usr/local/lib/python*/*-packages/pip/_vendor/certifi/cacert.pem",
    "/usr/local/lib/python*/*-packages/botocore/cacert.pem",
    "/usr/local/lib/python*/*-packages/httplib2/cacerts.txt",
    "/usr/local/lib/python*/*-packages/grpc/_cython/_credentials/roots.pem",
    "/opt/*/lib/python*/site-packages/certifi/cacert.pem",
    "/opt/*/lib/python*/site-packages/pip/_vendor/certifi/cacert.pem",
    "/opt/*/lib/python*/site-packages/botocore/cacert.pem",
    "/opt/*/ssl/cacert.pem",
    "/opt/*/ssl/cert.pem",
    "/*/lib/python*/site-packages/certifi/cacert.pem",
    "/*/lib/python*/site-packages/pip/_vendor/certifi/cacert.pem",
    "/*/*env/lib/python*/site-packages/certifi/cacert.pem",
    "/*/.venv/lib/python*/site-packages/certifi/cacert.pem",
    "/*/.local/lib/python*/site-packages/certifi/cacert.pem",
    "/*/*/.local/lib/python*/site-packages/certifi/cacert.pem",
    "/*/*/*env/lib/python*/site-packages/certifi/cacert.pem",
    "/usr/local/aws-cli/v2/*/dist/awscli/botocore/cacert.pem",
    "/usr/share/perl5/Mozilla/CA/cacert.pem",
    "/usr/local/share/perl*/*/Mozilla/CA/cacert.pem",
    "/usr/lib/google-cloud-sdk/lib/third_party/certifi/cacert.pem",
    "/usr/share/google-cloud-sdk/lib/third_party/certifi/cacert.pem",
};

constexpr std::array<std::string_view, 10> kJavaStores = {
    "/etc/ssl/certs/java/cacerts",
    "/etc/pki/java/cacerts",
    "/etc/pki/ca-trust/extracted/java/cacerts",
    "/var/lib/ca-certificates/java-cacerts",
    "/usr/lib/jvm/*/lib/security/cacerts",
    "/usr/lib/jvm/*/jre/lib/security/cacerts",
    "/opt/*/lib/security/cacerts",
    "/opt/java/*/lib/security/cacerts",
    "/usr/local/*/lib/security/cacerts",
    "/usr/java/*/lib/security/cacerts",
};

constexpr std::array<std::string_view, 4> kHashedDirectories = {
    "/etc/ssl/certs", "/usr/lib/ssl/certs", "/etc/pki/ca-trust/extracted/pem/directory-hash",
    "/var/lib/ca-certificates/openssl"};

// What the guest's own update-ca-certificates and p11-kit read.
constexpr std::array<std::string_view, 3> kAnchorDirectories = {
    "/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors", "/etc/pki/trust/anchors"};

constexpr size_t kMaxListed = 4096;       // names of one directory
constexpr size_t kMaxDirectories = 5000;  // listed in one search

struct Search {
  int root;
  size_t directories = 0;          // listed so far
  std::vector<std::string> found;  // of the pattern at hand
};

// Appends what the rest of a pattern matches below `dir`.
void expand(Search& search, const std::string& dir, std::string_view pattern) {
  if (search.found.size() >= kMaxFound) return;
  size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    std::string path = dir + std::string(pattern);
    if (open_below(search.root, path.substr(1), O_PATH, Links::follow_in_root))
      search.found.push_back(std::move(path));
    return;
  }
  size_t begin = pattern.rfind('/', star), end = std::min(pattern.find('/', star), pattern.size());
  std::string parent = dir + std::string(pattern.substr(0, begin));
  if (++search.directories > kMaxDirectories) return;
  auto listed = open_below(search.root, parent.empty() ? "" : parent.substr(1), O_RDONLY | O_DIRECTORY,
                           Links::follow_in_root);
  if (!listed) return;
  auto names = list_names(std::move(*listed), parent);
  if (!names || names->size() > kMaxListed) return;
  std::string part(pattern.substr(begin + 1, end - begin - 1));
  for (const std::string& name : *names)
    if (::fnmatch(part.c_str(), name.c_str(), 0) == 0)
      expand(search, parent + "/" + name, pattern.substr(end));
}

}  // namespace

std::span<const std::string_view> system_bundles() { return kSystemBundles; }
std::span<const std::string_view> library_bundles() { return kLibraryBundles; }
std::span<const std::string_view> java_stores() { return kJavaStores; }
std::span<const std::string_view> hashed_directories() { return kHashedDirectories; }
std::span<const std::string_view> anchor_directories() { return kAnchorDirectories; }

Result<std::vector<std::string>> find_places(const std::filesystem::path& image_root,
                                             std::span<const std::string_view> patterns) {
  ASSAY_TRY(Fd root, open_file(image_root, O_PATH | O_DIRECTORY));
  std::vector<std::string> out;
  Search search{root.get(), 0, {}};
  for (std::string_view pattern : patterns) {
    search.found.clear();
    expand(search, "", pattern);
    out.insert(out.end(), search.found.begin(), search.found.end());
  }
  return out;
}

bool has_program(const std::filesystem::path& image_root, std::string_view name) {
  std::vector<std::string> paths;
  for (const char* dir :
       {"/usr/bin/", "/usr/local/bin/", "/bin/", "/opt/*/bin/", "/root/.*/bin/", "/home/*/.*/bin/"})
    paths.push_back(dir + std::string(name));
  std::vector<std::string_view> patterns(paths.begin(), paths.end());
  auto found = find_places(image_root, patterns);
  return found && !found->empty();
}

}  // namespace assay
