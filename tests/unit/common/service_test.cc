// What systemd hears, on a socket like its own.
#include "common/service.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "common/fd.h"
#include "tests/support.h"

namespace assay {
namespace {

class Service : public ::testing::Test {
 protected:
  Service() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    std::string path = (dir_.path() / "notify").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Service() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  std::string heard() {
    char buffer[4096];
    ssize_t n = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    return n < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(n));
  }

  TempDir dir_;
  Fd socket_;
};

TEST_F(Service, TellsEachStep) {
  service::ready();
  EXPECT_EQ(heard(), "READY=1");
  service::alive();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  service::stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
  service::reloading();
  EXPECT_TRUE(heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(heard(), "nothing");
}

TEST_F(Service, StatusIsOneLine) {
  service::status("3 scans\nREADY=1");
  EXPECT_EQ(heard(), "STATUS=3 scans\\x0aREADY=1");
}

TEST_F(Service, SaysNothingOutsideSystemd) {
  ::unsetenv("NOTIFY_SOCKET");
  service::ready();
  service::alive();
  EXPECT_EQ(heard(), "nothing");
}

TEST_F(Service, WatchdogIsFedTwiceInItsTime) {
  EXPECT_FALSE(service::watchdog_interval());
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(service::watchdog_interval(), std::chrono::milliseconds(1500));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(service::watchdog_interval(), std::chrono::milliseconds(1500));
  ::setenv("WATCHDOG_PID", "1", 1);  // meant for another process
  EXPECT_FALSE(service::watchdog_interval());
}

}  // namespace
}  // namespace assay
