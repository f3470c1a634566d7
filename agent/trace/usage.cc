// Load, attach, sum.
#include "agent/trace/usage.h"

#include <cerrno>

#include "agent/trace/bpf_support.h"
#include "bpf/usage.skel.h"

namespace assay {
namespace {
constexpr size_t kValueSize = 16, kTotalOffset = 8;  // struct cpu_time
}

struct Usage::State {
  usage_bpf* skeleton = nullptr;
  ~State() { usage_bpf__destroy(skeleton); }
};

Usage::Usage(std::unique_ptr<State> state) : state_(std::move(state)) {}
Usage::Usage(Usage&&) noexcept = default;
Usage& Usage::operator=(Usage&&) noexcept = default;
Usage::~Usage() = default;

Result<Usage> Usage::open(uint64_t cgroup_id) {
  quiet_libbpf();
  auto state = std::make_unique<State>();
  state->skeleton = usage_bpf__open();
  if (state->skeleton == nullptr) return bpf_error("usage", "open", errno);
  state->skeleton->rodata->cgroup_id = cgroup_id;
  state->skeleton->rodata->cgroup_level = cgroup_level(cgroup_id);
  if (int e = usage_bpf__load(state->skeleton); e != 0) return bpf_error("usage", "load", -e);
  if (int e = usage_bpf__attach(state->skeleton); e != 0)
    return bpf_error("usage", "attach to sched_switch", -e);
  return Usage(std::move(state));
}

int Usage::map_fd() const { return bpf_map__fd(state_->skeleton->maps.times); }
void Usage::detach() { usage_bpf__detach(state_->skeleton); }
uint64_t Usage::cpu_ns(int map_fd) { return percpu_sum(map_fd, 0, kValueSize, kTotalOffset); }

}  // namespace assay
