// media: the media types of Harbor's Pluggable Scanner API (goharbor/pluggable-scanner-spec, versions 1.0
// to 1.2), and which of them an Accept header asks for (RFC 9110, 12.5.1, without weights). Pure.
#pragma once

#include <optional>
#include <string_view>

namespace assay::gateway::harbor {

inline constexpr char kMetadata10[] = "application/vnd.scanner.adapter.metadata+json; version=1.0";
inline constexpr char kMetadata11[] = "application/vnd.scanner.adapter.metadata+json; version=1.1";
inline constexpr char kScanResponse[] = "application/vnd.scanner.adapter.scan.response+json; version=1.0";
inline constexpr char kError[] = "application/vnd.scanner.adapter.error+json; version=1.0";
inline constexpr char kReport10[] = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0";
inline constexpr char kReport11[] = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.1";
inline constexpr char kGenericReport[] = "application/vnd.security.vulnerability.report; version=1.1";
inline constexpr char kRawReport[] = "application/vnd.scanner.adapter.vuln.report.raw";
inline constexpr char kOciManifest[] = "application/vnd.oci.image.manifest.v1+json";
inline constexpr char kDockerManifest[] = "application/vnd.docker.distribution.manifest.v2+json";

/// Whether two media types are one: letters of either case, blanks as they like, and the same version, or
/// none in one of them.
bool same_type(std::string_view a, std::string_view b);

/// The first in the Accept header that can be served, as above; without a header, or with "*/*" the first
/// of all. Nothing: none.
std::optional<std::string_view> metadata_type(std::string_view accept);
std::optional<std::string_view> report_type(std::string_view accept);
/// Of a request's body: versions 1.0 and 1.1, JSON as such, and none.
bool is_scan_request(std::string_view content_type);

}  // namespace assay::gateway::harbor
