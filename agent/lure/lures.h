// lures: what one scan lays out to be taken: honeytokens, unique and real-looking, drawn from a random seed.
// Pure: the same seed gives the same tokens. stage/ puts them into the guest, sinkhole/ serves them,
// TokenFinder recognises them on their way out.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/job.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay::lure {

using Seed = std::array<uint8_t, 32>;

/// A random seed of the kernel's.
Result<Seed> random_seed();
/// `count` bytes that follow from the seed and a purpose alone (HMAC-SHA-256 in counter mode).
std::string derive(const Seed& seed, std::string_view purpose, size_t count);

/// One secret. A kind with an id and a secret (cloud keys) has two parts, and either of them proves a theft.
struct Token {
  std::string id;  // unique in the scan: kind + ":" + place
  std::string
      kind;  // "aws_key", "gcp_token", "azure_token", "kubernetes_token", "ssh_key", "npm", "pypi", "netrc",
             // "git_credentials", "kube_config", "docker_config", "github", "gitlab", "slack", "vault",
             // "terraform", "docker_socket", "containerd_socket", "database_password"
  std::string place;                // a path in the guest, "env:NAME", or the URL that serves it
  std::vector<std::string> values;  // what TokenFinder looks for: of each, nothing but its random part, which
                                    // is at least 20 characters long
  std::string
      text{};  // as its place holds it: a file's content, a variable's value, what a service hands out
};

/// All that the chamber's parts have to agree on for one scan. Travels to the sinkhole as JSON.
struct Lures {
  Persona persona = Persona::bare;
  Seed seed{};
  std::vector<Token> tokens;
  std::string authority_cert, authority_key;  // PEM; empty: TLS is refused
  std::vector<std::string> packages;          // names that the guest is likely to ask a package mirror for

  const Token* find(std::string_view id) const;
  const Token* of_kind(std::string_view kind) const;  // the first one
  const Token* at(std::string_view place,
                  std::string_view kind = "") const;  // the first one there; of a kind
};

/// Where, for whom and when the tokens are laid out.
struct Setting {
  Persona persona = Persona::bare;
  std::vector<std::string> homes{"/root"};  // absolute, without a slash at the end
  std::string hostname{};
  int64_t unix_seconds = 0;  // when the scan begins: tokens that bear a time were issued before it
};

/// Every token of a setting: those in files, in the environment, and behind the simulated services.
std::vector<Token> draw_tokens(const Seed& seed, const Setting& setting);
/// Without their values.
std::vector<PlantedToken> planted(const std::vector<Token>& tokens);

std::string encode_lures(const Lures& lures);
/// Errc::corrupt.
Result<Lures> decode_lures(std::string_view text);

}  // namespace assay::lure
