// Each form is turned into a packet, and answered by the name service.
#include "agent/sinkhole/web/doh.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "agent/sinkhole/dns/dns_service.h"
#include "agent/sinkhole/web/packages.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxMessageBytes = 4096;

// One parameter of a query, decoded.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (!pair.starts_with(name) || pair.size() <= name.size() || pair[name.size()] != '=') continue;
    pair.remove_prefix(name.size() + 1);
    return percent_decoded(pair.substr(0, 3 * kMaxMessageBytes)).substr(0, kMaxMessageBytes);
  }
  return "";
}

// RFC 4648 section 5, without padding; what is not of its alphabet ends it.
std::string from_base64url(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '-' || c == '+' ? 62
                : c == '_' || c == '/' ? 63
                                       : -1;
    if (value < 0) break;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if ((count += 6) < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count);
  }
  return out;
}

// A query for a name in the text form; empty if there can be none.
std::string query_packet(std::string_view name, uint16_t type) {
  std::string out("\0\0\1\0\0\1\0\0\0\0\0\0", 12);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return "";
  while (!name.empty()) {
    std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63) return "";
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  out += '\0';
  for (int value : {type >> 8, type & 255, 0, 1}) out += static_cast<char>(value);
  return out;
}

uint16_t type_number(std::string_view text) {
  uint16_t number = 1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  for (uint16_t type = 1; type < 300; ++type)
    if (dns_type_name(type) == text) return type;
  return 1;
}

DnsReply ask(const std::string& packet, Moment& moment) {
  return answer_name_query(packet, moment.scene, moment.wall_ns, moment.told);
}

WebAnswer as_json(const DnsReply& reply) {
  nlohmann::json question = {{"name", reply.question->name}, {"type", reply.question->type}};
  nlohmann::json answers = nlohmann::json::array();
  for (const std::string& data : reply.answers)
    answers.push_back(
        {{"name", reply.question->name}, {"type", reply.question->type}, {"TTL", 300}, {"data", data}});
  nlohmann::json out = {
      {"Status", reply.rcode},  {"TC", false},      {"RD", true}, {"RA", true}, {"AD", false}, {"CD", false},
      {"Question", {question}}, {"Answer", answers}};
  return {
      200, "application/dns-json", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), {}};
}

}  // namespace

std::optional<WebAnswer> answer_doh(const WebRequest& request, Moment& moment) {
  constexpr const char* kMessage = "application/dns-message";
  std::string packet;
  if (request.method == "POST" && request.header("content-type") == kMessage)
    packet = request.body.substr(0, kMaxMessageBytes);
  else if (request.method == "GET" && request.path.ends_with("/dns-query"))
    packet = from_base64url(parameter(request.query, "dns"));
  if (!packet.empty()) {
    DnsReply reply = ask(packet, moment);
    if (reply.packet.empty()) return std::nullopt;
    return WebAnswer{200, kMessage, std::move(reply.packet), {{"Cache-Control", "max-age=300"}}};
  }
  bool json = request.path == "/resolve" || request.path.ends_with("/dns-query");
  std::string name = json && request.method == "GET" ? parameter(request.query, "name") : "";
  packet = query_packet(name, type_number(parameter(request.query, "type")));
  if (packet.empty()) return std::nullopt;
  DnsReply reply = ask(packet, moment);
  if (!reply.question) return std::nullopt;
  return as_json(reply);
}

}  // namespace assay::sinkhole
