// Records of connections, flows, payloads and names.
#include "scheduler/score/observe.h"

#include "scheduler/score/name_shape.h"
#include "scheduler/score/peer_fields.h"
#include "scheduler/score/process_fields.h"

namespace assay {
namespace {

constexpr size_t kMaxRemembered = 20'000;

std::string peer_key(const std::string& proto, const std::string& addr, uint32_t port) {
  return proto + " " + addr + " " + std::to_string(port);
}

// A TLS record of the handshake: what the sinkhole tells of such a connection, it has decrypted.
bool is_encrypted(const std::string& data) { return data.starts_with("\x16\x03"); }

}  // namespace

void Observer::on_connection(const Event& event, const Emit& emit) {
  bool unix_peer = event.proto == "unix" || (!event.path.empty() && event.dst_addr.empty());
  Category category = unix_peer ? Category::unix_socket : Category::network_connection;
  if (!wants(category) || (!unix_peer && event.dst_addr.empty())) return;
  // Resolvers connect a datagram socket to port 0 or any, only to ask the kernel for a route: no packet is
  // sent.
  if (!unix_peer && event.proto == "udp" && event.dst_port == 0) return;
  Record record(category);
  add_process(record, event);
  if (unix_peer)
    record.borrow(Field::TargetFilename, event.path);
  else
    add_peer(record, network_, event.proto, event.dst_addr, event.dst_port);
  record.own(Field::Initiated, event.kind == EventKind::connect);
  record.own(Field::Succeeded, event.error == 0);
  emit(record);
}

void Observer::on_listen(const Event& event, const Emit& emit) {
  if (!wants(Category::network_listen) || event.kind != EventKind::bind || event.proto == "unix" ||
      event.src_addr.empty())
    return;
  Record record(Category::network_listen);
  add_process(record, event);
  record.borrow(Field::Protocol, event.proto);
  record.borrow(Field::SourceIp, event.src_addr);
  record.own(Field::SourcePort, static_cast<uint64_t>(event.src_port));
  emit(record);
}

void Observer::on_flow(const Event& event, const Emit& emit) {
  bool out = network_.outbound(event);
  auto fill = [&](Record& record) {
    add_peer(record, network_, event.proto, out ? event.dst_addr : event.src_addr,
             out ? event.dst_port : event.src_port);
    record.borrow(Field::SourceIp, event.src_addr);
    record.own(Field::SourcePort, static_cast<uint64_t>(event.src_port));
    record.own(Field::Initiated, out);
  };
  if (event.kind == EventKind::flow_end && wants(Category::flow)) {
    Record record(Category::flow);
    fill(record);
    record.borrow(Field::Direction, out ? "out" : "in");
    record.own(Field::BytesOut, event.bytes_out);
    record.own(Field::BytesIn, event.bytes_in);
    record.own(Field::DurationSeconds, static_cast<uint64_t>(event.duration_ns / 1'000'000'000));
    emit(record);
  }
  // Datagrams can leave without a connect(); the flow is then the only sign.
  if (event.kind == EventKind::flow_start && event.proto == "udp" && out && event.dst_port != 53 &&
      wants(Category::network_connection)) {
    Record record(Category::network_connection);
    fill(record);
    emit(record);
  }
}

void Observer::on_payload(const Event& event, const Emit& emit) {
  std::string key = peer_key(event.proto, event.dst_addr, event.dst_port);
  if (event.kind == EventKind::payload) {
    if (sent_.size() < kMaxRemembered) sent_.emplace(key, is_encrypted(event.data));
  } else {
    auto known = sent_.find(key);
    bool told = known != sent_.end() && (!known->second || is_encrypted(event.data));
    if (event.data.empty() || told) return;
  }
  if (!wants(Category::payload)) return;
  bool out = network_.outbound(event);
  Record record(Category::payload);
  add_peer(record, network_, event.proto, out ? event.dst_addr : event.src_addr,
           out ? event.dst_port : event.src_port);
  record.borrow(Field::Direction, out ? "out" : "in");
  record.borrow(Field::Data, event.data);
  record.borrow(Field::App, event.app);
  emit(record);
}

void Observer::on_name(const Event& event, const Emit& emit) {
  const char* via = to_string(event.kind);
  bool fresh =
      !event.name.empty() && named_.size() < kMaxRemembered && named_.emplace(via, event.name).second;
  if (fresh && wants(Category::host_name)) {
    Record record(Category::host_name);
    record.borrow(Field::HostName, event.name);
    record.borrow(Field::Via, via);
    emit(record);
  }
  bool answer =
      event.kind == EventKind::dns && event.src_port == 53;  // asked before, unless the question was lost
  if (event.kind == EventKind::dns && (!answer || fresh) && wants(Category::dns_query)) {
    Record record(Category::dns_query);
    add_process_fields(record, tree_, event.pid > 0 ? tree_.find(event.pid) : speakers_.of(event));
    record.borrow(Field::QueryName, event.name);
    record.borrow(Field::QueryType, event.query_type);
    for (const auto& item : event.answers) record.borrow(Field::QueryResults, item);
    NameShape shape = shape_of(event.name);
    record.own(Field::LabelLength, shape.label_length);
    record.own(Field::LabelEntropy, shape.entropy);
    record.own(Field::QueryDomain, std::move(shape.domain));
    if (event.source == Source::sinkhole) record.own(Field::QueryStatus, std::to_string(event.result));
    emit(record);
  }
  if (event.kind == EventKind::tls && wants(Category::tls)) {
    Record record(Category::tls);
    add_peer(record, network_, event.proto, event.dst_addr, event.dst_port);
    record.borrow(Field::HostName, event.name);
    emit(record);
  }
  if (event.kind == EventKind::http) on_request(event, emit);
}

// A request in the clear is seen on the wire and by who answers it; it is told once, and an encrypted one,
// which only the latter sees, too.
void Observer::on_request(const Event& event, const Emit& emit) {
  // The sinkhole tells of other protocols' commands in the same form.
  bool web = event.app.empty() || event.app.starts_with("http") || event.app == "h2" || event.proto == "unix";
  if (!wants(Category::proxy) || !web) return;
  bool answered = event.source == Source::sinkhole;
  std::string key = event.call + " " + event.name + " " + event.path;
  if (requests_.size() < kMaxRemembered || requests_.contains(key)) {
    auto& [seen, heard] = requests_[key];
    int& mine = answered ? heard : seen;
    int other = answered ? seen : heard;
    if (++mine <= other) return;
  }
  Record record(Category::proxy);
  add_process_fields(record, tree_, speakers_.of(event));
  add_peer(record, network_, event.proto, event.dst_addr, event.dst_port);
  record.borrow(Field::cs_method, event.call);
  record.borrow(Field::cs_host, event.name);
  record.borrow(Field::c_uri, event.path);
  record.borrow(Field::App, event.app);
  record.borrow(Field::Data, event.data);
  emit(record);
}

}  // namespace assay
