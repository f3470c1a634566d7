// One store after the other, each once, however many links lead to it.
#include "agent/stage/trust.h"

#include <cctype>
#include <functional>
#include <set>

#include "agent/lure/authority.h"
#include "agent/stage/java_store.h"
#include "agent/stage/layer_writer.h"
#include "agent/stage/trust_places.h"

namespace assay {
namespace {

constexpr size_t kMaxBundleBytes = 8 << 20;
// Of all stores of an image, which may have one under a thousand names.
constexpr size_t kMaxWrittenBytes = 256 << 20, kMaxJavaStores = 32;
constexpr std::string_view kDefaultBundle = "/etc/ssl/certs/ca-certificates.crt";

// Of these, an image that sets one means a store of its own.
constexpr std::string_view kFileVariables[] = {"SSL_CERT_FILE",       "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
                                               "NODE_EXTRA_CA_CERTS", "PIP_CERT",       "GIT_SSL_CAINFO",
                                               "AWS_CA_BUNDLE",       "DENO_CERT",      "CARGO_HTTP_CAINFO"};

std::string value_of(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env)
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  return "";
}

// "Velmont Global Root CA G2" as a file's name.
std::string file_name(const std::string& common_name) {
  std::string out = common_name;
  for (char& c : out)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return out;
}

class Truster {
 public:
  Truster(const std::filesystem::path& image_root, LayerWriter writer, lure::CertificateForms forms,
          const std::string& pem)
      : image_root_(image_root), writer_(std::move(writer)), forms_(std::move(forms)), pem_(pem) {}

  Status bundles(std::span<const std::string_view> patterns);
  Status java(std::span<const std::string_view> patterns);
  /// A file of the certificate alone in each of the directories that the image has.
  Status single(std::span<const std::string_view> directories, const std::string& name);
  Status make_default();
  std::vector<std::string> environment(const std::vector<std::string>& image_env) const;
  bool any_bundle() const { return !bundle_.empty(); }

 private:
  using Change = std::function<Result<std::string>(const std::string&)>;
  Result<bool> change(const std::string& path, size_t limit_bytes, const Change& changed);

