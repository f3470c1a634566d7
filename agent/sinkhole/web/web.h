// web: a parsed HTTP request and its answer, and the sites that answer: each looks at host and path, and
// answers or passes. http.cc speaks the protocol and asks the sites in turn; downloads.cc comes last and
// answers everything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/sinkhole/conversation.h"

namespace assay::sinkhole {

struct WebRequest {
  static constexpr size_t kMaxBodyBytes = 8ull << 20;  // kept for the sites; the rest is counted

  std::string method, target;  // as sent
  std::string path, query;     // of the target, without host; path is not decoded
  std::string host;            // Host or the target's, without port; else Peer::host
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // chunks joined, Content-Encoding undone
  uint64_t body_bytes = 0;                                   // as it came

  std::string_view header(std::string_view lower_name) const;  // the first; empty if there is none
  std::string url(const Peer& peer) const;                     // "https://host:8443/path?query"
};

struct WebAnswer {
  int status = 200;
  std::string content_type = "text/html";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
};

using Site = std::optional<WebAnswer> (*)(const WebRequest&, Moment&);

// Simulated services; each in the file of its name.
std::optional<WebAnswer> answer_cloud_metadata(const WebRequest& request, Moment& moment);  // AWS, GCP, Azure
std::optional<WebAnswer> answer_kubernetes(const WebRequest& request, Moment& moment);      // the API server
std::optional<WebAnswer> answer_containers(const WebRequest& request, Moment& moment);      // docker.sock
std::optional<WebAnswer> answer_webhook(const WebRequest& request,
                                        Moment& moment);                         // Telegram, Discord, Slack
std::optional<WebAnswer> answer_git(const WebRequest& request, Moment& moment);  // smart HTTP: clone and push
std::optional<WebAnswer> answer_packages(const WebRequest& request, Moment& moment);  // apt, PyPI, npm
WebAnswer answer_download(const WebRequest& request,
                          Moment& moment);  // everything else: a canary of the right kind

/// Reports for Moment::told.
Report canary_report(const Canary& canary, const WebRequest& request, const Peer& peer);
Report token_served(const lure::Token& token, const Peer& peer);

}  // namespace assay::sinkhole
