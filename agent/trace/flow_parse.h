// flow_parse: what the first bytes of a flow say: DNS messages (RFC 1035), the server name in a TLS
// ClientHello (RFC 8446, RFC 6066), HTTP/1 request heads (RFC 9112). Pure; bounded; the bytes are hostile.
// nullopt: not that protocol, or damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

inline constexpr size_t kMaxDnsAnswers = 64;

struct DnsMessage {
  bool response = false;
  uint8_t rcode = 0;
  std::string name;        // of the first question, lower-case, without the final dot; bytes as sent
  std::string query_type;  // "A", "AAAA", "TXT"..., "TYPE<n>"
  std::vector<std::string> answers;  // addresses, names, texts; "TYPE<n>" for what has no text form here
  size_t more = 0;                   // questions and answers left out
};
std::optional<DnsMessage> parse_dns(std::string_view message);

struct ClientHello {
  std::string server_name;  // empty: none sent
};
/// `wants_more` is set when the bytes so far are the start of a ClientHello.
std::optional<ClientHello> parse_client_hello(std::string_view stream, bool& wants_more);

struct HttpRequest {
  std::string method, target, host;
};
/// `wants_more` is set when the bytes so far are the start of a request. `at_end`: nothing will follow, take
/// what there is.
std::optional<HttpRequest> parse_http_request(std::string_view stream, bool at_end, bool& wants_more);

}  // namespace assay
