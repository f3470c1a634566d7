// The filter of what reads hostile files, each call in a child of its own.
#include "agent/inspect/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>

#include "common/fd.h"
#include "tests/confined.h"

namespace assay::inspect {
namespace {

std::string confined(const std::function<int()>& f) { return test::run_confined(confine, f); }

TEST(InspectConfine, StartingConnectingAndTracingKill) {
  NEEDS_FILTER();
  test::expect_bystander(confine);
  EXPECT_EQ(confined([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::connect(0, nullptr, 0); }), "killed");
  EXPECT_EQ(confined([] { return ::ftruncate(0, 0); }), "killed");
}

TEST(InspectConfine, FilesAreReadByDescriptorOnly) {
  NEEDS_FILTER();
  Fd file = std::move(*open_file("/proc/self/exe", O_RDONLY));
  int fd = file.get();
  EXPECT_EQ(confined([fd] {
              struct stat st {};
              char byte = 0;
              return ::fstat(fd, &st) == 0 && ::pread(fd, &byte, 1, 1) == 1 && byte == 'E' ? 0 : 1;
            }),
            "exit 0");
  EXPECT_EQ(confined([] { return ::open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1; }),
            "exit 0");
  EXPECT_EQ(confined([] {
              struct stat st {};
              return ::stat("/etc/passwd", &st) != 0 && errno == EACCES ? 0 : 1;
            }),
            "exit 0");
}

TEST(InspectConfine, MemoryIsNeverExecutable) {
  NEEDS_FILTER();
  test::expect_memory_without_code(confine);
}

}  // namespace
}  // namespace assay::inspect
