// probe_protocols: how a client of each protocol begins, knows its server, and goes on. Pure. What servers
// say is hostile: it is only compared, never trusted to be whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

struct ProbeProtocol {
  const char* app;
  /// What the client says first; empty: it is the server who begins.
  std::string (*first)();
  /// Whether this is such a server's first answer.
  bool (*recognises)(std::string_view answer);
  /// What to say next, given the latest answer; `turn` counts from 0. Empty: enough.
  std::string (*reply)(std::string_view answer, size_t turn);
};

/// Of the server whose first words these are; null: unknown.
const ProbeProtocol* recognise(std::string_view answer);
/// By name: "http", "redis"...; null: there is none.
const ProbeProtocol* probe_protocol(std::string_view app);
/// Clients that speak first, those that the port suggests before the others. "https" stands for http in TLS.
std::vector<std::string> candidates_for(uint32_t port);
/// A question that every name server answers, for UDP.
std::string dns_question();

}  // namespace assay
