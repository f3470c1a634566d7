// The hook file read: lines into hooks, options checked.
#include "scheduler/hooks/hook.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "common/fd.h"
#include "common/image_ref.h"
#include "common/line_file.h"
#include "common/text.h"
#include "common/words.h"
#include "scheduler/api/token_rules.h"
#include "scheduler/hooks/hook_rules.h"
#include "scheduler/sweeps/filter.h"

namespace assay::hooks {
namespace {

constexpr const char* kNames[kSenders] = {"registry", "harbor", "dockerhub", "github", "gitlab", "ecr"};
constexpr uint32_t kMaxPerMinute = 100'000;
constexpr size_t kMaxOptionBytes = 2048;
constexpr size_t kMaxGlobs = 100;

Error wrong(std::string_view word, const std::string& rule) {
  return {Errc::invalid, "'" + printable(word, 80) + "' " + rule};
}

Status set_host(Hook& hook, std::string_view host) {
  auto ref = ImageRef::parse(std::string(host) + "/x/y");
  if (!ref || ref->kind != ImageRef::Kind::registry || ref->registry != host)
    return wrong(host, "is no registry: a name with a dot or a port, as in registry.example:5000");
  hook.host = host;
  return Status();
}

Status set_globs(Hook& hook, std::string_view list) {
  auto globs = split(list, ',');
  hook.repositories.assign(globs.begin(), globs.end());
  if (hook.repositories.size() > kMaxGlobs)
    return wrong(list, "has more than " + std::to_string(kMaxGlobs) + " globs");
  sweeps::Filter filter;
  filter.repositories = hook.repositories;
  return filter.check();
}

Status set_per_minute(Hook& hook, std::string_view text) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), hook.per_minute);
  if (failed != std::errc() || end != text.data() + text.size() || hook.per_minute < 1 ||
      hook.per_minute > kMaxPerMinute)
    return wrong(text, "is not a number from 1 to " + std::to_string(kMaxPerMinute));
  return Status();
}

Result<bool> yes_or_no(std::string_view text) {
  if (text == "yes" || text == "no") return text == "yes";
  return wrong(text, "is neither yes nor no");
}

Status set_url(std::string& to, std::string_view text) {
  if (!text.starts_with("https://") && !text.starts_with("http://"))
    return wrong(text, "is no URL: it begins with https://");
  to = text;
  return Status();
}

Status set_value(Hook& hook, std::string_view name, std::string_view value) {
  if (name == "host") return set_host(hook, value);
  if (name == "repositories") return set_globs(hook, value);
  if (name == "per_minute") return set_per_minute(hook, value);
  if (name == "lane") {
    ASSAY_TRY(hook.lane, parse_lane(value));
    return Status();
  }
  if (name == "untagged") {
    ASSAY_TRY(hook.untagged, yes_or_no(value));
    return Status();
  }
  if (name == "insecure") {
    ASSAY_TRY(hook.insecure, yes_or_no(value));
    return Status();
  }
  bool queues = name == "queue" || name == "region" || name == "role" || name == "endpoint";
  if (!queues)
    return wrong(name,
                 "is none of host, repositories, lane, per_minute, untagged, insecure, queue, region, role, "
                 "endpoint");
  if (hook.sender != Sender::ecr) return wrong(name, "is for hooks of ecr alone");
  if (name == "queue") return set_url(hook.queue, value);
  if (name == "endpoint") return set_url(hook.endpoint, value);
  (name == "region" ? hook.region : hook.role) = value;
  return Status();
}

Status set_secret(Hook& hook, std::string_view word) {
  constexpr std::string_view kPlain = "secret:";
  bool plain = word.starts_with(kPlain);
  if (plain != (hook.sender == Sender::github))
    return Error{Errc::invalid, "the secret of a " + std::string(to_string(hook.sender)) +
                                    " hook is kept as " + (plain ? "sha256:HEX" : "secret:TEXT")};
  if (!plain) {
    auto digest = Digest::parse(word);
    if (!digest) return Error{Errc::invalid, "the secret is not sha256: and 64 hex digits"};
    hook.digest = *digest;
    return Status();
  }
  hook.secret = word.substr(kPlain.size());
  if (hook.secret.size() < kMinSecretBytes || hook.secret.size() > 256)
    return Error{Errc::invalid, "the secret has not " + std::to_string(kMinSecretBytes) + " to 256 bytes"};
  return Status();
}

Result<Hook> parse_line(const std::vector<std::string_view>& words) {
  if (words.size() < 4) return Error{Errc::invalid, "is not NAME SENDER TENANT SECRET [OPTION...]"};
  Hook out;
  out.name = words[0];
  ASSAY_CHECK(check_hook_name(out.name));
  ASSAY_TRY(out.sender, parse_sender(words[1]));
  out.tenant = words[2];
  ASSAY_CHECK(api::check_token_name(out.tenant).context("tenant"));
  ASSAY_CHECK(set_secret(out, words[3]));
  for (size_t i = 4; i < words.size(); ++i) ASSAY_CHECK(set_option(out, words[i]));
  return out;
}

}  // namespace

const char* to_string(Sender sender) { return kNames[static_cast<size_t>(sender)]; }

Result<Sender> parse_sender(std::string_view text) {
  for (size_t i = 0; i < kSenders; ++i)
    if (text == kNames[i]) return static_cast<Sender>(i);
  return wrong(text, "is no sender; there are registry, harbor, dockerhub, github, gitlab and ecr");
}

Status check_hook_name(std::string_view name) {
  auto inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  bool ok = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), inner) &&
            name.find_first_of("-_.") != 0;
  if (ok) return Status();
  return wrong(name, "is no name for a hook: 1 to 64 of a-z, 0-9, '-', '_' and '.', a letter or digit first");
}

Status set_option(Hook& hook, std::string_view word) {
  size_t equals = word.find('=');
  if (equals == word.npos || equals + 1 == word.size()) return wrong(word, "is not OPTION=VALUE");
  if (word.size() > kMaxOptionBytes || printable(word) != word)
    return wrong(word, "is longer than " + std::to_string(kMaxOptionBytes) + " bytes, or no text");
  std::string name(word.substr(0, equals));
  return set_value(hook, name, word.substr(equals + 1)).context("option " + printable(name, 40));
}

Result<std::vector<Hook>> parse_hooks(std::string_view text) {
  std::vector<Hook> hooks;
  std::set<std::string> names;
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    auto words = words_of_line(text.substr(at, end - at));
    at = end + 1;
    std::string line = "line " + std::to_string(++number);
    if (words.empty()) continue;
    ASSAY_TRY(Hook hook, parse_line(words).context(line));
    if (!names.insert(hook.name).second)
      return Error{Errc::invalid, line + ": there is a hook named '" + hook.name + "' above it"};
    if (hooks.size() == kMaxHooks)
      return Error{Errc::limit, "more than " + std::to_string(kMaxHooks) + " hooks"};
    hooks.push_back(std::move(hook));
  }
  return hooks;
}

Result<std::vector<Hook>> load_hooks(const std::filesystem::path& file) {
  auto text = read_file(file, kMaxHookFileBytes);
  if (!text && text.error().code == Errc::not_found) return std::vector<Hook>();
  if (!text) return text.error();
  return parse_hooks(*text).context("hook file " + file.string());
}

}  // namespace assay::hooks
