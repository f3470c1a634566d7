// The token file changed: a line more, or one less.
#include "common/line_file.h"
#include "scheduler/api/token_rules.h"
#include "scheduler/api/tokens.h"

namespace assay::api {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;

// Whether this line is a token of that name.
bool is_of(std::string_view line, const std::string& name) {
  auto tokens = parse_tokens(line);
  return tokens && !tokens->empty() && tokens->front().name == name;
}

}  // namespace

Result<std::string> add_token(const std::filesystem::path& file, const std::string& name, Roles roles,
                              uint32_t weight) {
  ASSAY_CHECK(check_token_name(name));
  ASSAY_CHECK(parse_weight(std::to_string(weight)));
  ASSAY_TRY(std::string secret, make_token_text());
  ASSAY_CHECK(
      change_lines(file, kMaxFileBytes, IfMissing::make, [&](std::string text) -> Result<std::string> {
        ASSAY_TRY(auto tokens, parse_tokens(text).context("token file " + file.string()));
        for (const Token& token : tokens)
          if (token.name == name)
            return Error{Errc::conflict,
                         "there is a token named '" + name + "' in " + file.string() + ": revoke it first"};
        if (!text.empty() && text.back() != '\n') text += '\n';
        text += name + " " + to_string(roles) + " " + Digest::of(secret).hex();
        return text + (weight != 1 ? " " + std::to_string(weight) : "") + "\n";
      }));
  return secret;
}

Status revoke_token(const std::filesystem::path& file, const std::string& name) {
  return change_lines(
      file, kMaxFileBytes, IfMissing::refuse, [&](const std::string& text) -> Result<std::string> {
        std::string kept = without_lines(text, [&](std::string_view line) { return is_of(line, name); });
        if (kept.size() < text.size()) return kept;
        return Error{Errc::not_found, "there is no token named '" + name + "' in " + file.string()};
      });
}

}  // namespace assay::api
