// Tables first, then attached: no packet passes an empty one.
#include "agent/egress_filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/egress/packet.h"
#include "agent/network.h"
#include "agent/trace/bpf_support.h"
#include "agent/trace/sockaddr.h"
#include "bpf/egress.skel.h"
#include "bpf/farm_event.h"

namespace assay {
namespace {

static_assert(sizeof(farm_refused) == 72);
static_assert(FARM_REFUSED_NEIGHBOUR == static_cast<int>(egress::Reason::neighbour));
static_assert(FARM_REFUSED_PROTOCOL == static_cast<int>(egress::Reason::protocol));
static_assert(FARM_REFUSED_BYTES == static_cast<int>(egress::Reason::bytes));
static_assert(FARM_REFUSALS == egress::kReasonCount);

constexpr uint32_t kSyn = 2, kConnects = 0x17;  // of SYN, ACK, RST and FIN

// The guest is the source, also of what was refused on its way back: it is its conversation.
Event event_of(const farm_refused& record) {
  Event event;
  event.kind = EventKind::refused;
  event.plane = Plane::host;
  event.source = Source::egress;
  event.call = egress::to_string(static_cast<egress::Reason>(record.reason));
  event.proto = ip_protocol_name(record.key.proto);
  event.src_addr = ip_text({reinterpret_cast<const char*>(record.key.guest), 16});
  event.dst_addr = ip_text({reinterpret_cast<const char*>(record.key.peer), 16});
  event.src_port = record.key.guest_port;
  event.dst_port = record.key.peer_port;
  (record.direction == FARM_OUT ? event.packets_out : event.packets_in) = 1;
  (record.direction == FARM_OUT ? event.bytes_out : event.bytes_in) = record.length;
  return event;
}

egress::Endpoint endpoint(const uint8_t (&bytes)[16], uint16_t port) {
  egress::Endpoint out;
  std::copy(bytes, bytes + sizeof bytes, out.addr.bytes.begin());
  out.port = port;
  return out;
}

// So that a guest goes on at once, rather than wait for an answer that never comes.
std::string reset_of(const farm_refused& record) {
  const farm_flow_key& key = record.key;
  if (key.proto != IPPROTO_TCP || record.direction != FARM_OUT || (record.flags & kConnects) != kSyn)
    return "";
  return egress::tcp_reset(endpoint(key.peer, key.peer_port), endpoint(key.guest, key.guest_port),
                           record.seq);
}

}  // namespace

struct EgressFilter::State {
  egress_bpf* skeleton = nullptr;
  bpf_link *out = nullptr, *in = nullptr;
  ring_buffer* ring = nullptr;
  std::vector<farm_refused> records;

  ~State() {
    ring_buffer__free(ring);
    bpf_link__destroy(out);
    bpf_link__destroy(in);
    egress_bpf__destroy(skeleton);
  }
  Status load(const egress::Policy& policy, uint64_t byte_limit);
  Status fill(const egress::Policy& policy);
  Status attach(unsigned ifindex);
};

Status EgressFilter::State::load(const egress::Policy& policy, uint64_t byte_limit) {
  skeleton = egress_bpf__open();
  if (skeleton == nullptr) return bpf_error("egress", "open", errno);
  skeleton->rodata->byte_limit = byte_limit;
  for (const egress::Address& gateway : policy.gateways()) {
    auto& place = gateway.is_v4() ? skeleton->rodata->gateway4 : skeleton->rodata->gateway6;
    std::memcpy(const_cast<uint8_t*>(place), gateway.bytes.data(), sizeof place);
  }
  if (egress_bpf__load(skeleton) != 0) return bpf_error("egress", "load", errno);
  ASSAY_CHECK(fill(policy));
  auto keep = [](void* self, void* data, size_t size) {
    if (size != sizeof(farm_refused)) return 0;
    std::memcpy(&static_cast<State*>(self)->records.emplace_back(), data, size);
    return 0;
  };
  ring = ring_buffer__new(bpf_map__fd(skeleton->maps.ring), keep, this, nullptr);
  if (ring == nullptr) return bpf_error("egress", "map the ring", errno);
  return Status();
}

Status EgressFilter::State::fill(const egress::Policy& policy) {
  for (const egress::Range& range : policy.ranges()) {
    auto reason = static_cast<uint32_t>(range.reason);
    farm_range4 four{};
    farm_range6 six{};
    four.prefix = six.prefix = range.prefix;
    std::memcpy(four.addr, range.base.bytes.data() + 12, sizeof four.addr);
    std::memcpy(six.addr, range.base.bytes.data(), sizeof six.addr);
    int error = range.v4 ? bpf_map__update_elem(skeleton->maps.ranges4, &four, sizeof four, &reason,
                                                sizeof reason, BPF_ANY)
                         : bpf_map__update_elem(skeleton->maps.ranges6, &six, sizeof six, &reason,
                                                sizeof reason, BPF_ANY);
    if (error != 0) return bpf_error("egress", "refuse " + range.base.text(), errno);
  }
  return Status();
}

Status EgressFilter::State::attach(unsigned ifindex) {
  out = bpf_program__attach_tcx(skeleton->progs.farm_egress_out, static_cast<int>(ifindex), nullptr);
  if (out == nullptr) return bpf_error("egress", "attach to tcx ingress (needs Linux 6.6)", errno);
  in = bpf_program__attach_tcx(skeleton->progs.farm_egress_in, static_cast<int>(ifindex), nullptr);
  if (in == nullptr) return bpf_error("egress", "attach to tcx egress (needs Linux 6.6)", errno);
  return Status();
}

EgressFilter::EgressFilter(std::unique_ptr<State> state) : state_(std::move(state)) {}
EgressFilter::EgressFilter(EgressFilter&&) noexcept = default;
EgressFilter& EgressFilter::operator=(EgressFilter&&) noexcept = default;
EgressFilter::~EgressFilter() = default;

Result<EgressFilter> EgressFilter::open(int world_ns, unsigned ifindex, const egress::Policy& policy,
                                        uint64_t byte_limit) {
  quiet_libbpf();
  auto state = std::make_unique<State>();
  ASSAY_CHECK(state->load(policy, byte_limit));
  ASSAY_CHECK(in_net_ns(world_ns, [&] { return state->attach(ifindex); }));
  return EgressFilter(std::move(state));
}

std::vector<EgressFilter::Refusal> EgressFilter::take(int64_t start_time_ns) {
  ring_buffer__consume(state_->ring);
  std::vector<Refusal> out;
  if (state_->records.empty()) return out;
  int64_t offset_ns = monotonic_to_wall_ns() - start_time_ns;
  for (const farm_refused& record : std::exchange(state_->records, {})) {
    out.push_back({event_of(record), reset_of(record)});
    out.back().event.time_ns = static_cast<int64_t>(record.time_ns) + offset_ns;
  }
  return out;
}

std::array<uint64_t, egress::kReasonCount> EgressFilter::packets() const {
  std::array<uint64_t, egress::kReasonCount> out{};
  for (uint32_t reason = 0; reason < out.size(); ++reason)
    (void)bpf_map__lookup_elem(state_->skeleton->maps.refusals, &reason, sizeof reason, &out[reason],
                               sizeof out[reason], 0);
  return out;
}

uint64_t EgressFilter::lost() const {
  return percpu_sum(bpf_map__fd(state_->skeleton->maps.counters), FARM_LOST, sizeof(uint64_t));
}

}  // namespace assay
