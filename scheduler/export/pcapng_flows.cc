// The first pass: which conversations there are.
#include <algorithm>

#include "common/addresses.h"
#include "common/text.h"
#include "scheduler/export/pcapng.h"

namespace assay {
namespace {

constexpr size_t kMaxToldOfFlow = 16 << 10;
constexpr size_t kMaxToldData = 1024;
constexpr int64_t kCloseNs =
    1'000'000'000;  // nearer to the run's end than that, a flow is read because of it

std::string address_bytes(const std::string& text) {
  auto address = IpAddress::parse(text);
  return address ? address->raw() : "";
}

bool is_flow(const Event& event) {
  if (event.source != Source::flows) return false;
  return event.kind == EventKind::flow_start || event.kind == EventKind::flow_end ||
         event.kind == EventKind::payload || event.kind == EventKind::dns;
}

bool is_told(const Event& event) {
  if (event.kind == EventKind::tls) return true;
  return event.source == Source::sinkhole &&
         (event.kind == EventKind::session || event.kind == EventKind::http || event.kind == EventKind::dns ||
          event.kind == EventKind::canary || event.kind == EventKind::token);
}

std::string told(const Event& e) {
  std::string app = printable(e.app, 40), name = printable(e.name, 300);
  switch (e.kind) {
    case EventKind::tls:
      return "TLS ClientHello for " + (name.empty() ? "no name" : name);
    case EventKind::session:
      return "Sinkhole: session" + (name.empty() ? "" : " with " + name) +
             (app.empty() ? "" : " over " + app) +
             (e.data.empty()
                  ? ""
                  : "; from the guest, decrypted where it was not plain: " + printable(e.data, kMaxToldData));
    case EventKind::http:
      return "Sinkhole: " + app + " request " + printable(e.call, 40) + " " + name + " " +
             printable(e.path, kMaxToldData) + (e.data.empty() ? "" : "; body " + printable(e.data, 256));
    case EventKind::canary:
      return "Sinkhole: answered with a file of its own, " + printable(e.path, kMaxToldData) + ", SHA-256 " +
             printable(e.sha256, 64);
    case EventKind::token:
      return "Sinkhole: honeytoken " + printable(e.path, 300) + " " + printable(e.call, 40) +
             (e.path2.empty() ? "" : " as " + printable(e.path2, 40));
    default:
      return "Sinkhole: asked for " + name + " " + printable(e.query_type, 20);
  }
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

std::optional<FlowKey> flow_key(const Event& event) {
  FlowKey key;
  key.from = address_bytes(event.src_addr);
  key.to = address_bytes(event.dst_addr);
  if (key.from.empty() || key.from.size() != key.to.size()) return {};
  if (event.src_port > 0xffff || event.dst_port > 0xffff) return {};
  key.v6 = key.from.size() == 16;
  key.protocol = event.proto == "tcp"    ? 6
                 : event.proto == "udp"  ? 17
                 : event.proto == "icmp" ? (key.v6 ? 58 : 1)
                                         : 0;
  if (key.protocol == 0) return {};
  key.from_port = static_cast<uint16_t>(event.src_port);
  key.to_port = static_cast<uint16_t>(event.dst_port);
  return key;
}

std::optional<FlowIndex::Found> FlowIndex::of(const Event& event) {
  if (!is_flow(event)) return {};
  auto key = flow_key(event);
  auto found = live_.end();
  bool forth = true;
  if (key) {
    found = live_.find(*key);
    if (found == live_.end()) {
      found = live_.find(key->turned());
      forth = found == live_.end();
    }
  }
  bool start = event.kind == EventKind::flow_start, end = event.kind == EventKind::flow_end;
  if (found != live_.end() && !start) {
    Found out{found->second, false, forth};
    if (end) live_.erase(found);
    return out;
  }
  if (!key || end || next_ >= kMaxConversations) {
    ++left_out_;
    return {};
  }
  if (found != live_.end()) live_.erase(found);
  live_[*key] = next_;
  return Found{next_++, true, true};
}

FlowBook::FlowBook(const TraceHeader& header)
    : guest_(address_bytes(header.guest_addr)), guest6_(address_bytes(header.guest_addr6)) {}

bool FlowBook::guest_began(const Conversation& conversation) const {
  const std::string& guest = conversation.key.v6 ? guest6_ : guest_;
  return guest.empty() || conversation.key.to != guest || conversation.key.from == guest;
}

void FlowBook::add(const Event& event) {
  if (event.plane == Plane::guest || event.kind == EventKind::flow_end)
    run_end_ns_ = std::max(run_end_ns_, event.time_ns);
  if (event.kind == EventKind::dns) name(event);
  if (is_told(event)) return tell(event);
  auto found = index_.of(event);
  if (!found) return;
  if (found->fresh) {
    Conversation fresh;
    fresh.key = *flow_key(event);
    fresh.begun = event.kind == EventKind::flow_start;
    fresh.start_ns = fresh.last_ns = event.time_ns;
    auto [before, added] = latest_.try_emplace(fresh.key, found->number);
    if (!added) {
      Conversation& earlier = conversations_[before->second];
      fresh.shared = !earlier.counted;
      earlier.closed = true;  // or its ports could not be used again
      before->second = found->number;
    }
    conversations_.push_back(std::move(fresh));
  }
  count(event, *found);
}

void FlowBook::count(const Event& event, const FlowIndex::Found& found) {
  Conversation& c = conversations_[found.number];
  if (event.kind == EventKind::payload || event.kind == EventKind::dns) {
    ++(found.forth ? c.data_forth : c.data_back);
    (found.forth ? c.known_forth : c.known_back) +=
        event.data.size() + std::min<uint64_t>(event.truncated, 1 << 20);
    c.last_ns = std::max(c.last_ns, event.time_ns);
  }
  if (event.kind != EventKind::flow_end) return;
  c.counted = true;
  c.read_ns = event.time_ns;
  int64_t most = std::max<int64_t>(event.time_ns - c.start_ns, 0);
  c.last_ns = std::max(c.last_ns, c.start_ns + std::clamp<int64_t>(event.duration_ns, 0, most));
  bool out_is_forth = guest_began(c);
  c.packets_forth = out_is_forth ? event.packets_out : event.packets_in;
  c.packets_back = out_is_forth ? event.packets_in : event.packets_out;
  c.bytes_forth = out_is_forth ? event.bytes_out : event.bytes_in;
  c.bytes_back = out_is_forth ? event.bytes_in : event.bytes_out;
}

// What was understood of a flow stands on its first packet.
void FlowBook::tell(const Event& event) {
  auto key = flow_key(event);
  auto found = key ? latest_.find(*key) : latest_.end();
  if (key && found == latest_.end()) found = latest_.find(key->turned());
  bool udp_dns = event.kind == EventKind::dns && key && key->protocol == 17;
  if (udp_dns && found != latest_.end()) return;  // its packet shows it
  if (event.proto == "unix") return;              // no packet ever was
  std::string line = told(event);
  if (found == latest_.end() || told_bytes_ + line.size() > kMaxFlowTold ||
      conversations_[found->second].told.size() + line.size() > kMaxToldOfFlow) {
    ++told_left_out_;
    return;
  }
  std::string& text = conversations_[found->second].told;
  text += (text.empty() ? "" : "\n") + line;
  told_bytes_ += line.size() + 1;
}

void FlowBook::name(const Event& event) {
  if (!is_host_name(event.name)) return;
  for (const std::string& answer : event.answers)
    if (names_.size() < kMaxResolvedNames && !address_bytes(answer).empty())
      names_.emplace(answer, event.name);
}

void FlowBook::close() {
  for (Conversation& c : conversations_)
    if (c.counted && c.read_ns + kCloseNs < run_end_ns_) c.closed = true;
}

}  // namespace assay
