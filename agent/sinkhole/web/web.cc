// What the sites share: a request's parts, and the reports about it.
#include "agent/sinkhole/web/web.h"

namespace assay::sinkhole {

std::string_view WebRequest::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_name) return value;
  return {};
}

std::string WebRequest::url(const Peer& peer) const {
  if (target.find("://") != std::string::npos && target[0] != '/') return target;
  std::string out = peer.tls ? "https://" : "http://";
  out += host;
  uint16_t usual = peer.tls ? 443 : 80;
  if (peer.dst_port != usual && peer.dst_port != 0) out += ":" + std::to_string(peer.dst_port);
  return out + (target.starts_with('/') ? "" : "/") + target;
}

Report canary_report(const Canary& canary, const WebRequest& request, const Peer& peer) {
  Report out;
  out.kind = ReportKind::canary;
  out.app = peer.tls ? "https" : "http";
  out.method = request.method;
  out.path = request.url(peer);
  out.name = request.host;
  out.detail = to_string(canary.kind);
  out.sha256 = canary.sha256;
  out.data = canary.marker;
  out.bytes_in = canary.bytes.size();
  return out;
}

Report token_served(const lure::Token& token, const Peer& peer) {
  Report out;
  out.kind = ReportKind::token;
  out.app = peer.tls ? "https" : "http";
  out.method = "served";
  out.path = token.id;
  out.name = peer.host;
  return out;
}

}  // namespace assay::sinkhole
