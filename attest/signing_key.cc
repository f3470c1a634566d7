// Keys over OpenSSL's EVP.
#include "attest/signing_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "attest/cosign_key.h"
#include "attest/signing_key_state.h"
#include "common/digest.h"
#include "common/encodings.h"

namespace assay::attest {
namespace {

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

constexpr size_t kMaxPemBytes = 64 * 1024;
constexpr size_t kMaxPassphrase = 1024;
constexpr int kDerivationRounds = 600'000;

Bio reader(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::string written(BIO* out) {
  char* at = nullptr;
  long size = BIO_get_mem_data(out, &at);
  return size > 0 ? std::string(at, static_cast<size_t>(size)) : std::string();
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Never the prompt on the terminal that OpenSSL would show without it.
int give_passphrase(char* buffer, int size, int, void* context) {
  const auto& passphrase = *static_cast<const std::string*>(context);
  if (passphrase.empty() || passphrase.size() > static_cast<size_t>(size)) return -1;
  passphrase.copy(buffer, passphrase.size());
  return static_cast<int>(passphrase.size());
}

const EVP_MD* digest_of(KeyKind kind) { return kind == KeyKind::ed25519 ? nullptr : EVP_sha256(); }

std::string spki(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  int size = i2d_PUBKEY(key, &der);
  std::string out(reinterpret_cast<char*>(der), size > 0 ? static_cast<size_t>(size) : 0);
  OPENSSL_free(der);
  return out;
}

// PEM_write_bio_PKCS8PrivateKey() would derive with 2048 rounds.
bool write_encrypted(BIO* out, EVP_PKEY* key, const std::string& passphrase) {
  std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>> open(EVP_PKEY2PKCS8(key));
  X509_ALGOR* how =
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kDerivationRounds, nullptr, 0, nullptr, NID_hmacWithSHA256);
  std::unique_ptr<X509_SIG, Free<X509_SIG_free>> sealed(
      open && how ? PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), open.get(), how)
                  : nullptr);
  if (!sealed) X509_ALGOR_free(how);
  return sealed && PEM_write_bio_PKCS8(out, sealed.get()) == 1;
}

}  // namespace

const char* to_string(KeyKind kind) { return kind == KeyKind::ed25519 ? "ed25519" : "ecdsa-p256"; }

Result<KeyKind> parse_key_kind(std::string_view text) {
  for (KeyKind kind : {KeyKind::ed25519, KeyKind::ecdsa_p256})
    if (text == to_string(kind)) return kind;
  return Error{Errc::invalid, "'" + std::string(text) + "' is no kind of key: ed25519 or ecdsa-p256"};
}

Result<std::unique_ptr<PublicKey::State>> PublicKey::State::of(Key key, const std::string& name) {
  ERR_clear_error();
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519)
    return std::make_unique<State>(State{std::move(key), KeyKind::ed25519});
  char group[64] = "";
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC &&
      EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr) == 1 &&
      (std::string_view(group) == "prime256v1" || std::string_view(group) == "P-256"))
    return std::make_unique<State>(State{std::move(key), KeyKind::ecdsa_p256});
  return Error{Errc::unsupported, name + " is neither an ed25519 key nor one of ECDSA over P-256"};
}