  std::filesystem::path image_root_;
  LayerWriter writer_;
  lure::CertificateForms forms_;
  const std::string& pem_;
  std::set<std::string> done_;  // by where they really lie
  size_t written_bytes_ = 0, java_stores_ = 0;
  std::string bundle_;  // the first one
  bool made_ = false;   // ...because the image had none
};

// True when it was changed; false when it is no store, or was changed under another of its names.
Result<bool> Truster::change(const std::string& path, size_t limit_bytes, const Change& changed) {
  auto place = writer_.locate(path);
  if (!place || !place->exists || !done_.insert(place->path).second) return false;
  auto file = writer_.read(path, limit_bytes);
  if (!file) return false;
  auto content = changed(file->content);
  if (!content || written_bytes_ + content->size() > kMaxWrittenBytes) return false;
  written_bytes_ += content->size();
  Status done = writer_.put(path, *content, file->owner, LayerWriter::Existing::replace);
  if (is_our_failure(done)) return done.error();
  return static_cast<bool>(done);
}

Status Truster::bundles(std::span<const std::string_view> patterns) {
  auto add = [&](const std::string& old) -> Result<std::string> {
    if (old.find("CERTIFICATE-----") == std::string::npos)
      return Error{Errc::unsupported, "no bundle of certificates"};
    return old + (old.ends_with('\n') ? "" : "\n") + pem_;
  };
  ASSAY_TRY(auto found, find_places(image_root_, patterns));
  for (const std::string& path : found) {
    ASSAY_TRY(bool changed, change(path, kMaxBundleBytes, add));
    if (changed && bundle_.empty()) bundle_ = path;
  }
  return Status();
}

Status Truster::java(std::span<const std::string_view> patterns) {
  std::string alias = file_name(forms_.common_name);
  for (char& c : alias) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  auto add = [&](const std::string& old) -> Result<std::string> {
    if (java_stores_++ >= kMaxJavaStores) return Error{Errc::limit, "too many Java trust stores"};
    return add_to_java_store(old, forms_.der, alias);
  };
  ASSAY_TRY(auto found, find_places(image_root_, patterns));
  for (const std::string& path : found) {
    auto changed = change(path, kMaxJavaStoreBytes, add);
    if (!changed) return changed.error();
  }
  return Status();
}

Status Truster::single(std::span<const std::string_view> directories, const std::string& name) {
  for (std::string_view directory : directories) {
    auto place = writer_.locate(std::string(directory));
    if (!place || !place->exists || !S_ISDIR(place->status.st_mode)) continue;
    Status done = writer_.put(std::string(directory) + "/" + name, pem_, {});
    if (is_our_failure(done)) return done;
  }
  return Status();
}

// What is created here is what curl, Go and GnuTLS look for by themselves; OpenSSL has to be told.
Status Truster::make_default() {
  std::string path(kDefaultBundle);
  Status done = writer_.put(path, pem_, {});
  if (!done) return is_our_failure(done) ? done : Status();
  bundle_ = path;
  made_ = true;
  return Status();
}

std::vector<std::string> Truster::environment(const std::vector<std::string>& image_env) const {
  std::vector<std::string> out;
  if (bundle_.empty()) return out;
  auto set = [&](const char* name) {
    if (value_of(image_env, name).empty()) out.push_back(std::string(name) + "=" + bundle_);
  };
  // A variable that names a store which is used anyway would only tell the guest where it is.
  if (made_)
    for (const char* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"}) set(name);
  auto has = [&](const char* program) { return has_program(image_root_, program); };
  if (has("python3") || has("python")) set("REQUESTS_CA_BUNDLE");  // pip's and requests' own copies
  if (has("aws")) set("AWS_CA_BUNDLE");
  if (has("node") || has("nodejs") || has("bun")) set("NODE_EXTRA_CA_CERTS");
  if (has("deno")) set("DENO_CERT");
  return out;
}

}  // namespace

Result<std::vector<std::string>> trust_authority(const std::filesystem::path& image_root,
                                                 const std::filesystem::path& layer,
                                                 const std::string& ca_pem,
                                                 const std::vector<std::string>& image_env) {
  ASSAY_TRY(LayerWriter writer, LayerWriter::open(image_root, layer));
  ASSAY_TRY(lure::CertificateForms forms, lure::certificate_forms(ca_pem));
  std::string hash_name = forms.subject_hash + ".0", anchor_name = file_name(forms.common_name) + ".crt";
  Truster truster(image_root, std::move(writer), std::move(forms), ca_pem);

  std::vector<std::string> named;
  for (std::string_view variable : kFileVariables)
    if (std::string path = value_of(image_env, variable); path.starts_with('/'))
      named.push_back(std::move(path));
  std::vector<std::string_view> own_bundles(named.begin(), named.end());
  std::string java_home = value_of(image_env, "JAVA_HOME");
  std::string own_store = java_home + "/lib/security/cacerts",
              older_store = java_home + "/jre/lib/security/cacerts";
  std::vector<std::string_view> own_stores;
  if (java_home.starts_with('/')) own_stores = {own_store, older_store};

  ASSAY_CHECK(truster.bundles(system_bundles()));
  ASSAY_CHECK(truster.bundles(own_bundles));
  if (!truster.any_bundle()) ASSAY_CHECK(truster.make_default());
  ASSAY_CHECK(truster.bundles(library_bundles()));
  ASSAY_CHECK(truster.java(own_stores));  // first: of others there may be too many
  ASSAY_CHECK(truster.java(java_stores()));
  ASSAY_CHECK(truster.single(hashed_directories(), hash_name));
  ASSAY_CHECK(truster.single(anchor_directories(), anchor_name));
  return truster.environment(image_env);
}

}  // namespace assay
