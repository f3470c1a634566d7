// fence: what a hit of the sandbox's guard is, and the mark on disk that keeps a fenced agent from work over
// a restart. What the loop does about a hit is in agent_fence.cc, what the chamber does in chamber_gather.cc.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "agent/spool.h"
#include "common/event.h"
#include "common/result.h"

namespace assay {

/// Whether the sandbox did on its host what the runtime never does. A call of the guest that the Sentry
/// concealed ("unreported") is a finding, and no hit: the runtime is still what holds it.
bool is_guard_hit(const Event& event);
/// "exec by a stranger, task 4711 (sh): execve /bin/sh", printable, at most kMaxHitText bytes.
std::string hit_text(const Event& event);
inline constexpr size_t kMaxHitText = 300;

/// Why an agent is fenced. Its scheduler knows a fencing by the attempt.
struct Fencing {
  AttemptKey key;
  std::string reason;
  bool operator==(const Fencing&) const = default;
};
/// In one line, for logs and whoever runs `systemctl status`.
std::string fenced_text(const Fencing& fencing);

/// DIR/fenced: the attempt in one line, the reason in another. Whole or not there, synced.
class FenceMark {
 public:
  explicit FenceMark(const std::filesystem::path& dir) : path_(dir / "fenced") {}
  const std::filesystem::path& path() const { return path_; }
  /// Nothing where there is none. Errc::corrupt for one that cannot be read as such: it still says that
  /// somebody has to look at this host.
  Result<std::optional<Fencing>> read() const;
  Status write(const Fencing& fencing) const;
  Status remove() const;

 private:
  std::filesystem::path path_;
};

/// What keeps this agent fenced as it starts: the mark, or else, should it have died before it wrote one, a
/// trace in its spool that tells of a hit. nullopt: nothing does.
Result<std::optional<Fencing>> fenced_before(const FenceMark& mark, const Spool& spool);

}  // namespace assay
