// Certificates by OpenSSL, after RFC 5280 and what browsers demand of public ones.
#include "agent/lure/authority.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/random.h>

#include <array>
#include <ctime>
#include <map>
#include <vector>

#include "common/free.h"

namespace assay::lure {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

constexpr long kDay = 24 * 60 * 60;
constexpr size_t kMaxCommonName = 64;  // ub-common-name
constexpr size_t kMaxName = 253;

Error openssl_error(Errc code, const std::string& what) {
  std::array<char, 256> text{};
  ::ERR_error_string_n(::ERR_get_error(), text.data(), text.size());
  ::ERR_clear_error();
  return {code, what + ": " + text.data()};
}

uint32_t draw(uint32_t below) {
  uint32_t value = 0;
  if (::getrandom(&value, sizeof value, 0) != sizeof value) return 0;
  return value % below;
}

// Names of no company: a scan's guest cannot know them, and nobody's name is taken in vain.
std::pair<std::string, std::string> invent_names() {
  constexpr std::array kStems = {"Velmont",  "Cardanel",  "Ostrivel", "Torvane",  "Helmarch", "Brenovia",
                                 "Quillmar", "Ardenvale", "Solvarin", "Kestavia", "Norvelle", "Pellistra"};
  constexpr std::array kKinds = {"Trust Services", "Digital Trust", "Certification Services",
                                 "Trust Network"};
  constexpr std::array kRoots = {"Global Root CA", "Root CA", "ECC Root CA", "Trust Root"};
  constexpr std::array kGenerations = {"G2", "G3", "R2", "R4", "R5"};
  std::string stem = kStems[draw(kStems.size())];
  return {stem + " " + kKinds[draw(kKinds.size())],
          stem + " " + kRoots[draw(kRoots.size())] + " " + kGenerations[draw(kGenerations.size())]};
}

bool add_name(X509_NAME* name, const char* field, const std::string& value) {
  return ::X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
}

// Only constant values: the syntax of these strings must not reach a name of the guest's.
bool add_extension(X509* cert, X509* issuer, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  Extension extension(::X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && ::X509_add_ext(cert, extension.get(), -1) == 1;
}

// 127 random bits, positive, as CA/Browser Forum wants 64 at least.
bool set_serial(X509* cert) {
  std::array<unsigned char, 16> bytes{};
  if (::RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x01);
  std::unique_ptr<BIGNUM, Free<BN_free>> number(::BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number && ::BN_to_ASN1_INTEGER(number.get(), ::X509_get_serialNumber(cert)) != nullptr;
}

bool set_validity(X509* cert, long from_days, long to_days) {
  // To the day's start, with an hour of the authority's own.
  time_t start = std::time(nullptr) + from_days * kDay, end = std::time(nullptr) + to_days * kDay;
  start -= start % kDay - 9 * 60 * 60;
  end -= end % kDay - 9 * 60 * 60;
  return ::ASN1_TIME_set(::X509_getm_notBefore(cert), start) != nullptr &&
         ::ASN1_TIME_set(::X509_getm_notAfter(cert), end) != nullptr;
}

Key make_key() { return Key(::EVP_EC_gen("P-256")); }

// Appends to the names; false where the address is none.
bool add_address(GENERAL_NAMES* names, const std::string& address) {
  std::unique_ptr<ASN1_OCTET_STRING, Free<ASN1_OCTET_STRING_free>> bytes(::a2i_IPADDRESS(address.c_str()));
  std::unique_ptr<GENERAL_NAME, Free<GENERAL_NAME_free>> name(::GENERAL_NAME_new());
  if (!bytes || !name) return false;
  ::GENERAL_NAME_set0_value(name.get(), GEN_IPADD, bytes.release());
  return ::sk_GENERAL_NAME_push(names, name.release()) > 0;
}

bool add_host(GENERAL_NAMES* names, const std::string& host) {
  std::unique_ptr<ASN1_IA5STRING, Free<ASN1_IA5STRING_free>> text(::ASN1_IA5STRING_new());
  std::unique_ptr<GENERAL_NAME, Free<GENERAL_NAME_free>> name(::GENERAL_NAME_new());
  if (!text || !name || ::ASN1_STRING_set(text.get(), host.data(), static_cast<int>(host.size())) != 1)
    return false;
  ::GENERAL_NAME_set0_value(name.get(), GEN_DNS, text.release());
  return ::sk_GENERAL_NAME_push(names, name.release()) > 0;
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> out{};
  return ::inet_pton(AF_INET, text.c_str(), out.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), out.data()) == 1;
}

bool is_host(const std::string& text) {
  if (text.empty() || text.size() > kMaxName) return false;
  for (char c : text)
    if (c <= ' ' || c >= 0x7f) return false;  // IA5, and nothing that a log would stumble over
  return true;
}

Result<std::string> to_pem(X509* cert, EVP_PKEY* key) {
  Bio out(::BIO_new(BIO_s_mem()));
  bool done =
      out && (cert ? ::PEM_write_bio_X509(out.get(), cert)
                   : ::PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr)) == 1;
  char* bytes = nullptr;
  long size = done ? ::BIO_get_mem_data(out.get(), &bytes) : 0;
  if (size <= 0) return openssl_error(Errc::io, "write PEM");
  return std::string(bytes, static_cast<size_t>(size));
}

Bio reader_of(const std::string& text) {
  return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate read_certificate(const std::string& pem) {
  Bio in = reader_of(pem);
  return Certificate(in ? ::PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr);
}

}  // namespace

struct Authority::State {
  Certificate cert;
  Key key, leaf_key;
  std::map<std::pair<std::string, std::string>, Certificate> signed_certs;
};

Result<Authority::Pem> Authority::create() {
  Key key = make_key();
  Certificate cert(::X509_new());
  if (!key || !cert) return openssl_error(Errc::io, "make a certificate authority");
  auto [organization, common_name] = invent_names();
  X509_NAME* name = ::X509_get_subject_name(cert.get());
  bool done = ::X509_set_version(cert.get(), X509_VERSION_3) == 1 && set_serial(cert.get()) &&
              set_validity(cert.get(), -(5 * 365 + static_cast<long>(draw(4 * 365))),
                           16 * 365 + static_cast<long>(draw(365))) &&
              add_name(name, "C", "US") && add_name(name, "O", organization) &&
              add_name(name, "CN", common_name) && ::X509_set_issuer_name(cert.get(), name) == 1 &&
              ::X509_set_pubkey(cert.get(), key.get()) == 1 &&
              add_extension(cert.get(), cert.get(), NID_basic_constraints, "critical,CA:TRUE") &&
              add_extension(cert.get(), cert.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
              add_extension(cert.get(), cert.get(), NID_subject_key_identifier, "hash") &&
              ::X509_sign(cert.get(), key.get(), EVP_sha256()) > 0;
  if (!done) return openssl_error(Errc::io, "make a certificate authority");
  Pem out;
  ASSAY_TRY(out.cert, to_pem(cert.get(), nullptr));
  ASSAY_TRY(out.key, to_pem(nullptr, key.get()));
  return out;
}

Result<Authority> Authority::load(const std::string& cert, const std::string& key) {
  auto state = std::make_unique<State>();
  state->cert = read_certificate(cert);
  Bio in = reader_of(key);
  state->key.reset(in ? ::PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!state->cert || !state->key || ::X509_check_private_key(state->cert.get(), state->key.get()) != 1)
    return openssl_error(Errc::corrupt, "the scan's certificate authority cannot be read");
  state->leaf_key = make_key();
  if (!state->leaf_key) return openssl_error(Errc::io, "make a key for server certificates");
  return Authority(std::move(state));
}

Result<Authority::Leaf> Authority::sign(const std::string& name, const std::string& address) {
  auto known = state_->signed_certs.find({name, address});
  if (known != state_->signed_certs.end()) return Leaf{known->second.get(), state_->leaf_key.get()};
  std::string text = name.empty() ? address : name;
  bool plain = is_address(text);
  if ((!plain && !is_host(text)) || (!address.empty() && !is_address(address)))
    return Error{Errc::invalid, "no certificate can bear this name"};
  Names names(::GENERAL_NAMES_new());
  Certificate cert(::X509_new());
  if (!names || !cert) return openssl_error(Errc::io, "sign a certificate");
  X509* issuer = state_->cert.get();
  X509_NAME* subject = ::X509_get_subject_name(cert.get());
  bool named = text.size() <= kMaxCommonName;  // RFC 5280 4.2.1.6: else the alternative name is critical
  bool done = (plain ? add_address(names.get(), text) : add_host(names.get(), text)) &&
              (address.empty() || address == text || add_address(names.get(), address)) &&
              ::X509_set_version(cert.get(), X509_VERSION_3) == 1 && set_serial(cert.get()) &&
              set_validity(cert.get(), -30 - static_cast<long>(draw(20)), 40 + static_cast<long>(draw(20))) &&
              (!named || add_name(subject, "CN", text)) &&
              ::X509_set_issuer_name(cert.get(), ::X509_get_subject_name(issuer)) == 1 &&
              ::X509_set_pubkey(cert.get(), state_->leaf_key.get()) == 1 &&
              add_extension(cert.get(), issuer, NID_basic_constraints, "critical,CA:FALSE") &&
              add_extension(cert.get(), issuer, NID_key_usage, "critical,digitalSignature") &&
              add_extension(cert.get(), issuer, NID_ext_key_usage, "serverAuth") &&
              add_extension(cert.get(), issuer, NID_subject_key_identifier, "hash") &&
              add_extension(cert.get(), issuer, NID_authority_key_identifier, "keyid") &&
              ::X509_add1_ext_i2d(cert.get(), NID_subject_alt_name, names.get(), named ? 0 : 1, 0) == 1 &&
              ::X509_sign(cert.get(), state_->key.get(), EVP_sha256()) > 0;
  if (!done) return openssl_error(Errc::io, "sign a certificate");
  if (state_->signed_certs.size() >= kMaxCached) state_->signed_certs.clear();
  Leaf out{cert.get(), state_->leaf_key.get()};
  state_->signed_certs.emplace(std::pair(name, address), std::move(cert));
  return out;
}

Result<CertificateForms> certificate_forms(const std::string& pem) {
  Certificate cert = read_certificate(pem);
  unsigned char* der = nullptr;
  int size = cert ? ::i2d_X509(cert.get(), &der) : -1;
  if (size <= 0) return openssl_error(Errc::corrupt, "read a certificate");
  CertificateForms out;
  out.der.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  ::OPENSSL_free(der);
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), "%08lx", ::X509_subject_name_hash(cert.get()));
  out.subject_hash = text.data();
  ::X509_NAME_get_text_by_NID(::X509_get_subject_name(cert.get()), NID_commonName, text.data(), text.size());
  out.common_name = text.data();
  return out;
}

Authority::Authority(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

}  // namespace assay::lure
