// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * usage: on-CPU time of one control group (children included), added up per CPU at each context switch.
 * User space reads the sum about once a second; nothing is sent.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile __u64 cgroup_id = 0;
const volatile int cgroup_level = 0; /* 0: not known; then only the group itself counts */

struct cpu_time {
	__u64 switched_ns; /* when the task on this CPU began to run */
	__u64 total_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_time);
} times SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(farm_usage)
{
	__u32 zero = 0;
	struct cpu_time *t = bpf_map_lookup_elem(&times, &zero);
	__u64 now = bpf_ktime_get_ns();

	if (!t)
		return 0;
	/* current is still the task that leaves the CPU */
	if (t->switched_ns && (bpf_get_current_cgroup_id() == cgroup_id ||
			       (cgroup_level && bpf_get_current_ancestor_cgroup_id(cgroup_level) == cgroup_id)))
		t->total_ns += now - t->switched_ns;
	t->switched_ns = now;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
