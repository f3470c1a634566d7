// The sinkhole's filter, each call in a child of its own.
#include "agent/sinkhole/seccomp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "tests/confined.h"

namespace assay::sinkhole {
namespace {

std::string confined(const std::function<int()>& f) { return test::run_confined(confine, f); }

TEST(Seccomp, StartingConnectingAndTracingKill) {
  NEEDS_FILTER();
  test::expect_bystander(confine);
  EXPECT_EQ(confined([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::connect(0, nullptr, 0); }), "killed");
}

TEST(Seccomp, MemoryIsNeverExecutable) {
  NEEDS_FILTER();
  auto map = [](int protection) {
    return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  };
  EXPECT_EQ(confined([&] { return map(PROT_READ | PROT_WRITE) == MAP_FAILED; }), "exit 0");
  EXPECT_EQ(confined([&] { return map(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED; }), "killed");
  EXPECT_EQ(confined([&] { return ::mprotect(map(PROT_READ), 4096, PROT_READ | PROT_EXEC); }), "killed");
}

TEST(Seccomp, FilesAreRefusedWithoutKillingWhoLooksForAnOptionalOne) {
  NEEDS_FILTER();
  EXPECT_EQ(confined([] { return ::open("/etc/passwd", O_RDONLY) == -1 ? errno : 0; }),
            "exit " + std::to_string(EACCES));
  EXPECT_EQ(confined([] { return ::access("/etc/passwd", R_OK) == -1 ? errno : 0; }),
            "exit " + std::to_string(EACCES));
}

TEST(Seccomp, WhatTheLoopNeedsGoesOn) {
  NEEDS_FILTER();
  EXPECT_EQ(confined([] {
              std::vector<std::string> memory;
              for (int i = 0; i < 64; ++i) memory.emplace_back(1 << 20, 'x');
              char byte = 0;
              timespec now{};
              return ::getrandom(&byte, 1, 0) == 1 && ::clock_gettime(CLOCK_REALTIME, &now) == 0 ? 0 : 1;
            }),
            "exit 0");
  EXPECT_EQ(confined([]() -> int { std::abort(); }), "signal " + std::to_string(SIGABRT));
}

}  // namespace
}  // namespace assay::sinkhole
