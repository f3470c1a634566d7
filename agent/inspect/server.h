// server: the loop of assay-inspect: a question with a file, an answer, and so on until the agent hangs up.
#pragma once

#include "agent/inspect/content.h"
#include "agent/inspect/rules.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay::inspect {

class Server {
 public:
  Server(Magic magic, Rules rules) : magic_(std::move(magic)), rules_(std::move(rules)) {}
  /// Until the other end of `socket` is closed. Errors: the socket, or a question that the agent never asks.
  Status run(int socket);
  /// Of one file.
  Answer inspect(const Ask& ask, int file);

 private:
  Magic magic_;
  Rules rules_;
};

}  // namespace assay::inspect
