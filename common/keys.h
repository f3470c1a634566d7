// keys: the CURVE keys of scheduler and agents as files, and the scheduler's list of the agents that it lets
// in. A directory (by default /etc/assay/keys) holds NAME.key (secret, one line), NAME.pub and, for the
// scheduler, `agents`. Written by `assay keys`; docs/security.md tells the whole story. Knows no socket.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

/// Z85 (RFC 32), 40 characters each.
struct CurveKeys {
  std::string public_key;
  std::string secret_key;
};

/// 32 bytes in Z85.
bool is_curve_key(std::string_view text);
/// `bytes`: a multiple of four of them.
std::string z85(std::string_view bytes);
/// 1 to 64 of [A-Za-z0-9._-], not starting with a dash or a dot.
bool is_agent_name(std::string_view text);

inline constexpr const char* kDefaultKeyDir = "/etc/assay/keys";
inline constexpr const char* kSchedulerKey = "scheduler";  // DIR/scheduler.key and .pub
inline constexpr const char* kAgentKey = "agent";

/// A file of a secret, whole. Errc::denied when others than its owner may use it; errors name the file.
Result<std::string> read_secret_file(const std::string& file, size_t limit_bytes);
/// The pair in DIR/NAME.key; the public key is computed from it. Errc::denied when others than the file's
/// owner may read it. Errors name the file, and the line where there is one.
Result<CurveKeys> load_keys(const std::filesystem::path& dir, const std::string& name);
/// The key that a .pub file holds.
Result<std::string> load_public_key(const std::filesystem::path& file);
/// Makes DIR/NAME.key (0600) and DIR/NAME.pub, owned by DIR's owner. Errc::conflict when there is one.
Status save_keys(const std::filesystem::path& dir, const std::string& name, const CurveKeys& keys);

/// A line of the allow-list: `allow|revoked PUBLICKEY NAME [DATE]`.
struct AllowedKey {
  std::string key;
  std::string name;  // of the agent; of one allowed key at most
  bool revoked = false;
  std::string date{};  // YYYY-MM-DD, of the last change
};
inline constexpr size_t kMaxAllowedKeys = 100'000;

/// `file` is for errors, which name it and the line. Lines that are empty or start with '#' are skipped.
Result<std::vector<AllowedKey>> parse_allow_list(std::string_view text, const std::string& file);
/// The same as text, a line a key.
std::string to_text(const std::vector<AllowedKey>& list);
/// What the file begins as: comments.
std::string empty_allow_list();
/// DIR/agents.
Result<std::vector<AllowedKey>> load_allow_list(const std::filesystem::path& dir);
/// Those that are not revoked.
std::set<std::string> allowed_keys(const std::vector<AllowedKey>& list);

/// `text` with this key allowed; comments and the other lines stay. Errc::conflict when the name has another
/// allowed key, or the key another name.
Result<std::string> with_allowed(std::string_view text, const std::string& file, const AllowedKey& key);
/// `text` with the allowed key of this name, or this key, revoked. Errc::not_found when there is none.
Result<std::string> with_revoked(std::string_view text, const std::string& file, std::string_view name_or_key,
                                 const std::string& date);
/// Replaces DIR/agents by what `edit` makes of its text, atomically, and alone: whoever edits it as well
/// waits. Creates it when there is none.
Status edit_allow_list(const std::filesystem::path& dir,
                       const std::function<Result<std::string>(std::string_view)>& edit);

}  // namespace assay
