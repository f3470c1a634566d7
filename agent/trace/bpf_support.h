// bpf_support: what the BPF programs of a scan share on the user's side: load errors, counters, clocks, the
// depth of a cgroup.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace assay {

/// Why `program` could not be loaded or attached, from errno; says what the host lacks where that is known.
Error bpf_error(const std::string& program, const std::string& step, int errno_value);
/// Sum over all CPUs of one slot of a per-CPU array of structs, whose member at `member_offset` is a
/// uint64_t.
uint64_t percpu_sum(int map_fd, uint32_t slot, size_t value_size, size_t member_offset = 0);
/// How deep below the hierarchy's root a v2 cgroup is, as bpf_get_current_ancestor_cgroup_id() counts; 0: not
/// known.
int cgroup_level(uint64_t cgroup_id);

/// What to add to CLOCK_MONOTONIC (which BPF programs read) to get to wall_ns() of common/clock.h.
int64_t monotonic_to_wall_ns();

/// libbpf prints nothing from here on: what it would print is in our errors.
void quiet_libbpf();

}  // namespace assay
