// ssh_key: an Ed25519 key pair in OpenSSH's own formats, from 32 bytes. The only code that touches OpenSSL's
// keys for it. Source: OpenSSH PROTOCOL.key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/lure/lures.h"

namespace assay::lure {

struct SshKey {
  std::string private_text;  // "-----BEGIN OPENSSH PRIVATE KEY-----"...
  std::string public_line;   // "ssh-ed25519 AAAA... comment\n"
  /// What of the private text's lines depends on nothing but the secret.
  std::vector<std::string> secret_parts;
};

/// `secret`: 32 bytes. `check`: 4 more.
SshKey make_ssh_key(std::string_view secret, std::string_view check, std::string_view comment);
/// The one that the token of this id is of.
SshKey draw_ssh_key(const Seed& seed, const std::string& token_id);

}  // namespace assay::lure
