// http_worker: what one thread of the HTTP server does: takes connections and serves them, one after the
// other. Internal to http_server.
#pragma once

#include <cstddef>
#include <semaphore>

#include "common/fd.h"
#include "common/http_server.h"
#include "common/http_socket.h"

namespace assay {

/// What the threads have in common. Not changed once they run, but for the semaphores.
struct HttpShared {
  using Semaphore = std::counting_semaphore<>;

  HttpConfig config;
  HttpServer::Service service;
  Listener listener;
  Fd stop;  // readable: end
  std::optional<TlsServer> tls;
  Semaphore streams{static_cast<ptrdiff_t>(config.streams)};
  Semaphore large{static_cast<ptrdiff_t>(config.large_bodies)};
};

/// Every thread takes its own connections: what none has room for waits in the kernel, bounded. Returns when
/// `shared.stop` is readable and accept() has been woken.
void serve_connections(HttpShared& shared);

}  // namespace assay
