// Shared odds and ends of the BPF sources.
#include "agent/trace/bpf_support.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <vector>

#include "common/clock.h"
#include "common/fd.h"

namespace assay {

Error bpf_error(const std::string& program, const std::string& step, int errno_value) {
  std::string what = "BPF program " + program + ": " + step + ": " + std::strerror(errno_value);
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
    return {Errc::unsupported, what + ": this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)"};
  if (errno_value == EPERM || errno_value == EACCES)
    return {Errc::unsupported, what + ": needs root, and a kernel that is not locked down"};
  return {Errc::unsupported, what};
}

uint64_t percpu_sum(int map_fd, uint32_t slot, size_t value_size, size_t member_offset) {
  int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return 0;
  size_t stride = (value_size + 7) / 8 * 8;
  std::vector<char> values(stride * static_cast<size_t>(cpus));
  if (bpf_map_lookup_elem(map_fd, &slot, values.data()) != 0) return 0;
  uint64_t sum = 0;
  for (size_t cpu = 0; cpu < static_cast<size_t>(cpus); ++cpu) {
    uint64_t value;
    std::memcpy(&value, values.data() + cpu * stride + member_offset, sizeof value);
    sum += value;
  }
  return sum;
}

int cgroup_level(uint64_t cgroup_id) {
  // The id is the file handle of the group's directory: open it, and count the steps from the mount's root.
  constexpr int kFileIdKernfs = 0xfe;
  alignas(file_handle) char storage[sizeof(file_handle) + sizeof cgroup_id];
  auto* handle = reinterpret_cast<file_handle*>(storage);
  handle->handle_bytes = sizeof cgroup_id;
  handle->handle_type = kFileIdKernfs;
  std::memcpy(handle->f_handle, &cgroup_id, sizeof cgroup_id);
  for (std::string root : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    Fd mount(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!mount) continue;
    Fd dir(open_by_handle_at(mount.get(), handle, O_RDONLY | O_CLOEXEC));
    if (!dir) continue;
    char path[PATH_MAX];
    ssize_t n = readlink(("/proc/self/fd/" + std::to_string(dir.get())).c_str(), path, sizeof path);
    std::string_view text(path, n > 0 ? static_cast<size_t>(n) : 0);
    if (text.starts_with(root + "/"))
      return static_cast<int>(
          std::count(text.begin() + static_cast<ptrdiff_t>(root.size()), text.end(), '/'));
  }
  return 0;
}

int64_t monotonic_to_wall_ns() {
  // Between two readings of one clock, the tightest of a few tries: whoever is scheduled away in between does
  // not count.
  int64_t best = INT64_MAX, offset = 0;
  for (int i = 0; i < 5; ++i) {
    timespec before{}, wall{}, after{};
    clock_gettime(CLOCK_MONOTONIC, &before);
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &after);
    int64_t from = before.tv_sec * 1'000'000'000 + before.tv_nsec,
            to = after.tv_sec * 1'000'000'000 + after.tv_nsec;
    if (to - from >= best) continue;
    best = to - from;
    offset = wall.tv_sec * 1'000'000'000 + wall.tv_nsec - (from + to) / 2;
  }
  return offset;
}

void quiet_libbpf() { libbpf_set_print(nullptr); }

}  // namespace assay
