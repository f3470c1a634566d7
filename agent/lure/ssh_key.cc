// Strings behind 32-bit lengths, then base64 in lines of 70.
#include "agent/lure/ssh_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cassert>
#include <memory>

#include "agent/lure/encodings.h"
#include "agent/lure/forms.h"

namespace assay::lure {
namespace {

constexpr size_t kLineChars = 70;
constexpr size_t kMinPartChars = 16;

std::string number(size_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string field(std::string_view bytes) { return number(bytes.size()).append(bytes); }

std::string public_of(std::string_view secret) {
  std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(
      ::EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                     reinterpret_cast<const unsigned char*>(secret.data()), secret.size()),
      ::EVP_PKEY_free);
  std::string out(32, 0);
  size_t size = out.size();
  bool made =
      key && ::EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(out.data()), &size);
  assert(made && size == 32);
  return made ? out : "";
}

}  // namespace

SshKey make_ssh_key(std::string_view secret, std::string_view check, std::string_view comment) {
  assert(secret.size() == 32 && check.size() == 4);
  const std::string type = "ssh-ed25519", shared = public_of(secret);
  const std::string blob = field(type) + field(shared);
  std::string inner = std::string(check) + std::string(check) + field(type) + field(shared) + number(64);
  const size_t secret_in_inner = inner.size();
  inner.append(secret).append(shared).append(field(comment));
  for (char pad = 1; inner.size() % 8 != 0; ++pad) inner += pad;
  std::string raw = std::string("openssh-key-v1\0", 15) + field("none") + field("none") + field("") +
                    number(1) + field(blob) + number(inner.size());
  const size_t secret_at = raw.size() + secret_in_inner;
  raw += inner;

  SshKey out;
  out.public_line = type + " " + base64(blob) + " " + std::string(comment) + "\n";
  const std::string text = base64(raw);
  const size_t first = (secret_at * 8 + 5) / 6, last = (secret_at + secret.size()) * 8 / 6;
  out.private_text = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
  for (size_t at = 0; at < text.size(); at += kLineChars) {
    out.private_text += text.substr(at, kLineChars) + "\n";
    size_t from = std::max(at, first), to = std::min(at + kLineChars, last);
    if (to >= from + kMinPartChars) out.secret_parts.push_back(text.substr(from, to - from));
  }
  out.private_text += "-----END OPENSSH PRIVATE KEY-----\n";
  return out;
}

SshKey draw_ssh_key(const Seed& seed, const std::string& token_id) {
  Draw draw(seed, token_id);
  std::string secret = draw.bytes(32), check = draw.bytes(4);
  return make_ssh_key(secret, check, "deploy@" + domain(seed));
}

}  // namespace assay::lure
