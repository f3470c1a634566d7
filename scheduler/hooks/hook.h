// hook: one webhook of this scheduler: who may send, in which form, which images it is about, and how they
// are run. Kept in a file as tokens are (docs/hooks.md). Secrets are in no error, log or answer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "common/result.h"
#include "common/submission.h"

namespace assay::hooks {

/// Whose payloads it takes. `registry`: Docker Registry notifications (CNCF distribution), as GitLab's
/// container registry and many others send them.
enum class Sender : uint8_t { registry, harbor, dockerhub, github, gitlab, ecr };
inline constexpr size_t kSenders = 6;
const char* to_string(Sender sender);
Result<Sender> parse_sender(std::string_view text);

struct Hook {
  std::string name;  // [a-z0-9][a-z0-9._-]{0,63}; the path is /v1/hooks/NAME
  Sender sender = Sender::registry;
  std::string tenant;
  /// Sent as `Authorization` (with or without "Bearer ", or as Basic's password), X-Gitlab-Token, X-API-Key
  /// or the last segment of the path (Docker Hub sends no header), or the key of X-Hub-Signature-256, as the
  /// sender does it.
  std::string secret{};  // of Sender::github alone, whose signatures need it; else the file has no more than
  Digest digest{};       // the secret's hash
  std::string host{};    // in place of the registry's name that the payload gives; may be empty
  std::vector<std::string> repositories{};  // globs as in a sweep's filter; empty: all
  Lane lane = Lane::batch;
  uint32_t per_minute = 600;  // pushes taken; more are refused, and counted
  bool untagged = false;      // manifests without a tag, too: most are parts of an index that has one
  bool insecure = false;      // plain HTTP or unverified TLS to the registry
  // Sender::ecr: events are fetched from this SQS queue, too. Nothing in `region`: as the URL says.
  std::string queue{}, region{}, role{}, endpoint{};
};

/// What the file takes behind NAME SENDER TENANT SECRET, one option a word: host=, repositories= (globs,
/// separated by commas), lane=, per_minute=, untagged=yes, insecure=yes, queue=, region=, role=, endpoint=.
/// Errc::invalid names the option and the rule it breaks.
Status set_option(Hook& hook, std::string_view word);
/// Those that are not as a hook begins, a blank before each.
std::string options_text(const Hook& hook);

inline constexpr size_t kMaxHooks = 1000;
inline constexpr size_t kMaxPushes = 100;  // in one payload

/// One hook a line: NAME SENDER TENANT SECRET [OPTION...]; '#' begins a comment. SECRET: "sha256:HEX", or of
/// github "secret:TEXT". Errc::invalid names the line and the rule it breaks.
Result<std::vector<Hook>> parse_hooks(std::string_view text);
/// Errors name the file.
Result<std::vector<Hook>> load_hooks(const std::filesystem::path& file);
/// The secret, the only time that it can be seen. The file is made for its owner alone. Errc::conflict.
Result<std::string> add_hook(const std::filesystem::path& file, Hook hook);
Status revoke_hook(const std::filesystem::path& file, const std::string& name);

}  // namespace assay::hooks
