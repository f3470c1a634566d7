/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Counters of a program's losses: one map in each object that includes this. */
#ifndef FARM_COUNTERS_H
#define FARM_COUNTERS_H

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FARM_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void farm_count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &which);

	if (n)
		(*n)++;
}

#endif
