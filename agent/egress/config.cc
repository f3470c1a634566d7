// "range 10.0.0.0/8 1", "gateway ADDRESS", "resolver ADDRESS PORT", "caps BYTES RATE CONNECTIONS FRESH".
#include "agent/egress/config.h"

#include <charconv>

#include "common/text.h"

namespace assay::egress {
namespace {

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    size_t space = std::min(line.find(' '), line.size());
    out.push_back(line.substr(0, space));
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  return out;
}

template <class T>
bool number(std::string_view text, T& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

struct Parsed {
  std::vector<Range> ranges;
  std::vector<Address> gateways;
  ForwarderConfig config;
};

bool read_line(const std::vector<std::string_view>& line, Parsed& out) {
  if (line.size() == 3 && line[0] == "range") {
    unsigned reason = 0;
    if (!number(line[2], reason) || reason == 0 || reason >= kReasonCount) return false;
    auto range = parse_range(line[1], static_cast<Reason>(reason));
    if (range) out.ranges.push_back(*range);
    return static_cast<bool>(range);
  }
  if (line.size() == 2 && line[0] == "gateway") {
    auto address = parse_address(std::string(line[1]));
    if (address) out.gateways.push_back(*address);
    return address.has_value();
  }
  if (line.size() == 3 && line[0] == "resolver") {
    auto address = parse_address(std::string(line[1]));
    Endpoint to;
    if (!address || !number(line[2], to.port) || out.config.resolvers.size() >= kMaxResolvers) return false;
    to.addr = *address;
    out.config.resolvers.push_back(to);
    return true;
  }
  CapLimits& caps = out.config.caps;
  return line.size() == 5 && line[0] == "caps" && number(line[1], caps.bytes) &&
         number(line[2], caps.bytes_per_second) && number(line[3], caps.connections) &&
         number(line[4], caps.new_per_second);
}

}  // namespace

std::string encode_config(const ForwarderConfig& config) {
  std::string out;
  for (const Range& range : config.policy.ranges()) {
    std::string base = range.base.text();
    if (!range.v4 && range.base.is_v4()) base = "::ffff:" + base;
    out += "range " + base + "/" + std::to_string(range.prefix) + " " +
           std::to_string(static_cast<unsigned>(range.reason)) + "\n";
  }
  for (const Address& gateway : config.policy.gateways()) out += "gateway " + gateway.text() + "\n";
  for (const Endpoint& resolver : config.resolvers)
    out += "resolver " + resolver.addr.text() + " " + std::to_string(resolver.port) + "\n";
  const CapLimits& caps = config.caps;
  return out + "caps " + std::to_string(caps.bytes) + " " + std::to_string(caps.bytes_per_second) + " " +
         std::to_string(caps.connections) + " " + std::to_string(caps.new_per_second) + "\n";
}

Result<ForwarderConfig> decode_config(std::string_view text) {
  Parsed parsed;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!read_line(words(line), parsed))
      return Error{Errc::corrupt, "egress config: '" + printable(line, 120) + "' is not understood"};
  }
  parsed.config.policy = Policy(std::move(parsed.ranges), std::move(parsed.gateways));
  return std::move(parsed.config);
}

}  // namespace assay::egress
