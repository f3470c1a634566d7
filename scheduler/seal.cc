// Nonce (12 bytes), tag (16), ciphertext: NIST SP 800-38D by OpenSSL's EVP.
#include "scheduler/seal.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "common/fd.h"

namespace assay {
namespace {

constexpr size_t kNonce = 12, kTag = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const uint8_t* bytes(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }
uint8_t* bytes(std::string& text) { return reinterpret_cast<uint8_t*>(text.data()); }

Error no_cipher() { return {Errc::io, "OpenSSL has no AES-256-GCM here"}; }

}  // namespace

Result<Seal> Seal::ephemeral() {
  Key key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    return Error{Errc::io, "the kernel gives no randomness for a key"};
  return Seal(key);
}

Result<Seal> Seal::open(const std::filesystem::path& key_file, bool renew) {
  std::error_code ignored;
  if (renew || !std::filesystem::exists(key_file, ignored)) {
    ASSAY_TRY(Seal fresh, ephemeral());
    std::filesystem::remove(key_file, ignored);  // its mode is of its making
    std::string_view key(reinterpret_cast<const char*>(fresh.key_.data()), fresh.key_.size());
    ASSAY_CHECK(write_file(key_file.string(), key, 0600));
    return fresh;
  }
  ASSAY_TRY(std::string key, read_file(key_file.string(), sizeof(Key) + 1));
  if (key.size() != sizeof(Key))
    return Error{Errc::corrupt, key_file.string() + " is no key of " + std::to_string(sizeof(Key)) +
                                    " bytes: remove it; scans that wait with a login of their own then fail"};
  Key out;
  std::copy(key.begin(), key.end(), out.begin());
  return Seal(out);
}

Result<std::string> Seal::seal(std::string_view scan_id, std::string_view secret) const {
  std::string out(kNonce + kTag + secret.size(), '\0');
  uint8_t* at = bytes(out);
  if (RAND_bytes(at, kNonce) != 1) return Error{Errc::io, "the kernel gives no randomness"};
  Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  bool sealed = EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(), at) == 1 &&
                EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes(scan_id),
                                  static_cast<int>(scan_id.size())) == 1 &&
                EVP_EncryptUpdate(cipher.get(), at + kNonce + kTag, &size, bytes(secret),
                                  static_cast<int>(secret.size())) == 1 &&
                EVP_EncryptFinal_ex(cipher.get(), at + kNonce + kTag + size, &size) == 1 &&
                EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, at + kNonce) == 1;
  if (!sealed) return no_cipher();
  return out;
}

Result<std::string> Seal::unseal(std::string_view scan_id, std::string_view sealed) const {
  Error broken{Errc::corrupt, "the login of scan " + std::string(scan_id) + " cannot be unsealed"};
  if (sealed.size() < kNonce + kTag) return broken;
  std::string tag(sealed.substr(kNonce, kTag)), out(sealed.size() - kNonce - kTag, '\0');
  Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int size = 0;
  bool whole =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key_.data(), bytes(sealed)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes(scan_id), static_cast<int>(scan_id.size())) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), bytes(out), &size, bytes(sealed.substr(kNonce + kTag)),
                        static_cast<int>(out.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, bytes(tag)) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes(out) + size, &size) == 1;
  if (!whole) return broken;
  return out;
}

}  // namespace assay
