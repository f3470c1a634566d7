// Calls made in a child that has confined itself first: what becomes of each. Under a sanitizer, which no
// filter suits, such tests are skipped.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
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

// What no child of the agent's may do, whatever it is for.
inline void expect_bystander(Status (*confine)()) {
  auto confined = [&](const std::function<int()>& f) { return run_confined(confine, f); };
  EXPECT_EQ(confined([] { return ::execl("/bin/true", "true", nullptr); }), "killed");
  EXPECT_EQ(confined([] { return ::fork(); }), "killed");
  EXPECT_EQ(confined([] { return static_cast<int>(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }),
            "killed");
  EXPECT_EQ(confined([] { return ::kill(::getppid(), 0); }), "killed");
  EXPECT_EQ(confined([] { return ::unlink("/tmp/assay-none"); }), "killed");
  EXPECT_EQ(confined([] { return ::setuid(0); }), "killed");
}

// Memory may be had, and none of it executed.
inline void expect_memory_without_code(Status (*confine)()) {
  auto map = [](int protection) {
    return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 0 : 1;
  };
  EXPECT_EQ(run_confined(confine, [&] { return map(PROT_READ | PROT_WRITE); }), "exit 0");
  EXPECT_EQ(run_confined(confine, [&] { return map(PROT_READ | PROT_EXEC); }), "killed");
}

}  // namespace assay::test
