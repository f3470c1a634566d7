// Parameters come from the file, and are bounded before anything is derived by them.
#include "attest/cosign_key.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <optional>

#include "attest/strict_json.h"
#include "common/encodings.h"
#include "common/words.h"

namespace assay::attest {
namespace {

constexpr std::string_view kTypes[] = {"ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"};
constexpr uint64_t kMaxCost = 1 << 18, kMaxBlock = 16, kMaxLanes = 8;
constexpr uint64_t kMaxMemoryBytes = 256 << 20;
constexpr size_t kMaxPemBytes = 64 * 1024;

struct Sealed {
  uint64_t cost = 0, block = 0, lanes = 0;  // N, r and p
  std::string salt, nonce, box;
};

std::string_view type_of(std::string_view pem) {
  for (std::string_view type : kTypes)
    if (pem.find("-----BEGIN " + std::string(type) + "-----") != pem.npos) return type;
  return "";
}

// What stands between the two lines, decoded.
std::optional<std::string> body_of(std::string_view pem) {
  std::string type(type_of(pem)), begin = "-----BEGIN " + type + "-----", end = "-----END " + type + "-----";
  size_t from = pem.find(begin), to = pem.find(end);
  if (type.empty() || to == pem.npos || to < from) return std::nullopt;
  std::string text;
  for (char c : pem.substr(from + begin.size(), to - from - begin.size()))
    if (c != '\n' && c != '\r') text += c;
  return decode_base64(text);
}

uint64_t number_of(const Json& from, const char* key) {
  auto found = from.find(key);
  return found != from.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

Result<Sealed> read_sealed(std::string_view pem, const std::string& name) {
  Error bad{Errc::corrupt, name + " is no key of cosign's that can be read: make it anew, or convert it"};
  auto body = body_of(pem);
  if (!body) return bad;
  ASSAY_TRY(Json json, parse_strict(*body, kMaxPemBytes, name + ": its body"));
  const Json* kdf = part_of(json, "kdf", Json::value_t::object);
  const Json* cipher = part_of(json, "cipher", Json::value_t::object);
  const Json* cost = kdf ? part_of(*kdf, "params", Json::value_t::object) : nullptr;
  if (!cipher || !cost) return bad;
  if (text_of(*kdf, "name") != "scrypt" || text_of(*cipher, "name") != "nacl/secretbox")
    return Error{Errc::unsupported, name + " is encrypted otherwise than by scrypt and nacl/secretbox"};
  Sealed out{number_of(*cost, "N"), number_of(*cost, "r"), number_of(*cost, "p"), "", "", ""};
  auto salt = decode_base64(text_of(*kdf, "salt")), nonce = decode_base64(text_of(*cipher, "nonce")),
       box = decode_base64(text_of(json, "ciphertext"));
  if (!salt || !nonce || !box || nonce->size() != crypto_secretbox_NONCEBYTES ||
      box->size() <= crypto_secretbox_MACBYTES)
    return bad;
  if (out.cost < 2 || out.cost > kMaxCost || out.block < 1 || out.block > kMaxBlock || out.lanes < 1 ||
      out.lanes > kMaxLanes || 128 * out.cost * out.block > kMaxMemoryBytes)
    return Error{Errc::limit, name +
                                  ": its scrypt parameters are none that are used (N up to 262144, r up to "
                                  "16, p up to 8, at most 256 MiB)"};
  out.salt = std::move(*salt);
  out.nonce = std::move(*nonce);
  out.box = std::move(*box);
  return out;
}

const unsigned char* octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

bool is_cosign_key(std::string_view pem) { return !type_of(pem).empty(); }

Result<std::string> open_cosign_key(std::string_view pem, const std::string& passphrase,
                                    const std::string& name) {
  if (pem.size() > kMaxPemBytes) return Error{Errc::limit, name + " is larger than any key"};
  ASSAY_TRY(Sealed sealed, read_sealed(pem, name));
  std::string key(crypto_secretbox_KEYBYTES, '\0'), out(sealed.box.size() - crypto_secretbox_MACBYTES, '\0');
  bool derived = EVP_PBE_scrypt(passphrase.data(), passphrase.size(), octets(sealed.salt), sealed.salt.size(),
                                sealed.cost, sealed.block, sealed.lanes, 2 * kMaxMemoryBytes,
                                reinterpret_cast<unsigned char*>(key.data()), key.size()) == 1;
  if (!derived) return Error{Errc::corrupt, name + ": its scrypt parameters derive no key"};
  int opened = crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(out.data()), octets(sealed.box),
                                          sealed.box.size(), octets(sealed.nonce), octets(key));
  sodium_memzero(key.data(), key.size());
  if (opened != 0)
    return Error{Errc::denied, name + (passphrase.empty() ? " is encrypted, and no passphrase was given"
                                                          : " does not open: the passphrase is not its own")};
  return out;
}

}  // namespace assay::attest
