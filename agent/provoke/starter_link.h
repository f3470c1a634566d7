// starter_link: the agent's end of the starter in the guest (starter.c): hands it jobs, reads what became of
// them. The guest may kill the starter or write in its name: what comes back is checked and bounded.
//
// To the starter, one job: "job ID TIMEOUT_MS UID GID KEEP_BYTES ARGC ENVC\n", then the working directory,
// the arguments and the environment, each ended by a NUL. From it: "start ID PID\n", and "end ID PID HOW
// STATUS MS BYTES\n" followed by that many bytes of output; HOW is e (exited), s (by a signal), t (out of
// time, killed), f (could not be started: STATUS is errno).
//
// "read ID PID MAX\n" asks for the program of a process that runs from memory (starter_body.h): from it come
// "body ID BYTES\n" with that many bytes, again and again; 0 of them: that was all, or it cannot be had.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/process.h"
#include "common/result.h"

namespace assay {

struct StarterJob {
  uint32_t id = 0;
  std::vector<std::string> argv, env;
  std::string cwd = "/";
  uint32_t uid = 0, gid = 0;
  std::chrono::milliseconds time{5000};
  uint32_t keep_bytes = 1024;
};

struct StarterWord {
  bool ended = false;  // else it has begun
  bool body = false;   // a piece of a body: `output`; none: its end
  uint32_t id = 0;
  int32_t pid = 0;  // in the guest; 0: none
  char how = 0;
  int32_t status = 0;
  std::chrono::milliseconds took{0};
  std::string output;
};

/// Errc::limit for what does not fit a request, invalid for a NUL in it.
Result<std::string> encode_job(const StarterJob& job);

/// Puts the starter's words together from pieces. Errc::corrupt: it is not the starter that speaks.
class StarterReader {
 public:
  Result<std::vector<StarterWord>> take(std::string_view bytes);

 private:
  std::string waiting_;
};

class StarterLink {
 public:
  /// `command` starts it; its stdin and stdout are set here.
  static Result<StarterLink> open(Command command);
  int fd() const { return out_.get(); }  // readable when there is something to hear
  Status submit(const StarterJob& job);
  void read_body(uint32_t id, int32_t pid, uint32_t max_bytes);
  /// Writes what is due, reads what has come; never blocks. Errc::unreachable once it has ended.
  Result<std::vector<StarterWord>> turn();

 private:
  StarterLink() = default;
  Child child_;
  Fd in_, out_;
  std::string unsent_;
  StarterReader reader_;
};

}  // namespace assay
