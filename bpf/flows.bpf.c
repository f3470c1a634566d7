// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * flows: what passes the host's end of a sandbox's veth, as flows: start, the first payloads each way, end; counters stay in the map
 * until user space takes them. DNS packets are recorded all. Looks on only: every packet goes its way.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "farm_event.h"
#include "farm_counters.h"
#include "flows_parse.h"

#define TCX_NEXT -1

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
	__type(key, struct farm_flow_key);
	__type(value, struct farm_flow);
} flows SEC(".maps");
struct buffer {
	struct farm_flow_record head;
	__u8 data[FARM_PAYLOAD_MAX];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct buffer);
} scratch SEC(".maps"); /* safe: tc programs do not interrupt each other on a CPU */
static __always_inline void emit(struct __sk_buff *skb, const struct packet *p, __u32 type, __u32 direction, __u64 now, __u32 offset)
{
	__u32 zero = 0;
	__u64 full = 0, length = 0; /* 64 bits: clang would track 32 where the verifier does not */
	struct buffer *b = bpf_map_lookup_elem(&scratch, &zero);

	if (!b)
		return;
	__builtin_memset(&b->head, 0, sizeof(b->head));
	b->head.time_ns = now;
	b->head.key = p->key;
	b->head.type = type;
	b->head.direction = direction;
	b->head.offset = offset;
	if (type == FARM_FLOW_PAYLOAD) {
		full = p->end - p->at;
		length = full < FARM_PAYLOAD_MAX ? full : FARM_PAYLOAD_MAX - 1;
		barrier_var(length); /* the verifier wants to see the bound where it is used */
		if (length < 1 || length >= FARM_PAYLOAD_MAX || bpf_skb_load_bytes(skb, p->at, b->data, length))
			length = 0;
	}
	barrier_var(length);
	length &= FARM_PAYLOAD_MAX - 1;
	b->head.data_len = length;
	b->head.data_full = full;
	if (bpf_ringbuf_output(&ring, b, sizeof(b->head) + length, BPF_RB_NO_WAKEUP))
		farm_count(FARM_LOST);
}

static __always_inline bool ended(const struct farm_flow *f)
{
	return ((f->flags[0] | f->flags[1]) & FARM_RST) || (f->flags[0] & f->flags[1] & FARM_FIN);
}

/* The flow of a packet, with a START record if the packet begins it. */
static __always_inline struct farm_flow *find_flow(struct __sk_buff *skb, const struct packet *p, __u32 side, __u64 now)
{
	struct farm_flow *f = bpf_map_lookup_elem(&flows, &p->key), fresh = {};

	if (f && !((p->flags & (SYN | ACK)) == SYN && ended(f)))
		return f;
	if (f) { /* the same ports again, before the old counters were taken: they go on, the conversation is new */
		f->flags[0] = f->flags[1] = 0;
		f->data_packets[0] = f->data_packets[1] = 0;
	} else {
		fresh.first_ns = now;
		if (!bpf_map_update_elem(&flows, &p->key, &fresh, BPF_NOEXIST))
			f = bpf_map_lookup_elem(&flows, &p->key);
		if (!f) {
			farm_count(FARM_LOST);
			return NULL;
		}
	}
	f->flags[side] |= FARM_BEGAN;
	emit(skb, p, FARM_FLOW_START, side, now, 0);
	return f;
}

static __always_inline int look(struct __sk_buff *skb, __u32 direction)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 side = direction & 1;
	struct packet p = {};
	struct farm_flow *f;
	bool before;

	if (!(side == FARM_OUT ? parse_ip(skb, &p, p.key.guest, p.key.peer) : parse_ip(skb, &p, p.key.peer, p.key.guest)))
		return TCX_NEXT;
	if (p.end > skb->len || p.end < p.at) /* segmented in one piece (end wraps at 64 KiB), or hostile lengths */
		p.end = skb->len;
	if (!(side == FARM_OUT ? parse_ports(skb, &p, &p.key.guest_port, &p.key.peer_port)
			       : parse_ports(skb, &p, &p.key.peer_port, &p.key.guest_port)))
		return TCX_NEXT;
	f = find_flow(skb, &p, side, now);
	if (!f)
		return TCX_NEXT;
	f->last_ns = now;
	__sync_fetch_and_add(&f->bytes[side], p.end - ETH_LEN);
	__sync_fetch_and_add(&f->packets[side], 1);
	if (p.flags & SYN)
		f->first_seq[side] = p.seq + 1;
	if (p.payload && p.end > p.at) {
		f->data_packets[side]++;
		if (f->data_packets[side] <= FARM_PAYLOAD_PACKETS || (p.key.proto == 17 && p.key.peer_port == 53))
			emit(skb, &p, FARM_FLOW_PAYLOAD, side, now, p.key.proto == 6 ? p.seq - f->first_seq[side] : 0);
	}
	before = ended(f);
	f->flags[side] |= (p.flags & FIN ? FARM_FIN : 0) | (p.flags & RST ? FARM_RST : 0);
	if (!before && ended(f))
		emit(skb, &p, FARM_FLOW_END, side, now, 0);
	return TCX_NEXT;
}

SEC("tcx/ingress")
int farm_flows_out(struct __sk_buff *skb)
{
	return look(skb, FARM_OUT);
}

SEC("tcx/egress")
int farm_flows_in(struct __sk_buff *skb)
{
	return look(skb, FARM_IN);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
