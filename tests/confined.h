// Calls made in a child that has confined itself first: what becomes of each. Under a sanitizer, which no
// filter suits, such tests are skipped.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

#include "common/result.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NEEDS_FILTER() GTEST_SKIP() << "not under a sanitizer"
#else
#define NEEDS_FILTER()
#endif

namespace assay::test {

// "killed" by SIGSYS, or what `f` returned as the exit code of the confined child.
inline std::string run_confined(Status (*confine)(), const std::function<int()>& f) {
  pid_t child = ::fork();
  if (child == 0) {
    if (!confine()) ::_exit(99);
    ::_exit(f());
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return "lost";
  if (WIFSIGNALED(status))
    return WTERMSIG(status) == SIGSYS ? "killed" : "signal " + std::to_string(WTERMSIG(status));
  return "exit " + std::to_string(WEXITSTATUS(status));
}

}  // namespace assay::test
