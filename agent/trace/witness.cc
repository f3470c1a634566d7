// Load, attach and count; and the record's layout.
#include "agent/trace/witness.h"

#include <cerrno>
#include <cstring>

#include "agent/trace/bpf_support.h"
#include "agent/trace/sleeps.h"
#include "agent/trace/sockaddr.h"
#include "agent/trace/syscalls.h"
#include "agent/trace/witness_calls.h"
#include "bpf/witness.skel.h"

namespace assay {

static_assert(sizeof(farm_call) == 8 && sizeof(farm_witness) == 88);

struct Witness::State {
  witness_bpf* skeleton = nullptr;
  ~State() { witness_bpf__destroy(skeleton); }
};

Witness::Witness(std::unique_ptr<State> state) : state_(std::move(state)) {}
Witness::Witness(Witness&&) noexcept = default;
Witness& Witness::operator=(Witness&&) noexcept = default;
Witness::~Witness() = default;

Result<Witness> Witness::open(uint64_t cgroup_id, bool every) {
  quiet_libbpf();
  auto state = std::make_unique<State>();
  state->skeleton = witness_bpf__open();
  if (state->skeleton == nullptr) return bpf_error("witness", "open", errno);
  state->skeleton->rodata->cgroup_id = cgroup_id;
  state->skeleton->rodata->cgroup_level = cgroup_level(cgroup_id);
  const auto& calls = witness_calls(every);
  static_assert(sizeof state->skeleton->rodata->calls == sizeof(std::array<farm_call, FARM_CALLS>));
  std::memcpy(static_cast<void*>(const_cast<farm_call*>(&state->skeleton->rodata->calls[0])), calls.data(),
              sizeof calls);
  if (int e = witness_bpf__load(state->skeleton); e != 0) return bpf_error("witness", "load", -e);
  if (int e = witness_bpf__attach(state->skeleton); e != 0)
    return bpf_error("witness", "attach to signal_generate", -e);
  return Witness(std::move(state));
}

int Witness::ring_fd() const { return bpf_map__fd(state_->skeleton->maps.ring); }
void Witness::detach() { witness_bpf__detach(state_->skeleton); }
uint64_t Witness::lost() const {
  return percpu_sum(bpf_map__fd(state_->skeleton->maps.counters), FARM_LOST, sizeof(uint64_t));
}
uint64_t Witness::suppressed() const {
  return percpu_sum(bpf_map__fd(state_->skeleton->maps.counters), FARM_SUPPRESSED, sizeof(uint64_t));
}

namespace {

// The descriptor a call works on, where its first argument is one.
bool first_is_fd(const std::string& call) {
  for (const char* name :
       {"write",   "pwrite64", "writev", "pwritev", "pwritev2", "sendto",  "sendmsg", "sendmmsg",
        "connect", "bind",     "accept", "accept4", "listen",   "fchmod",  "fchown",  "fchdir",
        "dup",     "dup2",     "dup3",   "openat",  "unlinkat", "mkdirat", "execveat"})
    if (call == name) return true;
  return false;
}

std::string_view without_nul(std::string_view text) {
  if (text.ends_with('\0')) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<Event> decode_witness(std::string_view record) {
  farm_witness head;
  if (record.size() < sizeof head) return Error{Errc::corrupt, "witness record is short"};
  std::memcpy(&head, record.data(), sizeof head);
  std::string_view bytes = record.substr(sizeof head);
  size_t strings = size_t{head.path_len} + head.path2_len + head.data_len + head.argv_len;
  if (strings > bytes.size()) return Error{Errc::corrupt, "witness record's strings are out of bounds"};
  auto next = [&](size_t length) {
    auto part = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return part;
  };
  Event e;
  e.kind = EventKind::syscall;
  e.plane = Plane::host;
  e.source = Source::witness;
  e.time_ns = static_cast<int64_t>(head.time_ns);
  e.host_tid = static_cast<int32_t>(head.host_tid);
  e.call = syscall_name(head.sysno);
  std::memcpy(e.args.data(), head.args, sizeof head.args);
  if (first_is_fd(e.call)) e.fd = static_cast<int32_t>(head.args[0]);
  e.path = without_nul(next(head.path_len));
  auto second = next(head.path2_len);
  if (e.call == "sendto") {
    auto address = parse_sockaddr(second);
    e.dst_addr = address.addr;
    e.dst_port = address.port;
  } else {
    e.path2 = without_nul(second);
  }
  e.data = next(head.data_len);
  if (is_sleep_call(e.call)) {
    e.duration_ns = sleep_time_ns(e, e.data);
    e.data.clear();
  }
  if (head.data_full > head.data_len) e.truncated += head.data_full - head.data_len;
  auto argv = next(head.argv_len);
  for (size_t i = 0; i < head.argv_count && !argv.empty(); ++i) {
    size_t end = std::min(argv.find('\0'), argv.size());
    e.argv.emplace_back(argv.substr(0, end));
    argv.remove_prefix(std::min(end + 1, argv.size()));
  }
  e.truncated += head.argv_more;
  if (e.call == "connect" || e.call == "bind") {
    auto address = parse_sockaddr(e.data);
    (e.call == "bind" ? e.src_addr : e.dst_addr) = address.addr;
    (e.call == "bind" ? e.src_port : e.dst_port) = address.port;
    e.path = address.path;
    if (!address.family.starts_with("family_")) e.data.clear();
    if (address.family == "unix" || address.family == "netlink" || address.family == "packet")
      e.proto = address.family;
  }
  return e;
}

}  // namespace assay
