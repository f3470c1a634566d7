// Attachment happens on a thread inside the world's network namespace: an interface index means nothing
// elsewhere.
#include "agent/trace/flows.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>

#include <cerrno>
#include <functional>
#include <sstream>
#include <thread>

#include "agent/trace/bpf_support.h"
#include "bpf/farm_event.h"
#include "bpf/flows.skel.h"
#include "common/fd.h"

namespace assay {
namespace {

// A thread of its own, since setns() moves the whole thread and there is no safe way back after an error.
Status on_thread_in(int ns_fd, const std::function<Status()>& f) {
  Status status;
  std::thread([&] {
    status = setns(ns_fd, CLONE_NEWNET) != 0 ? Status(errno_error("enter the network namespace")) : f();
  }).join();
  return status;
}

// Packets that came faster than they were taken out of the processor's backlog: neither we nor the sinkhole
// saw them. Inside the namespace.
uint64_t read_dropped(unsigned ifindex) {
  char name[IF_NAMESIZE] = "";
  auto text = read_file("/proc/thread-self/net/dev", 1 << 20);
  if (!text || ::if_indextoname(ifindex, name) == nullptr) return 0;
  size_t at = text->find(std::string(" ") + name + ":");
  if (at == std::string::npos) return 0;
  std::istringstream fields(text->substr(text->find(':', at) + 1));
  uint64_t bytes = 0, packets = 0, errors = 0, dropped = 0;
  fields >> bytes >> packets >> errors >> dropped;
  return dropped;
}

}  // namespace

struct Flows::State {
  flows_bpf* skeleton = nullptr;
  bpf_link *out = nullptr, *in = nullptr;  // tcx
  bool clsact = false;
  Fd ns;
  unsigned ifindex = 0;
  uint64_t dropped = 0;

  ~State() {
    detach();
    flows_bpf__destroy(skeleton);
  }
  Status attach();
  Status attach_clsact();
  void detach();
};

Status Flows::State::attach() {
  LIBBPF_OPTS(bpf_tcx_opts, first, .flags = BPF_F_BEFORE);  // sees also what others refuse (bpf/egress)
  out = bpf_program__attach_tcx(skeleton->progs.farm_flows_out, static_cast<int>(ifindex), &first);
  if (out == nullptr) return attach_clsact();
  in = bpf_program__attach_tcx(skeleton->progs.farm_flows_in, static_cast<int>(ifindex), nullptr);
  if (in == nullptr) return bpf_error("flows", "attach to tcx egress", errno);
  return {};
}

Status Flows::State::attach_clsact() {
  LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = static_cast<int>(ifindex),
              .attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  if (int e = bpf_tc_hook_create(&hook); e != 0 && e != -EEXIST)
    return bpf_error("flows", "create clsact", -e);
  clsact = true;
  for (auto point : {BPF_TC_INGRESS, BPF_TC_EGRESS}) {
    hook.attach_point = point;
    auto* program = point == BPF_TC_INGRESS ? skeleton->progs.farm_flows_out : skeleton->progs.farm_flows_in;
    LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(program));
    if (int e = bpf_tc_attach(&hook, &opts); e != 0) return bpf_error("flows", "attach to clsact", -e);
  }
  return {};
}

void Flows::State::detach() {
  if (out != nullptr || clsact)
    (void)on_thread_in(ns.get(), [&]() -> Status {
      dropped = read_dropped(ifindex);
      return {};
    });
  bpf_link__destroy(out);
  bpf_link__destroy(in);
  out = in = nullptr;
  if (!clsact) return;
  clsact = false;
  (void)on_thread_in(ns.get(), [&]() -> Status {
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = static_cast<int>(ifindex),
                .attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
    bpf_tc_hook_destroy(&hook);
    return {};
  });
}

Flows::Flows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Flows::Flows(Flows&&) noexcept = default;
Flows& Flows::operator=(Flows&&) noexcept = default;
Flows::~Flows() = default;

Result<Flows> Flows::open(int ns_fd, unsigned ifindex) {
  quiet_libbpf();
  auto state = std::make_unique<State>();
  state->ifindex = ifindex;
  state->ns = Fd(fcntl(ns_fd, F_DUPFD_CLOEXEC, 3));
  if (!state->ns) return errno_error("the world's network namespace");
  state->skeleton = flows_bpf__open_and_load();
  if (state->skeleton == nullptr) return bpf_error("flows", "load", errno);
  ASSAY_CHECK(on_thread_in(ns_fd, [&] { return state->attach(); }));
  return Flows(std::move(state));
}

int Flows::ring_fd() const { return bpf_map__fd(state_->skeleton->maps.ring); }
int Flows::map_fd() const { return bpf_map__fd(state_->skeleton->maps.flows); }
void Flows::detach() { state_->detach(); }
uint64_t Flows::dropped() const { return state_->dropped; }
uint64_t Flows::lost() const {
  return percpu_sum(bpf_map__fd(state_->skeleton->maps.counters), FARM_LOST, sizeof(uint64_t));
}

}  // namespace assay
