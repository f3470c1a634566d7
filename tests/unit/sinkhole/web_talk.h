// What the tests of the web share: one client's conversation with http, whole or in pieces, and what was told
// of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/web/http.h"
#include "agent/sinkhole/web/web.h"

namespace assay::sinkhole {

inline constexpr int64_t kNow = 1'700'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

inline lure::Lures web_lures() {
  lure::Lures out;
  out.seed.fill(7);
  out.packages = {"own-package"};
  return out;
}

struct WebTalk {
  Scene scene{web_lures()};
  Peer peer;
  std::vector<Report> told;
  std::unique_ptr<Conversation> conversation;

  explicit WebTalk(Peer with = {}) : peer(std::move(with)) {
    if (peer.dst_port == 0) peer.dst_port = 80;
    Moment moment = now();
    conversation = open_http(moment);
  }
  Moment now() { return {scene, peer, kNow * 1'000'000'000, told}; }
  std::string hear(std::string_view bytes) {
    Moment moment = now();
    return conversation->hear(bytes, moment);
  }
  std::string ask(std::string_view bytes, size_t step = std::string_view::npos) {
    std::string out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
      out += hear(bytes.substr(0, step));
    return out + (conversation->closing() ? "<closed>" : "");
  }
  /// "http GET /x a.example;canary shell http://a.example/x;"
  std::string said() const {
    std::string out;
    for (const Report& report : told) {
      switch (report.kind) {
        case ReportKind::http:
          out += report.app + " " + report.method + " " + report.path + " " + report.name;
          break;
        case ReportKind::canary:
          out += "canary " + report.detail + " " + report.path;
          break;
        case ReportKind::dns:
          out += "dns " + report.query_type + " " + report.name;
          break;
        case ReportKind::token:
          out += "token " + report.method + " " + report.detail;
          break;
        default:
          out += "?";
      }
      out += ";";
    }
    return out;
  }
};

inline std::string head_of(const std::string& reply) { return reply.substr(0, reply.find("\r\n\r\n")); }
inline std::string body_of(const std::string& reply) {
  size_t end = reply.find("\r\n\r\n");
  return end == std::string::npos ? "" : reply.substr(end + 4);
}
inline std::string field_of(const std::string& reply, const std::string& name) {
  size_t at = reply.find("\r\n" + name + ": ");
  if (at == std::string::npos || at > reply.find("\r\n\r\n")) return "";
  at += name.size() + 4;
  return reply.substr(at, reply.find('\r', at) - at);
}
inline std::string status_of(const std::string& reply) {
  return reply.size() < 12 ? reply : reply.substr(9, 3);
}

}  // namespace assay::sinkhole
