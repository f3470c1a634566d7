// certificate: when certificates in a file expire, for metrics.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/metrics.h"
#include "common/result.h"
#include "common/tls_server.h"

namespace assay {

/// The first time at which one of the certificates in this PEM file is not valid any more (RFC
/// 5280, 4.1.2.5). Errors name the file: not_found, denied, invalid (it holds none).
Result<std::chrono::system_clock::time_point> certificate_end(const std::string& file);

/// That as Unix time, for Prometheus; the gauge stays as it was without a certificate, and while the file
/// cannot be read.
void show_certificate_end(const std::optional<TlsFiles>& tls, const Gauge& gauge);

}  // namespace assay
