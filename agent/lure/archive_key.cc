// Packets are built as strings; a signature is over the SHA-256 of what it signs and of its own head.
#include "agent/lure/archive_key.h"

#include <openssl/evp.h>

#include <cassert>
#include <memory>

#include "common/free.h"

namespace assay::lure {
namespace {

constexpr uint32_t kKeyMade = 1'674'000'000;  // January 2023: older than any of its signatures
constexpr std::string_view kUser =
    "Debian Archive Automatic Signing Key (12/bookworm) <ftpmaster@debian.org>";
constexpr uint8_t kPublicKey = 6, kSignature = 2, kUserId = 13;                   // RFC 4880 section 4.3
constexpr uint8_t kBinary = 0x00, kText = 0x01, kPositiveCertification = 0x13;    // section 5.2.1
constexpr uint8_t kEdDsa = 22, kSha256 = 8;                                       // section 9
constexpr uint8_t kCreated = 2, kIssuer = 16, kKeyFlags = 27, kFingerprint = 33;  // section 5.2.3.1
constexpr std::string_view kCurve("\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01", 10);

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string number(uint64_t value, int size) {
  std::string out;
  for (int i = size - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ::EVP_Digest(bytes.data(), bytes.size(), out, &size, algorithm, nullptr);
  return std::string(reinterpret_cast<const char*>(out), size);
}

// Old format, two octets of length.
std::string packet(uint8_t tag, std::string_view body) {
  std::string out;
  out += static_cast<char>(0x80 | tag << 2 | 1);
  return out + number(body.size(), 2) + std::string(body);
}

// A number behind the count of its bits.
std::string mpi(std::string_view bytes) {
  while (!bytes.empty() && bytes[0] == '\0') bytes.remove_prefix(1);
  size_t bits = bytes.size() * 8;
  for (int bit = 7; !bytes.empty() && bit >= 0 && (static_cast<uint8_t>(bytes[0]) >> bit & 1) == 0; --bit)
    --bits;
  return number(bits, 2) + std::string(bytes);
}

std::string subpacket(uint8_t type, std::string_view body) {
  std::string out = number(body.size() + 1, 1);
  out += static_cast<char>(type);
  return out + std::string(body);
}

Key private_key(const Seed& seed) {
  std::string secret = derive(seed, "debian archive key", 32);
  return Key(::EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(secret), secret.size()));
}

std::string key_body(EVP_PKEY* key) {
  std::string point(32, '\0');
  size_t size = point.size();
  [[maybe_unused]] int got =
      ::EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(point.data()), &size);
  assert(got == 1);
  std::string body = "\x04" + number(kKeyMade, 4);
  body += static_cast<char>(kEdDsa);
  return body + std::string(kCurve) + mpi("\x40" + point);
}

std::string hashed_key(std::string_view body) { return "\x99" + number(body.size(), 2) + std::string(body); }

// Of `type` over `signed_bytes`, as a packet.
std::string signature(EVP_PKEY* key, uint8_t type, std::string_view signed_bytes, int64_t when,
                      const std::string& more_subpackets = {}) {
  std::string fingerprint = digest(EVP_sha1(), hashed_key(key_body(key)));
  std::string hashed = subpacket(kCreated, number(static_cast<uint64_t>(when), 4)) +
                       subpacket(kFingerprint, "\x04" + fingerprint) + more_subpackets;
  std::string head = "\x04";
  for (uint8_t byte : {type, kEdDsa, kSha256}) head += static_cast<char>(byte);
  head += number(hashed.size(), 2) + hashed;
  std::string sum =
      digest(EVP_sha256(), std::string(signed_bytes) + head + "\x04\xff" + number(head.size(), 4));
  std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(::EVP_MD_CTX_new());
  std::string made(64, '\0');
  size_t size = made.size();
  [[maybe_unused]] bool good = ::EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                               ::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(made.data()),
                                                &size, octets(sum), sum.size()) == 1;
  assert(good);
  std::string unhashed = subpacket(kIssuer, fingerprint.substr(12));
  return packet(kSignature, head + number(unhashed.size(), 2) + unhashed + sum.substr(0, 2) +
                                mpi(std::string_view(made).substr(0, 32)) +
                                mpi(std::string_view(made).substr(32)));
}

// RFC 4880 section 6: base64 in lines, and a CRC-24.
std::string armored(std::string_view bytes) {
  uint32_t crc = 0xb704ce;
  for (char c : bytes) {
    crc ^= static_cast<uint32_t>(static_cast<uint8_t>(c)) << 16;
    for (int i = 0; i < 8; ++i) crc = (crc << 1) ^ ((crc & 0x800000) != 0 ? 0x1864cfbu : 0);
  }
  auto base64 = [](std::string_view in) {
    std::string out(4 * ((in.size() + 2) / 3) + 1, '\0');
    ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), octets(in), static_cast<int>(in.size()));
    out.pop_back();
    return out;
  };
  std::string out = "-----BEGIN PGP SIGNATURE-----\n\n", text = base64(bytes);
  for (size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + "\n";
  return out + "=" + base64(number(crc & 0xffffff, 3)) + "\n-----END PGP SIGNATURE-----\n";
}

}  // namespace

std::string archive_keyring(const Seed& seed) {
  Key key = private_key(seed);
  std::string body = key_body(key.get());
  constexpr std::string_view kMayCertifyAndSign("\x03", 1);
  std::string certified = hashed_key(body) + "\xb4" + number(kUser.size(), 4) + std::string(kUser);
  return packet(kPublicKey, body) + packet(kUserId, kUser) +
         signature(key.get(), kPositiveCertification, certified, kKeyMade,
                   subpacket(kKeyFlags, kMayCertifyAndSign));
}

std::string clear_signed(const Seed& seed, std::string_view text, int64_t unix_seconds) {
  std::string canonical, shown;
  while (!text.empty()) {
    std::string line(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    shown += (line.starts_with('-') ? "- " : "") + line + "\n";
    while (line.ends_with(' ') || line.ends_with('\t')) line.pop_back();
    canonical += line + "\r\n";
  }
  if (!canonical.empty()) canonical.resize(canonical.size() - 2);  // the last line's end belongs to the armor
  return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + shown +
         armored(signature(private_key(seed).get(), kText, canonical, unix_seconds));
}

std::string detached_signature(const Seed& seed, std::string_view bytes, int64_t unix_seconds) {
  return armored(signature(private_key(seed).get(), kBinary, bytes, unix_seconds));
}

}  // namespace assay::lure
