// The token file read, and tokens compared.
#include "scheduler/api/tokens.h"

#include <sys/random.h>

#include <algorithm>
#include <charconv>

#include "common/fd.h"
#include "common/line_file.h"
#include "common/text.h"
#include "scheduler/api/token_rules.h"

namespace assay::api {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr std::pair<std::string_view, Roles> kNames[] = {
    {"submit", kSubmit}, {"read", kRead}, {"operate", kOperate}, {"admin", kAdmin}};

Result<Token> parse_line(const std::vector<std::string_view>& words) {
  if (words.size() < 3 || words.size() > 4) return Error{Errc::invalid, "is not NAME ROLES SHA256 [WEIGHT]"};
  Token out;
  out.name = words[0];
  ASSAY_CHECK(check_token_name(out.name));
  ASSAY_TRY(out.roles, parse_roles(words[1]));
  ASSAY_TRY(out.digest, Digest::parse("sha256:" + std::string(words[2])));
  if (words.size() == 4) {
    ASSAY_TRY(out.weight, parse_weight(words[3]));
  }
  return out;
}

}  // namespace

Status check_token_name(std::string_view name) {
  auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (!name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), ok)) return Status();
  return Error{Errc::invalid, "token name '" + printable(name, 80) +
                                  "' is not 1 to 64 letters, digits, dashes, dots and underscores"};
}

Result<uint32_t> parse_weight(std::string_view text) {
  uint32_t weight = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (failed != std::errc() || end != text.data() + text.size() || weight < 1 || weight > kMaxWeight)
    return Error{Errc::invalid, "weight '" + printable(text, 20) + "' is not a number from 1 to " +
                                    std::to_string(kMaxWeight)};
  return weight;
}

Result<Roles> parse_roles(std::string_view text) {
  Roles roles = 0;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find(',', at), text.size());
    std::string_view word = text.substr(at, end - at);
    auto known = std::find_if(std::begin(kNames), std::end(kNames),
                              [&](const auto& name) { return name.first == word; });
    if (known == std::end(kNames))
      return Error{Errc::invalid,
                   "'" + printable(word, 40) + "' is no role; there are submit, read, operate and admin"};
    roles |= known->second;
    at = end + 1;
  }
  return roles;
}

std::string to_string(Roles roles) {
  std::string out;
  for (const auto& [name, role] : kNames)
    if (roles & role) out += (out.empty() ? "" : ",") + std::string(name);
  return out;
}

Result<std::vector<Token>> parse_tokens(std::string_view text) {
  std::vector<Token> tokens;
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    auto words = words_of_line(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (words.empty()) continue;
    ASSAY_TRY(Token token, parse_line(words).context("line " + std::to_string(number)));
    if (tokens.size() == kMaxTokens)
      return Error{Errc::limit, "more than " + std::to_string(kMaxTokens) + " tokens"};
    tokens.push_back(std::move(token));
  }
  return tokens;
}

Result<std::vector<Token>> load_tokens(const std::filesystem::path& file) {
  ASSAY_TRY(std::string text, read_file(file, kMaxFileBytes));
  return parse_tokens(text).context("token file " + file.string());
}

const Token* find_token(const std::vector<Token>& tokens, std::string_view text) {
  Digest digest = Digest::of(text);
  const Token* found = nullptr;
  for (const Token& token : tokens) {
    unsigned difference = 0;
    for (size_t i = 0; i < digest.bytes.size(); ++i)
      difference |= static_cast<unsigned>(digest.bytes[i] ^ token.digest.bytes[i]);
    if (difference == 0) found = &token;
  }
  return found;
}

Result<std::string> make_token_text() {
  std::string bytes(32, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return errno_error("random bytes for a token");
  return "assay_" + to_hex(bytes);
}

}  // namespace assay::api
