// Trust stores of many layouts: what a guest would find in each, and what it is told by its environment.
#include "agent/stage/trust.h"

#include <sys/stat.h>

#include "agent/lure/authority.h"
#include "agent/rootfs.h"
#include "agent/stage/java_store.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

const std::string kOther = "-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----\n";

class TrustTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    fs::create_directories(image());
    fs::create_directories(layer());
    auto pem = lure::Authority::create();
    ASSERT_TRUE(pem) << pem.error().what;
    pem_ = pem->cert;
    hash_ = lure::certificate_forms(pem_)->subject_hash;
  }
  fs::path image() const { return dir_.path() / "image"; }
  fs::path layer() const { return dir_.path() / "layer"; }
  void file(const std::string& path, const std::string& content = kOther, unsigned mode = 0644) {
    fs::create_directories((image() / path).parent_path());
    ASSERT_TRUE(write_file(image() / path, content));
    ::chmod((image() / path).c_str(), mode);
  }
  void link(const std::string& path, const std::string& target) {
    fs::create_directories((image() / path).parent_path());
    fs::create_symlink(target, image() / path);
  }
  std::string env(const std::vector<std::string>& image_env = {}) {
    auto out = trust_authority(image(), layer(), pem_, image_env);
    EXPECT_TRUE(out) << out.error().what;
    std::string text;
    if (out)
      for (const std::string& each : *out) text += each + "\n";
    return text;
  }
  // The layer's files, one a line; "+" where ours was added to what was there, "=" where it stands alone.
  std::string staged() const {
    std::vector<std::string> lines;
    for (const auto& entry : fs::recursive_directory_iterator(layer())) {
      if (!entry.is_regular_file()) continue;
      std::string content = *read_file(entry.path(), 1 << 20),
                  path = entry.path().lexically_relative(layer());
      if (size_t at = path.find(hash_); at != std::string::npos) path.replace(at, hash_.size(), "HASH");
      lines.push_back(path + (content == kOther + pem_ ? " +" : content == pem_ ? " =" : " ?"));
    }
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }

  test::TempDir dir_;
  std::string pem_, hash_;
};

TEST_F(TrustTest, DebianAndItsLinks) {
  file("etc/ssl/certs/ca-certificates.crt");
  link("usr/lib/ssl/certs", "/etc/ssl/certs");
  link("usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt");
  link("usr/lib/python3/dist-packages/certifi/cacert.pem", "/etc/ssl/certs/ca-certificates.crt");
  EXPECT_EQ(env(), "");
  EXPECT_EQ(staged(),
            "etc/ssl/certs/HASH.0 =\n"
            "etc/ssl/certs/ca-certificates.crt +\n");
}

