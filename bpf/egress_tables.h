/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The tables of egress.bpf.c. */
#ifndef EGRESS_TABLES_H
#define EGRESS_TABLES_H

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct farm_range4);
	__type(value, __u32);
} ranges4 SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct farm_range6);
	__type(value, __u32);
} ranges6 SEC(".maps");
struct told {
	struct farm_flow_key key;
	__u32 reason;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct told);
	__type(value, __u32);
} told SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct farm_flow_key);
	__type(value, __u32);
} begun SEC(".maps"); /* conversations that the gateway began */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FARM_REFUSALS);
	__type(key, __u32);
	__type(value, __u64);
} refusals SEC(".maps"); /* packets, by reason */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} passed SEC(".maps"); /* bytes of IP packets */

static __always_inline void add(void *array, __u32 slot, __u64 n)
{
	__u64 *value = bpf_map_lookup_elem(array, &slot);

	if (value)
		__sync_fetch_and_add(value, n);
}

#endif
