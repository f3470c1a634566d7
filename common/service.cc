// libsystemd's sd-daemon.
#include "common/service.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>
#include <string>

#include "common/log.h"
#include "common/result.h"
#include "common/text.h"

namespace assay::service {
namespace {

// Zero: there is no systemd to tell.
void tell(const std::string& state) {
  int sent = sd_notify(0, state.c_str());
  if (sent < 0)
    spdlog::warn("event=notify_failed state=\"{}\" why=\"{}\"", printable(state, 100),
                 errno_error("sd_notify", -sent).what);
}

}  // namespace

void ready() { tell("READY=1"); }

void starting(std::chrono::seconds more) {
  tell("EXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::microseconds(more).count()));
}

void reloading() {
  // Type=notify-reload compares the time with that of its signal.
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t us = static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void stopping() { tell("STOPPING=1"); }

// A line break in `text` would begin another assignment.
void status(std::string_view text) { tell("STATUS=" + printable(text, 500)); }

std::optional<std::chrono::milliseconds> watchdog_interval() {
  uint64_t us = 0;
  if (sd_watchdog_enabled(0, &us) <= 0) return std::nullopt;
  return std::chrono::milliseconds(us / 2000);
}

void alive() { tell("WATCHDOG=1"); }

}  // namespace assay::service