TEST_F(TrustTest, FedoraAndItsLinks) {
  file("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", kOther, 0444);
  link("etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
  link("etc/pki/tls/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
  link("etc/ssl/certs", "../pki/tls/certs");
  fs::create_directories(image() / "etc/pki/ca-trust/source/anchors");
  EXPECT_EQ(env(), "");
  std::string out = staged();
  EXPECT_NE(out.find("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem +\n"), std::string::npos) << out;
  EXPECT_NE(out.find("etc/pki/tls/certs/HASH.0 =\n"), std::string::npos) << out;
  EXPECT_NE(out.find("etc/pki/ca-trust/source/anchors/"), std::string::npos) << out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3) << out;
  struct stat s {};
  ASSERT_EQ(::stat((layer() / "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0444u);
}

TEST_F(TrustTest, AlpineAndSuse) {
  file("etc/ssl/cert.pem");
  link("etc/ssl/certs/ca-certificates.crt", "../cert.pem");
  file("var/lib/ca-certificates/ca-bundle.pem");
  link("etc/ssl/ca-bundle.pem", "/var/lib/ca-certificates/ca-bundle.pem");
  EXPECT_EQ(env(), "");
  EXPECT_EQ(staged(),
            "etc/ssl/cert.pem +\n"
            "etc/ssl/certs/HASH.0 =\n"
            "var/lib/ca-certificates/ca-bundle.pem +\n");
}

TEST_F(TrustTest, ImageWithoutAnyStoreGetsOneAndIsToldOfIt) {
  file("bin/app", "x");
  EXPECT_EQ(env(),
            "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n"
            "CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt\n"
            "GIT_SSL_CAINFO=/etc/ssl/certs/ca-certificates.crt\n");
  EXPECT_EQ(staged(),
            "etc/ssl/certs/HASH.0 =\n"
            "etc/ssl/certs/ca-certificates.crt =\n");
}

TEST_F(TrustTest, ProgramsWithStoresOfTheirOwnAreToldWhereTheyAre) {
  file("etc/ssl/certs/ca-certificates.crt");
  file("usr/local/bin/node", "x", 0755);
  file("usr/bin/python3", "x", 0755);
  file("usr/local/lib/python3.11/site-packages/pip/_vendor/certifi/cacert.pem");
  file("opt/venv/lib/python3.12/site-packages/certifi/cacert.pem");
  file("app/.venv/lib/python3.12/site-packages/certifi/cacert.pem");
  EXPECT_EQ(env({"NODE_EXTRA_CA_CERTS=/own.pem", "PATH=/bin"}),
            "REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt\n");
  EXPECT_EQ(staged(),
            "app/.venv/lib/python3.12/site-packages/certifi/cacert.pem +\n"
            "etc/ssl/certs/HASH.0 =\n"
            "etc/ssl/certs/ca-certificates.crt +\n"
            "opt/venv/lib/python3.12/site-packages/certifi/cacert.pem +\n"
            "usr/local/lib/python3.11/site-packages/pip/_vendor/certifi/cacert.pem +\n");
}

TEST_F(TrustTest, StoresThatTheImagesOwnEnvironmentNamesAreServed) {
  file("srv/own.pem");
  EXPECT_EQ(env({"SSL_CERT_FILE=/srv/own.pem"}), "");
  EXPECT_EQ(staged(), "srv/own.pem +\n");
}

TEST_F(TrustTest, JavaStoresKeepWhatTheyHaveAndGetOurs) {
  file("etc/ssl/certs/ca-certificates.crt");
  // Empty, sealed with "changeit".
  const unsigned char bytes[] = {0xfe, 0xed, 0xfe, 0xed, 0,    0,    0,    2,    0,    0,    0,
                                 0,    0xe2, 0x68, 0x6e, 0x45, 0xfb, 0x43, 0xdf, 0xa4, 0xd9, 0x92,
                                 0xdd, 0x41, 0xce, 0xb6, 0xb2, 0x1c, 0x63, 0x30, 0xd7, 0x92};
  std::string empty(reinterpret_cast<const char*>(bytes), sizeof bytes);
  file("opt/java/openjdk/lib/security/cacerts", empty);
  link("usr/lib/jvm/java-17/lib/security/cacerts", "/etc/ssl/certs/java/cacerts");
  file("etc/ssl/certs/java/cacerts", empty);
  file("home/jdk/lib/security/cacerts", empty);
  file("usr/lib/jvm/broken/lib/security/cacerts", "no store");
  env({"JAVA_HOME=/home/jdk"});
  for (const char* path : {"opt/java/openjdk/lib/security/cacerts", "etc/ssl/certs/java/cacerts",
                           "home/jdk/lib/security/cacerts"}) {
    auto store = read_file(layer() / path, 1 << 20);
    ASSERT_TRUE(store) << path;
    EXPECT_NE(store->find(lure::certificate_forms(pem_)->der), std::string::npos) << path;
  }
  EXPECT_FALSE(fs::exists(layer() / "usr/lib/jvm/broken/lib/security/cacerts"));
}

TEST_F(TrustTest, HostileLayoutsAreLeftAlone) {
  fs::create_directories(image() / "etc/ssl/certs/ca-certificates.crt");  // a directory
  link("etc/ssl/cert.pem", "cert.pem");
  file("etc/ssl/ca-bundle.pem", "no certificates");
  fs::create_directories(image() / "etc/pki/tls/certs");
  ASSERT_EQ(::mkfifo((image() / "etc/pki/tls/certs/ca-bundle.crt").c_str(), 0666), 0);
  link("etc/pki/tls/cert.pem", "/../../../../etc/ssl/certs/ca-certificates.crt");
  file("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", std::string(9 << 20, 'x'));
  file("usr/local/share/ca-certificates", "a file");
  EXPECT_EQ(env({"SSL_CERT_FILE=/*/*/*/*/*/*", "JAVA_HOME=/etc/ssl/cert.pem"}), "");
  EXPECT_EQ(staged(), "etc/ssl/certs/HASH.0 =\n");
}

TEST_F(TrustTest, GuestSeesOneStoreWithOriginalNeighbours) {
  file("etc/ssl/certs/ca-certificates.crt");
  file("etc/ssl/certs/a.pem", "a");
  file("etc/ssl/openssl.cnf", "conf");
  auto top = [&](const fs::path& root) -> Result<fs::path> {
    ASSAY_TRY(auto env, trust_authority(root, layer(), pem_));
    return layer();
  };
  auto rootfs = Rootfs::mount({image()}, dir_.path() / "scan", {}, {}, top);
  ASSERT_TRUE(rootfs) << rootfs.error().what;
  EXPECT_EQ(*read_file(rootfs->merged() / "etc/ssl/certs/ca-certificates.crt", 1 << 20), kOther + pem_);
  EXPECT_EQ(*read_file(rootfs->merged() / "etc/ssl/certs/a.pem", 9), "a");
  EXPECT_EQ(*read_file(rootfs->merged() / "etc/ssl/openssl.cnf", 9), "conf");
  EXPECT_EQ(*read_file(rootfs->image() / "etc/ssl/certs/ca-certificates.crt", 1 << 20), kOther);
  EXPECT_TRUE(fs::is_empty(rootfs->upper()));
}

}  // namespace
}  // namespace assay
