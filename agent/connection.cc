// Socket and monitor.
#include "agent/connection.h"

#include "common/log.h"
#include "common/text.h"

namespace assay {
namespace {

// Chunks of a megabyte: what waits in the socket is in memory.
constexpr int kFrames = 64;
constexpr std::chrono::seconds kAgain{5};

}  // namespace

Result<Connection> Connection::open(const Context& context, const AgentConfig& config) {
  ASSAY_TRY(Socket socket, Socket::open(context, Socket::Type::dealer, kFrames));
  if (config.keys) ASSAY_CHECK(socket.secure_as_client(*config.keys, config.scheduler_key));
  std::optional<Monitor> monitor;
  if (!config.endpoint.starts_with("inproc:")) {
    ASSAY_TRY(monitor, Monitor::open(context, socket));
  }
  ASSAY_CHECK(socket.connect(config.endpoint));
  return Connection(std::move(socket), std::move(monitor), config);
}

Result<Connection::Change> Connection::next(Time now) {
  if (again_ && now >= *again_) {
    again_.reset();
    ASSAY_CHECK(socket_.connect_again());
  }
  while (monitor_) {
    ASSAY_TRY(auto event, monitor_->take());
    if (!event) break;
    switch (event->kind) {
      case ConnectionEvent::Kind::connected:
        spdlog::info("event=connected scheduler={}", printable(endpoint_, 200));
        told_.clear();
        return Change::up;
      case ConnectionEvent::Kind::disconnected:
        spdlog::warn("event=disconnected scheduler={}", printable(endpoint_, 200));
        return Change::down;
      case ConnectionEvent::Kind::handshake_failed:
        log_failure(event->reason);
        again_ = now + kAgain;
        return Change::down;
      default:
        break;
    }
  }
  return Change::none;
}

void Connection::log_failure(const std::string& reason) {
  if (reason == told_) return;
  told_ = reason;
  if (reason.find("refuses this key") != std::string::npos)
    spdlog::error(
        "event=key_refused scheduler={} why=\"the scheduler refuses this agent's key: allow it there with "
        "`assay "
        "keys allow {} '{}'`\"",
        printable(endpoint_, 200), agent_id_, public_key_);
  else
    spdlog::error("event=handshake_failed scheduler={} why=\"{}\"", printable(endpoint_, 200),
                  printable(reason, 200));
}

}  // namespace assay
