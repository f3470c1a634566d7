// Load with the profile, attach, count; and the record's layout.
#include "agent/trace/guard.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "agent/trace/bpf_support.h"
#include "agent/trace/guard_calls.h"
#include "bpf/guard.skel.h"
#include "common/fd.h"
#include "common/process.h"

namespace assay {

static_assert(sizeof(farm_guard_key) == 12 && sizeof(farm_guard_call) == 8 && sizeof(farm_guard) == 352);

namespace {

struct FileIdentity {
  uint32_t dev = 0;
  uint64_t inode = 0;
};

// Of a file as the kernel itself tells them apart: stat(2) gives other numbers on btrfs and overlayfs, the
// table of mappings gives these.
Result<std::optional<FileIdentity>> identity_of_elf(const std::string& path) {
  ASSAY_TRY(Fd file, open_file(path, O_RDONLY | O_CLOEXEC));
  void* mapped = ::mmap(nullptr, 4, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapped == MAP_FAILED) return errno_error("map " + path);
  bool elf = std::memcmp(mapped, "\177ELF", 4) == 0;
  auto maps = read_file("/proc/self/maps", 64 << 20);
  ::munmap(mapped, 4);
  if (!maps) return maps.error();
  if (!elf) return std::optional<FileIdentity>();
  char begin[32];
  std::snprintf(begin, sizeof begin, "%08lx-", reinterpret_cast<unsigned long>(mapped));
  for (size_t at = 0; at < maps->size(); at = std::min(maps->find('\n', at), maps->size() - 1) + 1) {
    if (maps->compare(at, std::strlen(begin), begin) != 0) continue;
    unsigned major = 0, minor = 0;
    unsigned long inode = 0;
    if (std::sscanf(maps->c_str() + at, "%*s %*s %*s %x:%x %lu", &major, &minor, &inode) != 3) break;
    return std::optional(FileIdentity{major << 20 | minor, inode});
  }
  return Error{Errc::io, "cannot find " + path + " among our mappings"};
}

uint32_t own_filters() {
  constexpr std::string_view kField = "Seccomp_filters:";
  auto status = read_file("/proc/self/status", 65536);
  size_t at = status ? status->find(kField) : std::string::npos;
  return at == std::string::npos
             ? 0
             : static_cast<uint32_t>(std::strtoul(status->c_str() + at + kField.size(), nullptr, 10));
}

}  // namespace

struct Guard::State {
  guard_bpf* skeleton = nullptr;
  std::string observing;
  ~State() { guard_bpf__destroy(skeleton); }

  Result<std::optional<GuardProfile>> choose_profile(const GuardConfig& config);
  Status load(const GuardConfig& config, const std::optional<GuardProfile>& profile);
  Status attach();
};

Result<std::optional<GuardProfile>> Guard::State::choose_profile(const GuardConfig& config) {
  if (config.learn) {
    observing = "learning";
    return std::optional<GuardProfile>();
  }
  std::string release = runtime_release(config.runtime_version);
  ASSAY_TRY(auto profile, find_guard_profile(release));
  if (!profile)
    observing = "no profile for runsc " + (release.empty() ? "of an unknown release" : release) +
                ": acts are counted, not judged; learn one with assay scan --learn-guard";
  return profile;
}

Status Guard::State::load(const GuardConfig& config, const std::optional<GuardProfile>& profile) {
  ASSAY_TRY(std::string program, find_program("runsc"));
  ASSAY_TRY(auto runtime, identity_of_elf(program));
  if (!runtime && observing.empty())
    observing = program + " is no ELF program: what it starts cannot be told from what is not its own";
  auto& settings = *skeleton->rodata;
  settings.cgroup_id = config.cgroup_id;
  settings.cgroup_level = cgroup_level(config.cgroup_id);
  settings.runtime_dev = runtime ? runtime->dev : 0;
  settings.runtime_inode = runtime ? runtime->inode : 0;
  settings.agent_filters = own_filters();
  settings.observe = !observing.empty();
  auto calls = guard_calls();
  static_assert(sizeof settings.calls == sizeof calls);
  std::memcpy(const_cast<farm_guard_call*>(&settings.calls[0]), calls.data(), sizeof calls);
  if (int e = guard_bpf__load(skeleton); e != 0) return bpf_error("guard", "load", -e);
  if (profile)
    for (const auto& [key, seen] : profile->acts) {
      uint8_t yes = 1;
      if (int e = bpf_map_update_elem(bpf_map__fd(skeleton->maps.allowed), &key, &yes, BPF_ANY); e != 0)
        return bpf_error("guard", "hand over the profile", -e);
    }
  return {};
}

Status Guard::State::attach() {
  // Only the kernel knows which process we are if our numbers are a container's.
  bpf_test_run_opts nothing{};
  nothing.sz = sizeof nothing;
  if (int e = bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.farm_guard_self), &nothing); e != 0)
    return bpf_error("guard", "ask who we are", -e);
  bpf_link** links[] = {&skeleton->links.farm_guard_attach, &skeleton->links.farm_guard_call,
                        &skeleton->links.farm_guard_exec,   &skeleton->links.farm_guard_exit,
                        &skeleton->links.farm_guard_fork,   &skeleton->links.farm_guard_signal};
  bpf_program* programs[] = {skeleton->progs.farm_guard_attach, skeleton->progs.farm_guard_call,
                             skeleton->progs.farm_guard_exec,   skeleton->progs.farm_guard_exit,
                             skeleton->progs.farm_guard_fork,   skeleton->progs.farm_guard_signal};
  for (size_t i = 0; i < std::size(links); ++i) {
    *links[i] = bpf_program__attach(programs[i]);
    if (*links[i] == nullptr)
      return bpf_error("guard", std::string("attach ") + bpf_program__name(programs[i]), errno);
  }
  // A kernel that is built without modules has no such events.
  skeleton->links.farm_guard_module = bpf_program__attach(skeleton->progs.farm_guard_module);
  skeleton->links.farm_guard_module_request = bpf_program__attach(skeleton->progs.farm_guard_module_request);
  return {};
}

