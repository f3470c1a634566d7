// The hook file changed: a line more, or one less; a hook's options as a line has them.
#include "common/line_file.h"
#include "common/text.h"
#include "common/words.h"
#include "scheduler/api/token_rules.h"
#include "scheduler/api/tokens.h"
#include "scheduler/hooks/hook.h"
#include "scheduler/hooks/hook_rules.h"

namespace assay::hooks {
namespace {

std::string line_of(const Hook& hook, const std::string& secret) {
  return hook.name + " " + to_string(hook.sender) + " " + hook.tenant + " " +
         (hook.sender == Sender::github ? "secret:" + secret : Digest::of(secret).str()) + options_text(hook);
}

}  // namespace

std::string options_text(const Hook& hook) {
  std::string out;
  auto add = [&](const char* name, const std::string& value, bool wanted) {
    if (wanted) out += std::string(" ") + name + "=" + value;
  };
  const Hook plain;
  add("host", hook.host, !hook.host.empty());
  add("repositories", joined(hook.repositories, ","), !hook.repositories.empty());
  add("lane", assay::to_string(hook.lane), hook.lane != plain.lane);
  add("per_minute", std::to_string(hook.per_minute), hook.per_minute != plain.per_minute);
  add("untagged", "yes", hook.untagged);
  add("insecure", "yes", hook.insecure);
  add("queue", hook.queue, !hook.queue.empty());
  add("region", hook.region, !hook.region.empty());
  add("role", hook.role, !hook.role.empty());
  add("endpoint", hook.endpoint, !hook.endpoint.empty());
  return out;
}

Result<std::string> add_hook(const std::filesystem::path& file, Hook hook) {
  ASSAY_CHECK(check_hook_name(hook.name));
  ASSAY_CHECK(api::check_token_name(hook.tenant).context("tenant"));
  ASSAY_TRY(std::string secret, api::make_token_text());
  ASSAY_CHECK(
      change_lines(file, kMaxHookFileBytes, IfMissing::make, [&](std::string text) -> Result<std::string> {
        ASSAY_TRY(auto hooks, parse_hooks(text).context("hook file " + file.string()));
        for (const Hook& other : hooks)
          if (other.name == hook.name)
            return Error{Errc::conflict, "there is a hook named '" + hook.name + "' in " + file.string() +
                                             ": revoke it first"};
        if (!text.empty() && text.back() != '\n') text += '\n';
        text += line_of(hook, secret) + "\n";
        // What was written must be what is read: a blank, an end of line or '#' in an option would change it.
        ASSAY_TRY(auto after, parse_hooks(text));
        if (after.size() != hooks.size() + 1 || options_text(after.back()) != options_text(hook))
          return Error{Errc::invalid, "hook '" + hook.name + "' has an option that no line can hold"};
        return text;
      }));
  return secret;
}

Status revoke_hook(const std::filesystem::path& file, const std::string& name) {
  return change_lines(
      file, kMaxHookFileBytes, IfMissing::refuse, [&](const std::string& text) -> Result<std::string> {
        std::string kept = without_lines(text, [&](std::string_view line) {
          auto words = words_of_line(line);
          return !words.empty() && words[0] == name;
        });
        if (kept.size() < text.size()) return kept;
        return Error{Errc::not_found,
                     "there is no hook named '" + printable(name, 80) + "' in " + file.string()};
      });
}

}  // namespace assay::hooks
