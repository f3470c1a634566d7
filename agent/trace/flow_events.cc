// Decoding of flow records, and the little reassembly that tls and http need.
#include "agent/trace/flow_events.h"

#include <netinet/in.h>

#include <cstring>

#include "agent/trace/flow_parse.h"
#include "agent/trace/sockaddr.h"
#include "bpf/farm_event.h"

namespace assay {
namespace {

static_assert(sizeof(farm_flow_key) == 40 && sizeof(farm_flow) == 72 && sizeof(farm_flow_record) == 72);
constexpr uint32_t kDnsPort = 53;

std::string address(const __u8 (&bytes)[16]) { return ip_text({reinterpret_cast<const char*>(bytes), 16}); }

// An event about a flow; the guest is its source when `from_guest`.
Event flow_event(EventKind kind, const farm_flow_key& key, bool from_guest, int64_t time_ns) {
  Event e;
  e.kind = kind;
  e.plane = Plane::host;
  e.source = Source::flows;
  e.time_ns = time_ns;
  e.proto = ip_protocol_name(key.proto);
  e.src_addr = address(from_guest ? key.guest : key.peer);
  e.dst_addr = address(from_guest ? key.peer : key.guest);
  e.src_port = from_guest ? key.guest_port : key.peer_port;
  e.dst_port = from_guest ? key.peer_port : key.guest_port;
  return e;
}

bool dns_event(std::string_view message, const Event& base, std::vector<Event>& out) {
  auto dns = parse_dns(message);
  if (!dns) return false;
  Event e = base;
  e.kind = EventKind::dns;
  e.call = dns->response ? "response" : "query";
  e.name = dns->name;
  e.query_type = dns->query_type;
  e.answers = std::move(dns->answers);
  e.result = dns->response ? dns->rcode : 0;
  e.truncated = dns->more;
  e.data.clear();
  out.push_back(std::move(e));
  return true;
}

void http_event(const HttpRequest& request, const Event& base, std::vector<Event>& out) {
  Event e = base;
  e.kind = EventKind::http;
  e.call = request.method;
  e.name = request.host;
  e.path = request.target;
  e.data.clear();
  e.truncated = 0;
  out.push_back(std::move(e));
}

void payload_event(std::string_view data, uint32_t full, const Event& base, std::vector<Event>& out) {
  Event e = base;
  e.kind = EventKind::payload;
  e.data = data;
  e.truncated = full > data.size() ? full - data.size() : 0;
  out.push_back(std::move(e));
}

}  // namespace

// What a stream's beginning says. `base` gives time and addresses.
void FlowEvents::settle(Stream& stream, bool at_end, const Event& base, std::vector<Event>& out) {
  if (stream.settled || stream.bytes.empty()) return;
  bool more_tls = false, more_http = false;
  if (base.src_port == kDnsPort || base.dst_port == kDnsPort) {
    if (stream.bytes.size() < 2) return;
    size_t length = static_cast<size_t>(static_cast<uint8_t>(stream.bytes[0])) << 8 |
                    static_cast<uint8_t>(stream.bytes[1]);
    if (stream.bytes.size() < 2 + length && stream.bytes.size() < kMaxStream && !at_end) return;
    stream.settled = true;
    dns_event(std::string_view(stream.bytes).substr(2, length), base, out);
    return;
  }
  if (auto hello = parse_client_hello(stream.bytes, more_tls)) {
    Event e = base;
    e.kind = EventKind::tls;
    e.name = hello->server_name;
    e.data.clear();
    e.truncated = 0;
    out.push_back(std::move(e));
  } else if (auto request = parse_http_request(stream.bytes, at_end, more_http)) {
    http_event(*request, base, out);
  }
  stream.settled = at_end || !(more_tls || more_http);
  if (stream.settled) stream.bytes = std::string();
}

void FlowEvents::speak(Flow& flow, size_t direction, std::string_view data, uint32_t offset,
                       const Event& base, std::vector<Event>& out) {
  Stream& stream = flow.streams[direction];
  if (stream.settled) {
    // Later requests on the same connection, where a packet starts with one.
    bool more = false;
    if (auto request = parse_http_request(data, true, more)) http_event(*request, base, out);
    return;
  }
  if (!stream.started) {
    stream.started = true;
    stream.base = offset;
  }
  // A retransmission, or a packet after a gap, adds nothing.
  if (offset - stream.base != stream.bytes.size() || stream.bytes.size() >= kMaxStream) return;
  stream.bytes += data;
  settle(stream, stream.bytes.size() >= kMaxStream, base, out);
}

Result<std::vector<Event>> FlowEvents::decode(std::string_view record) {
  farm_flow_record head;
  if (record.size() < sizeof head) return Error{Errc::corrupt, "flow record is short"};
  std::memcpy(&head, record.data(), sizeof head);
  auto data = record.substr(sizeof head);
  if (head.data_len > data.size() || head.direction > 1)
    return Error{Errc::corrupt, "flow record's data is out of bounds"};
  data = data.substr(0, head.data_len);
  std::vector<Event> out;
  bool from_guest = head.direction == FARM_OUT;
  auto time_ns = static_cast<int64_t>(head.time_ns);
  if (head.type == FARM_FLOW_START) {
    streams_.erase(std::string(reinterpret_cast<const char*>(&head.key), sizeof head.key));
    out.push_back(flow_event(EventKind::flow_start, head.key, from_guest, time_ns));
  }
  if (head.type != FARM_FLOW_PAYLOAD) return out;
  Event base = flow_event(EventKind::payload, head.key, from_guest, time_ns);
  bool dns_port = base.src_port == kDnsPort || base.dst_port == kDnsPort;
  if (head.key.proto == IPPROTO_UDP) {
    if (!dns_port || !dns_event(data, base, out)) payload_event(data, head.data_full, base, out);
    return out;
  }
  payload_event(data, head.data_full, base, out);
  if (head.key.proto != IPPROTO_TCP) return out;  // a ping's: there is no stream
  if (streams_.size() >= kMaxFlows)
    streams_.clear();  // a flood of half-open conversations: their heads are not waited for
  auto& flow = streams_[std::string(reinterpret_cast<const char*>(&head.key), sizeof head.key)];
  speak(flow, head.direction, data, head.offset, base, out);
  return out;
}

Result<std::vector<Event>> FlowEvents::decode_total(std::string_view key_and_flow) {
  farm_flow_key key;
  farm_flow flow;
  if (key_and_flow.size() != sizeof key + sizeof flow)
    return Error{Errc::corrupt, "flow counters of a wrong size"};
  std::memcpy(&key, key_and_flow.data(), sizeof key);
  std::memcpy(&flow, key_and_flow.data() + sizeof key, sizeof flow);
  std::vector<Event> out;
  auto last_ns = static_cast<int64_t>(flow.last_ns);
  auto found = streams_.find(std::string(key_and_flow.substr(0, sizeof key)));
  if (found != streams_.end()) {
    for (size_t direction : {FARM_OUT, FARM_IN})
      settle(found->second.streams[direction], true,
             flow_event(EventKind::payload, key, direction == FARM_OUT, last_ns), out);
    streams_.erase(found);
  }
  Event e = flow_event(EventKind::flow_end, key, (flow.flags[FARM_IN] & FARM_BEGAN) == 0, last_ns);
  e.bytes_out = flow.bytes[FARM_OUT];
  e.bytes_in = flow.bytes[FARM_IN];
  e.packets_out = flow.packets[FARM_OUT];
  e.packets_in = flow.packets[FARM_IN];
  e.duration_ns = static_cast<int64_t>(flow.last_ns - flow.first_ns);
  out.push_back(std::move(e));
  return out;
}

}  // namespace assay
