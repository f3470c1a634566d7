// tls_log: what a daemon logs when its certificate's files have changed.
#pragma once

#include "common/log.h"
#include "common/text.h"
#include "common/tls_server.h"

namespace assay {

inline TlsServer::Notice log_renewals() {
  return [](const Status& renewed) {
    if (renewed)
      spdlog::info("event=certificate_renewed");
    else
      spdlog::error("event=certificate_not_renewed error=\"{}\"", printable(renewed.error().what));
  };
}

}  // namespace assay