Guard::Guard(std::unique_ptr<State> state) : state_(std::move(state)) {}
Guard::Guard(Guard&&) noexcept = default;
Guard& Guard::operator=(Guard&&) noexcept = default;
Guard::~Guard() = default;

Result<Guard> Guard::open(const GuardConfig& config) {
  quiet_libbpf();
  auto state = std::make_unique<State>();
  ASSAY_TRY(auto profile, state->choose_profile(config));
  state->skeleton = guard_bpf__open();
  if (state->skeleton == nullptr) return bpf_error("guard", "open", errno);
  ASSAY_CHECK(state->load(config, profile));
  ASSAY_CHECK(state->attach());
  return Guard(std::move(state));
}

int Guard::ring_fd() const { return bpf_map__fd(state_->skeleton->maps.ring); }
void Guard::detach() { guard_bpf__detach(state_->skeleton); }
const std::string& Guard::observing() const { return state_->observing; }
uint64_t Guard::acts() const {
  return percpu_sum(bpf_map__fd(state_->skeleton->maps.counters), FARM_ACTS, sizeof(uint64_t));
}
uint64_t Guard::lost() const {
  return percpu_sum(bpf_map__fd(state_->skeleton->maps.counters), FARM_LOST, sizeof(uint64_t));
}
uint64_t Guard::suppressed() const {
  return percpu_sum(bpf_map__fd(state_->skeleton->maps.counters), FARM_SUPPRESSED, sizeof(uint64_t));
}

GuardCounts Guard::seen() const {
  GuardCounts out;
  int map = bpf_map__fd(state_->skeleton->maps.seen);
  farm_guard_key key{}, next{};
  for (bool more = bpf_map_get_next_key(map, nullptr, &next) == 0; more;
       more = bpf_map_get_next_key(map, &key, &next) == 0) {
    key = next;
    uint64_t times = 0;
    if (bpf_map_lookup_elem(map, &key, &times) == 0) out[key] = times;
  }
  return out;
}

Result<Event> decode_guard(std::string_view record) {
  farm_guard head;
  if (record.size() != sizeof head) return Error{Errc::corrupt, "guard record of a wrong size"};
  std::memcpy(&head, record.data(), sizeof head);
  if (head.key.part >= FARM_PARTS || head.key.act == FARM_ACT_NONE || head.key.act >= FARM_ACT_KINDS)
    return Error{Errc::corrupt, "guard record of an unknown part or act"};
  Event e;
  e.kind = EventKind::guard;
  e.plane = Plane::host;
  e.source = Source::guard;
  e.time_ns = static_cast<int64_t>(head.time_ns);
  e.name = guard_act_name(head.key.act);
  e.call = guard_call_name(head.key.call);
  e.path2 = guard_part_name(head.key.part);
  e.path.assign(head.path, strnlen(head.path, sizeof head.path));
  e.comm.assign(head.comm, strnlen(head.comm, sizeof head.comm));
  e.host_tid = static_cast<int32_t>(head.host_tid);
  e.uid = head.uid;
  e.flags = head.key.detail;
  if (head.key.sealed != 0) e.data = "sealed";
  std::memcpy(e.args.data(), head.args, sizeof head.args);
  return e;
}

}  // namespace assay
