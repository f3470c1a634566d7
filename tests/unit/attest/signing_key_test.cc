// Keys: published vectors, files, and what is refused.
#include "attest/signing_key.h"

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/stat.h>

#include "attest/cosign_key.h"
#include "common/digest.h"
#include "common/encodings.h"
#include "common/fd.h"
#include "tests/support.h"

namespace assay::attest {
namespace {

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(hex_value(hex[i]) << 4 | hex_value(hex[i + 1]));
  return out;
}

std::string pem_of(const std::string& type, const std::string& der) {
  std::string body = base64(der), out = "-----BEGIN " + type + "-----\n";
  for (size_t at = 0; at < body.size(); at += 64) out += body.substr(at, 64) + "\n";
  return out + "-----END " + type + "-----\n";
}

// RFC 8032, 7.1, TEST 3, in PKCS#8 and SPKI (RFC 8410).
const std::string kSecret = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
const std::string kPublic = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
const std::string kSigned =
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9"
    "716ed28dc027beceea1ec40a";

std::string ed25519_pkcs8() { return bytes_of("302e020100300506032b657004220420" + kSecret); }

TEST(SigningKey, Rfc8032sVectorIsSignedAndVerified) {
  auto key = SigningKey::parse(pem_of("PRIVATE KEY", ed25519_pkcs8()), "", "its key");
  ASSERT_TRUE(key) << key.error().what;
  auto signature = key->sign("\xaf\x82");
  ASSERT_TRUE(signature) << signature.error().what;
  EXPECT_EQ(to_hex(*signature), kSigned);
  std::string spki = bytes_of("302a300506032b6570032100" + kPublic);
  auto open = PublicKey::parse(pem_of("PUBLIC KEY", spki), "its key");
  ASSERT_TRUE(open) << open.error().what;
  EXPECT_TRUE(open->verifies("\xaf\x82", *signature));
  EXPECT_FALSE(open->verifies("\xaf\x83", *signature));
  EXPECT_FALSE(open->verifies("\xaf\x82", signature->substr(1)));
  EXPECT_FALSE(open->verifies("\xaf\x82", ""));
  EXPECT_EQ(open->id(), Digest::of(spki).hex());
  EXPECT_EQ(open->hint(), base64(bytes_of(open->id())));
  EXPECT_EQ(open->pem(), pem_of("PUBLIC KEY", spki));
  EXPECT_EQ(key->public_key()->pem(), open->pem());
}

TEST(SigningKey, EitherKindComesBackFromItsPemAlsoEncrypted) {
  for (KeyKind kind : {KeyKind::ed25519, KeyKind::ecdsa_p256})
    for (const std::string passphrase : {"", "correct horse"}) {
      auto key = SigningKey::make(kind);
      ASSERT_TRUE(key) << key.error().what;
      auto pem = key->pem(passphrase);
      ASSERT_TRUE(pem) << pem.error().what;
      EXPECT_EQ(pem->find("ENCRYPTED") != pem->npos, !passphrase.empty());
      auto back = SigningKey::parse(*pem, passphrase, "it");
      ASSERT_TRUE(back) << back.error().what;
      EXPECT_EQ(back->public_key()->id(), key->public_key()->id());
      EXPECT_EQ(back->public_key()->kind(), kind);
      auto signature = back->sign("bytes");
      ASSERT_TRUE(signature);
      EXPECT_TRUE(key->public_key()->verifies("bytes", *signature));
      if (passphrase.empty()) continue;
      EXPECT_EQ(SigningKey::parse(*pem, "wrong", "it").error().what,
                "it does not open: the passphrase is not its own");
      EXPECT_EQ(SigningKey::parse(*pem, "", "it").error().what,
                "it is encrypted, and no passphrase was given");
    }
}

TEST(SigningKey, OneKeysSignatureIsNotAnothers) {
  auto one = SigningKey::make(KeyKind::ecdsa_p256), other = SigningKey::make(KeyKind::ecdsa_p256),
       third = SigningKey::make(KeyKind::ed25519);
  auto signature = one->sign("bytes");
  EXPECT_TRUE(one->public_key()->verifies("bytes", *signature));
  EXPECT_FALSE(other->public_key()->verifies("bytes", *signature));
  EXPECT_FALSE(third->public_key()->verifies("bytes", *signature));
}

TEST(SigningKey, WhatIsNoSuchKeyIsRefusedInWords) {
  auto key = SigningKey::make(KeyKind::ecdsa_p256);
  std::string secret = *key->pem(""), open = key->public_key()->pem();
  EXPECT_EQ(
      PublicKey::parse(secret, "it").error().what,
      "it holds no public key in PEM (-----BEGIN PUBLIC KEY-----): it is a private one, and stays where "
      "it is");
  EXPECT_EQ(SigningKey::parse(open, "", "it").error().what,
            "it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)");
  EXPECT_EQ(PublicKey::parse("", "it").error().code, Errc::invalid);
  EXPECT_EQ(PublicKey::parse(std::string(100'000, 'x'), "it").error().code, Errc::limit);
  // X25519 (RFC 8410): a key, and none that signs.
  std::string other = bytes_of("302e020100300506032b656e04220420" + kSecret);
  EXPECT_EQ(SigningKey::parse(pem_of("PRIVATE KEY", other), "", "it").error().what,
            "it is neither an ed25519 key nor one of ECDSA over P-256");
}

TEST(SigningKey, FilesAreTheirOwnersAndNeverOverwritten) {
  TempDir dir;
  std::string prefix = dir.path() / "release";
  ASSERT_TRUE(make_key_files(prefix, KeyKind::ecdsa_p256, ""));
  struct stat status;
  ASSERT_EQ(::stat((prefix + ".key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  auto key = SigningKey::read(prefix + ".key", "");
  auto open = PublicKey::read(prefix + ".pub");
  ASSERT_TRUE(key && open);
  EXPECT_EQ(key->public_key()->id(), open->id());
  auto again = make_key_files(prefix, KeyKind::ed25519, "");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(PublicKey::read(prefix + ".pub")->id(), open->id());
  ASSERT_EQ(::unlink((prefix + ".key").c_str()), 0);
  EXPECT_FALSE(make_key_files(prefix, KeyKind::ed25519, "")) << "its .pub is still there";
  ASSERT_TRUE(write_file(prefix + ".key", *key->pem(""), 0600));
  ASSERT_EQ(::chmod((prefix + ".key").c_str(), 0640), 0);
  EXPECT_EQ(SigningKey::read(prefix + ".key", "").error().code, Errc::denied);
}

// As cosign writes it, with parameters of a test.
std::string cosign_pem(const std::string& passphrase, uint64_t cost, const std::string& type) {
  std::string salt(32, 's'), nonce(24, 'n'), key(32, '\0'), plain = ed25519_pkcs8(),
                                                            box(plain.size() + 16, '\0');
  auto octets = [](std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); };
  EXPECT_EQ(
      crypto_pwhash_scryptsalsa208sha256_ll(octets(const_cast<std::string&>(passphrase)), passphrase.size(),
                                            octets(salt), salt.size(), 1024, 8, 1, octets(key), key.size()),
      0);
  crypto_secretbox_easy(octets(box), octets(plain), plain.size(), octets(nonce), octets(key));
  return pem_of(type, R"({"kdf":{"name":"scrypt","params":{"N":)" + std::to_string(cost) +
                          R"(,"r":8,"p":1},"salt":")" + base64(salt) +
                          R"("},"cipher":{"name":"nacl/secretbox","nonce":")" + base64(nonce) +
                          R"("},"ciphertext":")" + base64(box) + "\"}");
}

TEST(CosignKey, OpensWithItsPassphraseAlone) {
  for (const char* type : {"ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"}) {
    std::string pem = cosign_pem("pass", 1024, type);
    ASSERT_TRUE(is_cosign_key(pem));
    auto key = SigningKey::parse(pem, "pass", "it");
    ASSERT_TRUE(key) << key.error().what;
    EXPECT_EQ(to_hex(*key->sign("\xaf\x82")), kSigned);
    EXPECT_EQ(SigningKey::parse(pem, "past", "it").error().code, Errc::denied);
    EXPECT_EQ(SigningKey::parse(pem, "", "it").error().what, "it is encrypted, and no passphrase was given");
  }
  auto huge =
      SigningKey::parse(cosign_pem("pass", 1ull << 30, "ENCRYPTED SIGSTORE PRIVATE KEY"), "pass", "it");
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, Errc::limit);
  EXPECT_FALSE(SigningKey::parse(pem_of("ENCRYPTED SIGSTORE PRIVATE KEY", "{}"), "pass", "it"));
}

}  // namespace
}  // namespace assay::attest
