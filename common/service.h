// service: what a daemon tells systemd (sd_notify(3)). The only file that knows libsystemd. Outside systemd,
// that is without $NOTIFY_SOCKET, every call does nothing; what fails is logged.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace assay::service {

/// Started, or done with reloading: sockets are bound, what was on disk is recovered.
void ready();
/// Not ready yet, and will not be for so much longer: the limit of a start is moved.
void starting(std::chrono::seconds more);
/// Has begun to read its configuration again; ready() ends it.
void reloading();
/// Has begun to end.
void stopping();
/// What `systemctl status` shows; one line.
void status(std::string_view text);

/// How often to call alive(): half of WatchdogSec=. Nothing when this process is not watched.
std::optional<std::chrono::milliseconds> watchdog_interval();
/// "Not hung."
void alive();

}  // namespace assay::service
