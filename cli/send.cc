// Delays that grow, and their bound.
#include "cli/send.h"

#include <poll.h>

#include <algorithm>

#include "common/text.h"

namespace assay::cli {

using std::chrono::milliseconds;

Result<std::string> send(const Remote& remote, const std::string& method, const std::string& path,
                         const std::string& body) {
  ASSAY_TRY(Reply reply, remote.call(method, path, body));
  if (reply.status / 100 != 2) return reply_error(reply, method + " " + remote.url(path));
  return std::move(reply.body);
}

Status pause(milliseconds timeout, int stop_fd) {
  auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Status();
    pollfd fd{stop_fd, POLLIN, 0};
    if (::poll(&fd, 1, static_cast<int>(left.count())) > 0) return Error{Errc::cancelled, "interrupted"};
  }
}

Result<Reply> post_patiently(const Remote& remote, const std::string& path, const std::string& body,
                             const Patience& patience, const std::function<void(const std::string&)>& note) {
  milliseconds delay = patience.first;
  for (int tried = 1;; ++tried) {
    ASSAY_TRY(Reply reply, remote.call("POST", path, body));
    bool busy = reply.status == 429 || reply.status == 503 || (reply.status == 504 && patience.after_timeout);
    // What was begun would be begun again.
    if (!busy || tried >= patience.tries || read_refusal(reply).begun) return reply;
    milliseconds wait = delay;
    if (reply.retry_after) wait = std::min<std::chrono::seconds>(*reply.retry_after, std::chrono::hours(1));
    wait = std::clamp(wait, std::min(patience.first, patience.longest), patience.longest);
    note("the scheduler asks for patience (" + still_printable(reply_error(reply, "POST " + path).what, 200) +
         "): again in " + std::to_string((wait.count() + 999) / 1000) + " s");
    ASSAY_CHECK(pause(wait, remote.stop_fd()));
    delay = std::min(delay * 2, patience.longest);
  }
}

}  // namespace assay::cli
