// send: a request that a busy scheduler may ask to come again with (429, 503, 504): it is sent again after
// the delay asked for, a bounded number of times.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cli/remote.h"

namespace assay::cli {

struct Patience {
  int tries = 10;
  std::chrono::milliseconds first{1000};  // where no delay is asked for; doubles
  std::chrono::milliseconds longest{60000};
  /// Whether 504 is sent again too: the scheduler may have taken it after all, and takes it twice then.
  bool after_timeout = true;
};

/// `note` is told why and how long is waited. The last answer, whichever it is; errors as Remote::call().
Result<Reply> post_patiently(const Remote& remote, const std::string& path, const std::string& body,
                             const Patience& patience, const std::function<void(const std::string&)>& note);

/// The body of a success; any other answer is its reply_error(). For methods that Remote has no name for.
Result<std::string> send(const Remote& remote, const std::string& method, const std::string& path,
                         const std::string& body);

/// Until `timeout` has passed, or Errc::cancelled when `stop_fd` (-1: none) becomes readable.
Status pause(std::chrono::milliseconds timeout, int stop_fd);

}  // namespace assay::cli
