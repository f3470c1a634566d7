// tokens: who may use the API, and for what. A token is shown once, when it is made; the file keeps its hash.
// One token a line: NAME ROLE[,ROLE...] SHA256HEX [WEIGHT]; '#' begins a comment. The name is the tenant that
// its scans count for, the weight that tenant's share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "common/result.h"

namespace assay::api {

/// A set of roles: what a token has, or any one of which a route asks for.
using Roles = uint8_t;
inline constexpr Roles kSubmit = 1, kRead = 2, kOperate = 4, kAdmin = 8;
/// "submit,read". Errc::invalid names the word and the roles there are.
Result<Roles> parse_roles(std::string_view text);
std::string to_string(Roles roles);

struct Token {
  std::string name;
  Roles roles = 0;  // admin has all of them
  Digest digest;    // of the token's text
  uint32_t weight = 1;

  bool may(Roles any_of) const { return (roles & (any_of | kAdmin)) != 0; }
};

inline constexpr size_t kMaxTokens = 10000;
inline constexpr uint32_t kMaxWeight = 1000;

/// Errc::invalid names the line and the rule it breaks.
Result<std::vector<Token>> parse_tokens(std::string_view text);
/// Errors name the file.
Result<std::vector<Token>> load_tokens(const std::filesystem::path& file);

/// The one that `text` is, or null. The time taken says nothing of where they differ.
const Token* find_token(const std::vector<Token>& tokens, std::string_view text);

/// "assay_" and 64 hex digits: 32 bytes from the kernel.
Result<std::string> make_token_text();
/// Adds a token and returns its text, the only time that it can be seen. The file is made when there is none,
/// for its owner alone. Errc::conflict: the name is taken; Errc::invalid: the name or weight breaks a rule.
Result<std::string> add_token(const std::filesystem::path& file, const std::string& name, Roles roles,
                              uint32_t weight);
/// Errc::not_found: no token of this name.
Status revoke_token(const std::filesystem::path& file, const std::string& name);

}  // namespace assay::api