PublicKey::PublicKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::parse(std::string_view pem, const std::string& name) {
  if (pem.size() > kMaxPemBytes) return Error{Errc::limit, name + " is larger than any key"};
  Bio in = reader(pem);
  State::Key key(in ? PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  if (!key)
    return Error{
        Errc::invalid,
        name + " holds no public key in PEM (-----BEGIN PUBLIC KEY-----)" +
            (pem.find("PRIVATE KEY") != pem.npos ? ": it is a private one, and stays where it is" : "")};
  ASSAY_TRY(auto state, State::of(std::move(key), name));
  return PublicKey(std::move(state));
}

bool PublicKey::verifies(std::string_view bytes, std::string_view signature) const {
  Context context(EVP_MD_CTX_new());
  bool good =
      context &&
      EVP_DigestVerifyInit(context.get(), nullptr, digest_of(state_->kind), nullptr, state_->key.get()) ==
          1 &&
      EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

KeyKind PublicKey::kind() const { return state_->kind; }

std::string PublicKey::pem() const {
  Bio out(BIO_new(BIO_s_mem()));
  return out && PEM_write_bio_PUBKEY(out.get(), state_->key.get()) == 1 ? written(out.get()) : std::string();
}

std::string PublicKey::id() const { return Digest::of(spki(state_->key.get())).hex(); }

std::string PublicKey::hint() const {
  Digest digest = Digest::of(spki(state_->key.get()));
  return base64({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

SigningKey::SigningKey(std::unique_ptr<PublicKey::State> state) : state_(std::move(state)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<SigningKey> SigningKey::make(KeyKind kind) {
  PublicKey::State::Key key(kind == KeyKind::ed25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                                     : EVP_EC_gen("P-256"));
  if (!key) return Error{Errc::io, "OpenSSL makes no key"};
  ASSAY_TRY(auto state, PublicKey::State::of(std::move(key), "the new key"));
  return SigningKey(std::move(state));
}

Result<SigningKey> SigningKey::parse(std::string_view pem, const std::string& passphrase,
                                     const std::string& name) {
  if (pem.size() > kMaxPemBytes) return Error{Errc::limit, name + " is larger than any key"};
  if (passphrase.size() > kMaxPassphrase)
    return Error{Errc::limit, "the passphrase is longer than " + std::to_string(kMaxPassphrase) + " bytes"};
  PublicKey::State::Key key;
  if (is_cosign_key(pem)) {
    ASSAY_TRY(std::string der, open_cosign_key(pem, passphrase, name));
    const unsigned char* at = octets(der);
    key.reset(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
    OPENSSL_cleanse(der.data(), der.size());
  } else {
    Bio in = reader(pem);
    std::string given = passphrase;
    key.reset(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, give_passphrase, &given) : nullptr);
  }
  ERR_clear_error();
  if (!key && pem.find("ENCRYPTED") != pem.npos)
    return Error{Errc::denied, name + (passphrase.empty() ? " is encrypted, and no passphrase was given"
                                                          : " does not open: the passphrase is not its own")};
  if (!key) return Error{Errc::invalid, name + " holds no private key in PEM (-----BEGIN PRIVATE KEY-----)"};
  ASSAY_TRY(auto state, PublicKey::State::of(std::move(key), name));
  return SigningKey(std::move(state));
}

Result<std::string> SigningKey::sign(std::string_view bytes) const {
  Context context(EVP_MD_CTX_new());
  size_t size = 0;
  bool good =
      context &&
      EVP_DigestSignInit(context.get(), nullptr, digest_of(state_->kind), nullptr, state_->key.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, octets(bytes), bytes.size()) == 1;
  std::string out(size, '\0');
  good = good && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                                octets(bytes), bytes.size()) == 1;
  ERR_clear_error();
  if (!good) return Error{Errc::io, "OpenSSL does not sign with this key"};
  out.resize(size);
  return out;
}

Result<PublicKey> SigningKey::public_key() const {
  // From its bytes, so that nothing secret goes along.
  std::string der = spki(state_->key.get());
  const unsigned char* at = octets(der);
  PublicKey::State::Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return Error{Errc::io, "OpenSSL does not give the public half of a key"};
  ASSAY_TRY(auto state, PublicKey::State::of(std::move(key), "the public key"));
  return PublicKey(std::move(state));
}

Result<std::string> SigningKey::pem(const std::string& passphrase) const {
  Bio out(BIO_new(BIO_s_secmem()));
  bool good = out != nullptr;
  if (good && passphrase.empty())
    good = PEM_write_bio_PKCS8PrivateKey(out.get(), state_->key.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr) == 1;
  else if (good)
    good = write_encrypted(out.get(), state_->key.get(), passphrase);
  ERR_clear_error();
  if (!good) return Error{Errc::io, "OpenSSL does not write this key"};
  return written(out.get());
}

}  // namespace assay::attest
