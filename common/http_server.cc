// The threads of the server, started and ended. What each does is in http_worker.cc.
#include "common/http_server.h"

#include <sys/socket.h>
#include <charconv>

#include <thread>

#include "common/ascii.h"
#include "common/http_worker.h"

namespace assay {

std::optional<std::pair<std::string, int>> parse_http_address(const std::string& address) {
  size_t colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  int port = -1;
  const char* end = address.data() + address.size();
  auto [stop, error] = std::from_chars(address.data() + colon + 1, end, port);
  if (host.empty() || error != std::errc() || stop != end || port < 0 || port > 65'535) return std::nullopt;
  return std::pair(std::move(host), port);
}

std::optional<std::string> HttpRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::optional<std::string> HttpRequest::header(std::string_view name) const {
  std::string wanted = ascii_lower(name);
  const std::string* found = nullptr;
  for (const auto& [key, value] : headers) {
    if (key != wanted) continue;
    if (found != nullptr) return std::nullopt;
    found = &value;
  }
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

struct HttpServer::State {
  HttpShared shared;
  std::vector<std::thread> threads;

  State(const HttpConfig& config, Service service, Listener listener, Fd stop, std::optional<TlsServer> tls)
      : shared{config, std::move(service), std::move(listener), std::move(stop), std::move(tls)} {}
  ~State() {
    raise_event(shared.stop.get());
    ::shutdown(shared.listener.socket.get(), SHUT_RDWR);  // wakes every accept
    for (auto& thread : threads) thread.join();
  }
};

Result<HttpServer> HttpServer::start(const HttpConfig& config, Service service) {
  ASSAY_TRY(Listener listener, listen_tcp(config.host, config.port, 128));
  ASSAY_TRY(Fd stop, make_event());
  std::optional<TlsServer> tls;
  if (config.tls) {
    ASSAY_TRY(tls, TlsServer::open(*config.tls, config.tls_notice));
  }
  auto state = std::make_unique<State>(config, std::move(service), std::move(listener), std::move(stop),
                                       std::move(tls));
  for (size_t i = 0; i < config.threads + config.streams; ++i)
    state->threads.emplace_back(serve_connections, std::ref(state->shared));
  return HttpServer(std::move(state));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

int HttpServer::port() const { return state_->shared.listener.port; }

Status HttpServer::reload_tls() { return state_->shared.tls ? state_->shared.tls->reload() : Status(); }

}  // namespace assay
