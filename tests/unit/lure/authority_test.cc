// What an authority signs, held against OpenSSL's own verification, as a client does it.
#include "agent/lure/authority.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace assay::lure {
namespace {

class AuthorityTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pem = Authority::create();
    ASSERT_TRUE(pem) << pem.error().what;
    pem_ = *pem;
    auto loaded = Authority::load(pem_.cert, pem_.key);
    ASSERT_TRUE(loaded) << loaded.error().what;
    authority_.emplace(std::move(*loaded));
  }
  // As a strict client verifies a server: the chain, the purpose, the name.
  static std::string verify(const std::string& trusted, X509* leaf, const std::string& host,
                            const std::string& address) {
    BIO* in = BIO_new_mem_buf(trusted.data(), static_cast<int>(trusted.size()));
    X509* root = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, root);
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, leaf, nullptr);
    X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    if (!host.empty()) X509_VERIFY_PARAM_set1_host(param, host.c_str(), 0);
    if (!address.empty()) X509_VERIFY_PARAM_set1_ip_asc(param, address.c_str());
    int ok = X509_verify_cert(context);
    std::string out = ok == 1 ? "ok" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(root);
    BIO_free(in);
    return out;
  }
  std::string check(const std::string& name, const std::string& address, const std::string& wants_host,
                    const std::string& wants_address = "") {
    auto leaf = authority_->sign(name, address);
    return leaf ? verify(pem_.cert, leaf->cert, wants_host, wants_address) : to_string(leaf.error().code);
  }

  Authority::Pem pem_;
  std::optional<Authority> authority_;
};

TEST_F(AuthorityTest, StrictClientsAcceptWhatItSigns) {
  std::string longest =
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + ".example";
  EXPECT_EQ(check("evil.example.com", "", "evil.example.com"), "ok");
  EXPECT_EQ(check(longest, "", longest), "ok");
  EXPECT_EQ(check("", "203.0.113.7", "", "203.0.113.7"), "ok");
  EXPECT_EQ(check("2001:db8::1", "", "", "2001:db8::1"), "ok");
  EXPECT_EQ(check("pool.example", "198.18.0.9", "pool.example"), "ok");
  EXPECT_EQ(check("pool.example", "198.18.0.9", "", "198.18.0.9"), "ok");
  EXPECT_EQ(check("evil.example.com", "", "other.example.com"), "hostname mismatch");
}

TEST_F(AuthorityTest, AnotherScansAuthorityIsNotTrusted) {
  auto other = Authority::create();
  ASSERT_TRUE(other);
  auto leaf = authority_->sign("a.example", "");
  ASSERT_TRUE(leaf);
  EXPECT_NE(verify(other->cert, leaf->cert, "a.example", ""), "ok");
}

TEST_F(AuthorityTest, NameKeepsItsCertificateAndAllShareOneKey) {
  auto first = authority_->sign("a.example", ""), other = authority_->sign("b.example", "");
  auto again = authority_->sign("a.example", "");
  ASSERT_TRUE(first && other && again);
  EXPECT_EQ(first->cert, again->cert);
  EXPECT_NE(first->cert, other->cert);
  EXPECT_EQ(first->key, other->key);
  for (size_t i = 0; i < Authority::kMaxCached + 5; ++i)
    ASSERT_TRUE(authority_->sign(std::to_string(i) + ".example", ""));
  EXPECT_EQ(check("a.example", "", "a.example"), "ok");
}

TEST_F(AuthorityTest, NamesThatNoCertificateCanBearAreRefused) {
  for (std::string name :
       {std::string(), std::string("a b"), std::string("a\n"), std::string("\xc3\xa9.example"),
        std::string("nul\0.example", 12), std::string(254, 'a')})
    EXPECT_EQ(check(name, "", ""), "invalid") << name;
  EXPECT_EQ(check("a.example", "nonsense", ""), "invalid");
  EXPECT_EQ(check("a.example,IP:1.2.3.4", "", "a.example,IP:1.2.3.4"), "ok");  // a name, no syntax
}

TEST_F(AuthorityTest, BrokenPemAndForeignKeysAreCorrupt) {
  auto other = Authority::create();
  ASSERT_TRUE(other);
  for (const auto& [cert, key] :
       {std::pair(pem_.cert, other->key), std::pair(std::string(), pem_.key),
        std::pair(pem_.cert.substr(0, 200), pem_.key), std::pair(pem_.key, pem_.cert)}) {
    auto loaded = Authority::load(cert, key);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::corrupt);
  }
  EXPECT_FALSE(certificate_forms("nothing"));
}

TEST_F(AuthorityTest, FormsAreThoseOfOpenssl) {
  auto forms = certificate_forms(pem_.cert);
  ASSERT_TRUE(forms) << forms.error().what;
  EXPECT_EQ(forms->subject_hash.size(), 8u);
  EXPECT_EQ(forms->subject_hash.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(forms->der.substr(0, 2), "\x30\x82");
  EXPECT_GT(forms->common_name.size(), 10u);
}

}  // namespace
}  // namespace assay::lure
