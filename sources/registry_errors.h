// registry_errors: a registry's refusal in words: what was tried, at which registry and repository, what it
// said, and what to do. Pure; what it said is hostile.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/result.h"
#include "sources/http.h"

namespace assay::sources {

/// What an answer is to.
struct Asked {
  std::string host, repository;        // as users write them; the repository may be empty
  std::string doing;                   // "list its tags"
  std::string at{};                    // who was asked, where that is somebody else: a mirror, a token server
  std::string who{};                   // "robot (of /root/.docker/config.json)"; empty: nobody
  std::vector<std::string> secrets{};  // blotted out of what it says
  std::string right{"pull"};           // that who is refused seems to lack: "push"

  /// "registry.example/team/app: cannot list its tags".
  std::string str() const;
};

/// An error for a status that is none of success. Errc: denied (401, 403, 451), not_found (404, 410), busy
/// (429; 503 with Retry-After), unsupported (405, 501), unreachable (other 5xx), timeout (408, 504), corrupt
/// (redirects that lead nowhere), invalid (other 4xx). `busy_for` is set with Errc::busy: a minute where it
/// did not say.
Error reply_error(const HttpReply& reply, const Asked& asked, int64_t now_s,
                  std::chrono::milliseconds& busy_for);
/// What an answer says of its own: "UNAUTHORIZED: authentication required", a web page's title, or nothing.
std::string registry_says(const HttpReply& reply);

}  // namespace assay::sources
