// request: what Harbor asks to have scanned, read into an order to the farm. Pure; the bytes are hostile.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "gateway/farm_client.h"
#include "gateway/harbor/settings.h"

namespace assay::gateway::harbor {

inline constexpr size_t kMaxRequestBytes = 64 << 10;

/// What cannot be taken, by the codes of the specification: 400 (no JSON, or values of another type), 422 (a
/// field that will not do), 501 (nothing that we can do). The message never has the login in it.
struct Refusal {
  int status = 400;
  std::string message;
};

/// A ScanRequest of versions 1.0 to 1.2 as a scan of HOST/REPOSITORY@DIGEST with Harbor's own login, and with
/// what the report is to say of its artifact in labels: see artifact_of().
std::variant<FarmOrder, Refusal> read_scan_request(std::string_view body, const Settings& settings);

/// What the specification calls an artifact, as its request named it; texts may be empty.
struct Artifact {
  std::string repository, digest, tag, mime_type;
};
/// Of a scan that read_scan_request() ordered; nothing for any other scan.
std::optional<Artifact> artifact_of(const FarmScan& scan);

}  // namespace assay::gateway::harbor
